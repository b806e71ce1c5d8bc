/**
 * Density control at work on a trainer: looks every so many steps, and moves the lambda of what it
 * controls.
 */
import { InputError } from "../errors.js";
import { largest } from "../extremes.js";
import {
  CONTROLLED,
  INCREMENT,
  nextLambda,
  paced,
  targetAt,
  type DensityControlOptions,
} from "../optim/density-control.js";
import type { Optimizer } from "../optim/optimizer.js";
import { groupLayout } from "../regularizers/groups.js";
import { isWeightRole, layerOf, type Parameter } from "../runtime/parameter.js";
import type { LayerMetrics } from "../measure/events.js";
import { countedDensity, totalDensity } from "../measure/metrics.js";
import type { Trainer } from "../engine/trainer.js";
import type { Updater } from "../engine/updater.js";

/** Deviation from a target, as a share of it, that nothing is said about. */
const TOLERANCE = 0.1;

const ROLE = { weights: "weight", convs: "conv" } as const;

/**
 * Whether more lambda means fewer weights, by and by: J is a sum over groups, and not of the tensor
 * as a whole. A gradient of the penalty makes no zeros, and a mask has a density of its own.
 */
export function thins({ follow, regularizer }: Optimizer): boolean {
  return follow !== "penalty" && follow !== "masked" && regularizer.groups !== undefined;
}

/** All that changes is in the trainer: it needs no state of its own. */
export interface DensityController {
  /** To be called after each step, with the factor on its learning rate. */
  look(tauFactor: number): void;
  /**
   * One line for each target that the density is off by more than a tenth of it and more than a
   * group of weights, with what control has done; none where it has not begun. To be called before
   * another epoch's network takes the place of the last one.
   *
   * @param layers - of the network that is the result
   */
  missed(layers: readonly LayerMetrics[]): string[];
}

