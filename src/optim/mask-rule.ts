/**
 * When and how a mask changes: the rules of magnitude pruning, SET and RigL, over plain data.
 *
 *     magnitude   only the largest |theta| stay, a share of the weights that falls from 1 to d by a cubic law:
 *                 d_t = d + (1 - d) (1 - (t - t_start) / (t_end - t_start))^3         (start = end: at once)
 *     random      the share f_t of the mask with the smallest |theta| is dropped, as many others grow at random (SET)
 *     gradient    the same, and those grow where the gradient is largest (RigL)
 *                 f_t = share / 2 (1 + cos(pi t / t_until))
 *
 * t counts steps; start, end and until are shares of the training. A weight that grows starts at
 * zero; one that is dropped and grows at once keeps its value.
 *
 * Source: Zhu and Gupta 2017 (arXiv 1710.01878); Mocanu et al., Nature Communications 9:2383
 * (2018); Evci et al., Rigging the Lottery, ICML 2020, algorithm 1.
 *
 * 1. SET as published draws new weights at random and changes the mask once an epoch; here, as in
 *    the comparisons of the RigL paper, both methods share schedule and start at zero.
 * 2. RigL's code adds a little noise before it drops, to break ties; here the first of equal
 *    weights stays.
 */
import { layerDensities, type Spread } from "../layer-densities.js";
import { stream } from "../random.js";
import type { Floats, Shape } from "../regularizers/regularizer.js";
import type { OptimizerState } from "./optimizer.js";
import { largest } from "./top.js";

export type MaskRule =
  | {
      readonly kind: "magnitude";
      /** Of all tensors the optimizer trains, at the end, and how it is spread over them. */
      readonly density: number;
      readonly spread: Spread;
      readonly start: number;
      readonly end: number;
      /** Steps between two changes. */
      readonly every: number;
    }
  | {
      readonly kind: "random" | "gradient";
      readonly share: number;
      readonly until: number;
      readonly every: number;
    };

/** Whether the mask changes in step t, from 1, of a training of so many steps. */
export function changesAt(rule: MaskRule, t: number, steps: number): boolean {
  if (rule.kind !== "magnitude") return t % rule.every === 0 && t < rule.until * steps;
  const [first, last] = interval(rule, steps);
  return t === last || (t >= first && t < last && (t - first) % rule.every === 0);
}

/**
 * Where the mask is 1 after its change in this step.
 *
 * @param state - of the tensor; state.step is the step's number, from 1
 * @param g - gradient of every weight
 */
export function changedMask(
  rule: MaskRule,
  state: OptimizerState,
  theta: Floats,
  g: Floats,
  shape: Shape,
): Int32Array {
  const { mask, step, facts } = state;
  const kept = placesOf(mask!);
  if (rule.kind === "magnitude")
    return largest(theta, kept, sizeAt(rule, kept.length, state, shape));
  const drop = Math.floor(
    kept.length *
      (rule.share / 2) *
      (1 + Math.cos((Math.PI * step) / (rule.until * stepsOf(state)))),
  );
  const stay = largest(theta, kept, kept.length - drop);
  const free = new Uint8Array(mask!.length).fill(1);
  for (const place of stay) free[place] = 0;
  const candidates = placesOf(free);
  const grown =
    rule.kind === "gradient"
      ? largest(g, candidates, drop)
      : sample(candidates, drop, `mask/${facts?.name ?? ""}/${step}`, facts?.seed ?? 0);
  const all = new Int32Array(stay.length + grown.length);
  all.set(stay);
  all.set(grown, stay.length);
  return all;
}

/** Steps of the training: `init` has made sure that they are known. */
function stepsOf({ facts }: OptimizerState): number {
  return facts!.steps!;
}

/**
 * Steps, from 1, of the first and the last change; the last is that of the whole training for a
 * share of 1.
 */
function interval(
  { start, end }: Extract<MaskRule, { kind: "magnitude" }>,
  steps: number,
): [number, number] {
  const at = (share: number) => Math.max(1, Math.round(share * steps));
  return [at(start), at(end)];
}

/** How many weights a magnitude rule keeps after this step. */
function sizeAt(
  rule: Extract<MaskRule, { kind: "magnitude" }>,
  now: number,
  state: OptimizerState,
  shape: Shape,
): number {
  const { density, spread } = rule;
  const shapes = state.facts?.shapes ?? [shape];
  const index = shapes.findIndex((other) => other.join() === shape.join());
  const goal = Math.max(
    1,
    Math.round(layerDensities(shapes, density, spread)[index] * state.v.length),
  );
  const [first, last] = interval(rule, stepsOf(state));
  if (state.step >= last) return Math.min(now, goal);
  const left = 1 - (state.step - first) / (last - first);
  return Math.min(now, Math.round(goal + (state.v.length - goal) * left ** 3));
}

/** Where a mask is not 0. */
function placesOf(mask: Floats | Uint8Array): Int32Array {
  const places = new Int32Array(mask.length);
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) places[count++] = i;
  return places.slice(0, count);
}

/** k of the places, each set of k equally likely. */
function sample(places: Int32Array, k: number, name: string, seed: number): Int32Array {
  const random = stream(seed, name);
  const drawn = places.slice();
  for (let i = 0; i < k; i++) {
    const j = i + random.integer(drawn.length - i);
    [drawn[i], drawn[j]] = [drawn[j], drawn[i]];
  }
  return drawn.subarray(0, k);
}
