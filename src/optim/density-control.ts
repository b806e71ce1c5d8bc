/**
 * Density control: lambda moves so that the density comes to a target. The dual variable v is not
 * touched: that the threshold has moved is what makes weights be born or die.
 *
 *     relative      lambda <- lambda (density / target)^(gain s), by at most a factor of 2; s: the schedule's factor on tau
 *     discrepancy   lambda <- lambda + increment where the density is above the target, else max(lambda - increment, 0)
 *
 * The target of the relative rule rises from the density at the start, geometrically, and is
 * reached after the share `ramp` of the run: a net that starts with 1 % is to grow there, not to
 * jump. Its steps shrink with the learning rate: at the end of a schedule that comes to 0, v stands
 * still, and a lambda that moved on would shake all weights.
 *
 * Source: the discrepancy rule is that of the authors' code (there v is reset to a subgradient at
 * theta; not here).
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";

/** Steps between two looks of a long run, and the gain of the relative rule there. */
const EVERY = 50;
const GAIN = 0.25;
/**
 * A run of fewer than EVERY times as many steps is looked at so often, with a gain that suits looks
 * in quick succession.
 */
const LOOKS = 200;
const QUICK_GAIN = 0.15;

/**
 * Parts of a net that are held to a target, each with a lambda of its own; "net" is all weights
 * together.
 */
export const CONTROLLED = ["net", "weights", "convs"] as const;
export type Controlled = (typeof CONTROLLED)[number];

/** What is held to a target. */
export interface DensityTargets extends Readonly<Partial<Record<Controlled, number | undefined>>> {
  /**
   * By the name of a layer; such a layer has a lambda of its own, and does not count among
   * `weights` or `convs`.
   */
  readonly layers?: Readonly<Record<string, number>> | undefined;
}

/** What the discrepancy rule adds or takes away, unless it is told. */
export const INCREMENT = 0.05;

export interface DensityControlOptions {
  /**
   * Target densities, in (0, 1]: of all weights together, or of the linear layers and of the
   * convolutions apart, or of single layers. (One lambda for a net of many layers favours those
   * whose weights see many positions of an image: the first.)
   */
  readonly targets: DensityTargets;
  /** Default "relative". */
  readonly rule?: "relative" | "discrepancy" | undefined;
  /**
   * Steps between two looks; default 50, or 1/200 of the run's steps (at least 1) if that is less
   * and the rule is relative.
   */
  readonly every?: number | undefined;
  /** Epochs before the first one; default 0. */
  readonly after?: number | undefined;
  /**
   * Exponent of the relative rule where the schedule's factor on tau is 1; default 0.25, or 0.15
   * where `every` is less than 50 by default.
   */
  readonly gain?: number | undefined;
  /** Share of the run in which its target rises from the density at the start; default 0.5. */
  readonly ramp?: number | undefined;
  /** What the discrepancy rule adds or takes away; default 0.05. */
  readonly increment?: number | undefined;
}

const OPTIONS: OptionKeys<DensityControlOptions> = {
  targets: 1,
  rule: 1,
  every: 1,
  after: 1,
  gain: 1,
  ramp: 1,
  increment: 1,
};
const TARGETS: OptionKeys<DensityTargets> = { net: 1, weights: 1, convs: 1, layers: 1 };

/**
 * The options with a pace that suits a run of so many steps, where they state none.
 *
 * AdaBreg's v moves by much the same in each step, so that many weights reach lambda at once: quick
 * looks want a small gain.
 */
export function paced(
  options: DensityControlOptions,
  steps: number,
): DensityControlOptions & { every: number } {
  const { rule = "relative", every } = options;
  const quick = Math.max(1, Math.floor(steps / LOOKS));
  if (every !== undefined || rule !== "relative" || quick >= EVERY)
    return { ...options, every: every ?? EVERY };
  return { ...options, every: quick, gain: options.gain ?? QUICK_GAIN };
}

/**
 * Target at a moment of the run.
 *
 * @param start - density at the start
 * @param progress - share of the run's steps that are done
 */
export function targetAt(
  { rule = "relative", ramp = 0.5 }: DensityControlOptions,
  target: number,
  start: number,
  progress: number,
): number {
  if (rule === "discrepancy" || progress >= ramp || start <= 0) return target;
  return start * (target / start) ** (progress / ramp);
}

/**
 * The next lambda, for the density now.
 *
 * @param pace - factor of the schedule: as v slows down, so does the relative rule's lambda
 */
export function nextLambda(
  { rule = "relative", gain = GAIN, increment = INCREMENT }: DensityControlOptions,
  lambda: number,
  density: number,
  target: number,
  pace = 1,
): number {
  if (rule === "discrepancy")
    return density > target ? lambda + increment : Math.max(lambda - increment, 0);
  return lambda * Math.min(2, Math.max(0.5, (density / target) ** (gain * pace)));
}

/**
 * @throws InputError for numbers that can't be, for an unknown key, or if there is no
 *   target or one too many
 */
export function checkDensityControl(options: DensityControlOptions): void {
  const known = knownOptions("targetDensity", options, OPTIONS);
  const {
    targets = {},
    rule = "relative",
    every = 50,
    after = 0,
    gain = 1,
    ramp = 0,
    increment = 1,
  } = known;
  const { layers = {}, ...parts } = knownOptions("targetDensity: targets", targets, TARGETS);
  const given = Object.entries(parts).filter(([, target]) => target !== undefined);
  const all = [...given, ...Object.entries(layers)];
  for (const [name, target] of all) {
    if (!(target! > 0 && target! <= 1))
      throw new InputError(`targetDensity: ${name} must be in (0, 1], found ${target}`);
  }
  if (all.length === 0 || (targets.net !== undefined && all.length > 1)) {
    const found = all.map(([name]) => name).join(", ") || "none";
    throw new InputError(
      `targetDensity: expected one of the net, or of weights, convs and layers, found ${found}`,
    );
  }
  if (rule !== "relative" && rule !== "discrepancy") {
    throw new InputError(
      `targetDensity: rule must be "relative" or "discrepancy", found ${String(rule)}`,
    );
  }
  if (!Number.isInteger(every) || every < 1) {
    throw new InputError(`targetDensity: every must be a positive integer, found ${every}`);
  }
  if (!Number.isInteger(after) || after < 0) {
    throw new InputError(`targetDensity: after must be an integer of at least 0, found ${after}`);
  }
  for (const [name, value] of Object.entries({ gain, increment })) {
    if (!(value > 0 && value < Infinity)) {
      throw new InputError(
        `targetDensity: ${name} must be a finite number above 0, found ${value}`,
      );
    }
  }
  if (!(ramp >= 0 && ramp <= 1))
    throw new InputError(`targetDensity: ramp must be in [0, 1], found ${ramp}`);
}