/** When a run begins and ends, and what it began with. */
export interface ControlledRun {
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** Whether lambda is divided by the steps of a cycle (freeze's `lambda: "scaled"`). */
  readonly scaled: boolean;
  /** Epoch after which patterns are fixed, and lambda too; default: none. */
  readonly fixedAfter?: number | undefined;
  /** Layers at the start. */
  readonly initial: readonly LayerMetrics[];
}

/**
 * What is controlled: for each target the weights that are counted, and those whose lambda moves.
 *
 * @throws InputError if there is no such layer, or no regularizer that makes some of its weights
 *   zero
 */
export function controlled(trainer: Pick<Trainer, "updaters">, { targets }: DensityControlOptions) {
  const { layers: own = {}, ...roles } = targets;
  return [
    ...CONTROLLED.map((part) => ({
      what: part === "net" ? "the net" : `the ${part}`,
      target: roles[part],
      has: (parameter: Parameter) =>
        !Object.hasOwn(own, layerOf(parameter)) &&
        (part === "net" ? isWeightRole(parameter.role) : parameter.role === ROLE[part]),
    })),
    ...Object.entries(own).map(([layer, target]) => ({
      what: `layer "${layer}"`,
      target,
      has: (parameter: Parameter) => layerOf(parameter) === layer && isWeightRole(parameter.role),
    })),
  ].flatMap(({ what, target, has }) => {
    if (target === undefined) return [];
    const counted = trainer.updaters.filter(({ parameter }) => has(parameter));
    if (counted.length === 0) {
      const layers = trainer.updaters.filter(({ parameter }) => isWeightRole(parameter.role));
      throw new InputError(
        `could not control the density of ${what}: there is no such layer with ` +
          "weights; layers: " +
          `${layers.map(({ parameter }) => layerOf(parameter)).join(", ")}`,
      );
    }
    const members = counted.filter(
      ({ fullLambda, optimizer }) => fullLambda > 0 && thins(optimizer),
    );
    if (members.length === 0) {
      const found = new Set(
        counted.map(({ optimizer: { kind, regularizer } }) => `${kind} with ${regularizer.kind}`),
      );
      throw new InputError(
        `could not control the density of ${what}: expected a regularizer of weights ` +
          "with a lambda above 0 and groups, so that some of them are zero, found " +
          `${[...found].join(", ")}`,
      );
    }
    return [{ what, target, members, counted }];
  });
}

/**
 * Puts density control to work.
 *
 * @throws InputError as controlled
 */
export function createDensityController(
  trainer: Trainer,
  given: DensityControlOptions,
  { stepsPerEpoch, epochs, scaled, fixedAfter = Infinity, initial }: ControlledRun,
): DensityController {
  const options = paced(given, stepsPerEpoch * epochs);
  const { every, after = 0, increment = INCREMENT } = options;
  const parts = controlled(trainer, options).map(({ counted, ...part }) => {
    const names = counted.map(({ parameter }) => layerOf(parameter));
    const densityIn = (layers: readonly LayerMetrics[]) =>
      totalDensity(layers.filter(({ name }) => names.includes(name)));
    return { ...part, counted, densityIn, start: densityIn(initial) };
  });
  const last = fixedAfter * stepsPerEpoch;
  const begun = () => trainer.steps > after * stepsPerEpoch;
  // Between fine steps a density can't change: one look for each cycle.
  const period = () => Math.ceil(every / (trainer.coarse + 1)) * (trainer.coarse + 1);
  const rhythm = () => (period() === 1 ? "each step" : `every ${period()} steps`);
  return {
    look(tauFactor) {
      const { steps } = trainer;
      if (!begun() || steps > last || steps % period() !== 0) return;
      const rule = { ...options, increment: scaled ? increment / (trainer.coarse + 1) : increment };
      for (const { target, members, counted, start } of parts) {
        const now = targetAt(options, target, start, steps / (stepsPerEpoch * epochs));
        const density = countedDensity(trainer, counted);
        for (const updater of members) {
          const next = nextLambda(
            rule,
            updater.optimizer.regularizer.lambda,
            density,
            now,
            tauFactor,
          );
          updater.setLambda(next / updater.fullLambda, "kept");
        }
      }
    },
    missed(layers) {
      if (!begun()) return [];
      const looks =
        Math.floor(Math.min(trainer.steps, last) / period()) -
        Math.floor((after * stepsPerEpoch) / period());
      return parts.flatMap(({ what, target, members, counted, densityIn }) => {
        const density = densityIn(layers);
        const off = Math.abs(density - target);
        if (off <= TOLERANCE * target || off < grain(members, counted)) return [];
        const percent = (fraction: number) => `${(100 * fraction).toPrecision(3)} %`;
        const why =
          last <= after * stepsPerEpoch
            ? `lambda has not moved: control begins after ${plural(after)}, and patterns are ` +
              `fixed after ${plural(fixedAfter)}`
            : looks === 0
              ? `lambda has not moved: control looks ${rhythm()}, and there were fewer; ` +
                "state a smaller every, or train for more epochs"
              : `in ${looks} ${looks === 1 ? "look" : "looks"}, one ${rhythm()}, lambda ` +
                `has come from ${lambdas(members[0])}; begin nearer to where it went, or ` +
                "train for more epochs";
        return [
          `the density of ${what} came to ${percent(density)}, its target is ${percent(target)}: ${why}`,
        ];
      });
    },
  };

  /** Lambda at the start and now, as it is stated: frozen steps divide it. */
  function lambdas({ fullLambda, optimizer }: Updater): string {
    const now = optimizer.regularizer.lambda * (scaled ? trainer.coarse + 1 : 1);
    return `${fullLambda} to ${Number(now.toPrecision(3))}`;
  }
}

const plural = (epochs: number) => (epochs === 1 ? "1 epoch" : `${epochs} epochs`);

/** The largest step that a density can make: one group of weights more or less. */
function grain(members: readonly Updater[], counted: readonly Updater[]): number {
  const all = counted.reduce((sum, { parameter: { rows, cols } }) => sum + rows * cols, 0);
  const sizes = members.map(({ parameter: { shape }, optimizer: { regularizer } }) => {
    const { groups = "entries" } = regularizer;
    return groups === "entries" ? 1 : groupLayout(groups, shape).size;
  });
  return largest(sizes) / all;
}
