/**
 * Thresholding: the smallest weights of a trained network become zero.
 *
 *     entries   |w|
 *     kernels   |K|_2 / sqrt(taps) for the whole kernel of a convolution: a root mean square, so that kernels and the
 *               single weights of linear layers stand in one order
 *
 * The order is global, over all weights of linear layers and convolutions. Biases, batch norm and
 * skips stay.
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { size } from "../shape-size.js";
import { checkNetwork, type Network, type Values } from "../nn/network.js";
import { type Packed, packedOf } from "../nn/packed-values.js";
import { isWeightRole } from "../runtime/parameter.js";
import { withValues } from "./sparse-values.js";

export interface PruneOptions {
  /**
   * Share of all weights to keep, in (0, 1]: the largest. A network with fewer non-zeros stays as
   * it is.
   */
  readonly density?: number | undefined;
  /** Or: weights smaller than this become zero, > 0. */
  readonly threshold?: number | undefined;
  /**
   * What is cut of convolutions: single weights (the default), or whole kernels by their root mean
   * square.
   */
  readonly groups?: "entries" | "kernels" | undefined;
}

/** Weights that stand or fall together. */
interface Groups {
  /** All weights, or of packed ones the non-zeros. */
  readonly values: Float32Array;
  readonly packed: Packed | undefined;
  /** Weights of one group. */
  readonly length: number;
  /** What the size of the weight at a place is divided by. Default: 1. */
  readonly unit?: ((place: number) => number) | undefined;
}

const OPTIONS: OptionKeys<PruneOptions> = { density: 1, threshold: 1, groups: 1 };

/**
 * A network whose smallest weights are zero, to a density or by a threshold.
 *
 * @throws InputError for an impossible density or threshold, or unless exactly one of them is
 * given; also if the network is not complete
 * @example
 * const pruned = prune({ model, ...result }, { density: 0.02 });
 */
export function prune(network: Network, options: PruneOptions): Network {
  const { density, threshold, groups = "entries" } = knownOptions("prune", options, OPTIONS);
  if ((density === undefined) === (threshold === undefined)) {
    const found = density === undefined ? "neither" : "both";
    throw new InputError(`prune: expected either a density or a threshold, found ${found}`);
  }
  if (density !== undefined && !(density > 0 && density <= 1)) {
    throw new InputError(`prune: density must be above 0 and at most 1, found ${density}`);
  }
  if (threshold !== undefined && !(threshold > 0 && threshold < Infinity)) {
    throw new InputError(`prune: threshold must be a finite number above 0, found ${threshold}`);
  }
  if (groups !== "entries" && groups !== "kernels") {
    throw new InputError(`prune: groups must be "entries" or "kernels", found ${String(groups)}`);
  }
  checkNetwork(network);
  const parameters = new Map<string, Values>(network.parameters);
  const all: Groups[] = [];
  const write: (() => void)[] = [];
  let weights = 0;
  for (const { name, parameters: specs } of network.model.nodes) {
    for (const { name: key, role, shape } of specs.filter((spec) => isWeightRole(spec.role))) {
      const full = `${name}.${key}`;
      const weight = parameters.get(full)!;
      weights += size(shape);
      const packed = packedOf(weight);
      const values = (packed?.values ?? weight.data).slice();
      const taps = size(shape.slice(2));
      const length = groups === "kernels" && role === "conv" ? taps : 1;
      all.push({ values, packed, length, unit: unitOf(network, name, size(shape) / shape[0]) });
      // Read when all is cut.
      write.push(() =>
        parameters.set(full, packed ? withValues(packed, values, shape) : { shape, data: values }),
      );
    }
  }
  const isKept =
    threshold === undefined
      ? largestOf(all, Math.round(density! * weights))
      : (size: number) => size >= threshold;
  for (const group of all) {
    eachGroup(group, (size, nonZeros, from, to) => {
      if (!isKept(size, nonZeros)) group.values.fill(0, from, to);
    });
  }
  for (const put of write) put();
  return { ...network, parameters };
}

/** Outputs in units of targets make the rows of the last layer larger; its weights are no more. */
function unitOf({ model, targets }: Network, layer: string, columns: number): Groups["unit"] {
  const { std } = targets ?? {};
  const isLast = model.nodes.at(-1)!.name === layer;
  return std && isLast ? (place) => std[Math.floor(place / columns)] : undefined;
}

type Visit = (size: number, nonZeros: number, from: number, to: number) => void;

/**
 * Calls f for each group that is not zero: its size, its non-zeros, and where it is in the values.
 */
function eachGroup({ values, packed, length, unit }: Groups, f: Visit): void {
  const scale = (from: number) => unit?.(packed ? packed.places[from] : from) ?? 1;
  const sizeOf = (from: number, squares: number) =>
    length === 1 ? Math.abs(values[from]) : Math.sqrt(squares / length);
  const visit = (from: number, to: number) => {
    let [squares, nonZeros] = [0, 0];
    for (let k = from; k < to; k++) {
      squares += values[k] * values[k];
      if (values[k] !== 0) nonZeros++;
    }
    if (nonZeros > 0) f(sizeOf(from, squares) / scale(from), nonZeros, from, to);
  };
  if (!packed) {
    for (let at = 0; at < values.length; at += length) visit(at, at + length);
    return;
  }
  // Non-zeros of one group follow each other.
  let [begin, next, group] = [0, 0, -1];
  for (const place of packed.places) {
    const here = Math.floor(place / length);
    if (here !== group && next > begin) visit(begin, next);
    if (here !== group) [begin, group] = [next, here];
    next++;
  }
  if (next > begin) visit(begin, next);
}

/**
 * Says for one group after the other, in the order of eachGroup, whether it is among the largest
 * that have together at most so many non-zeros; of equal ones the first.
 */
function largestOf(
  all: readonly Groups[],
  most: number,
): (size: number, nonZeros: number) => boolean {
  const sizes: number[] = [];
  const counts: number[] = [];
  for (const group of all) {
    eachGroup(group, (size, nonZeros) => {
      sizes.push(size);
      counts.push(nonZeros);
    });
  }
  const above = (border: number) =>
    sizes.reduce((sum, size, k) => (size > border ? sum + counts[k] : sum), 0);
  // The smallest size that leaves no more than `most` above it; without a comparator typed arrays
  // sort in native code.
  const sorted = new Float64Array(sizes.length + 1); // and 0
  sorted.set(sizes, 1);
  sorted.sort();
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (above(sorted[middle]) <= most) high = middle;
    else low = middle + 1;
  }
  const border = sorted[low];
  let room = most - above(border);
  return (size, nonZeros) => {
    if (size !== border) return size > border;
    if (nonZeros > room) return false;
    room -= nonZeros;
    return true;
  };
}
