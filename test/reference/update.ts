/**
 * The truth for the update kernels, in float64: the formulas of src/optim/optimizer.ts and
 * kernel-table.ts, one weight at a time.
 */
import { FOLLOW, HYPER, MOVE } from "#bregman/runtime/contract/update.js";

export interface UpdateCase {
  readonly move: number;
  readonly follow: number;
  readonly penalty: number;
  readonly writeBack: boolean;
}

/** State of one weight matrix; changed in place. */
export interface UpdateState {
  readonly v: Float64Array;
  readonly m1: Float64Array;
  readonly m2: Float64Array;
}

/** One step; returns theta. */
export function update(
  { move, follow, penalty, writeBack }: UpdateCase,
  { v, m1, m2 }: UpdateState,
  g: ArrayLike<number>,
  hyper: ArrayLike<number>, // [16], float32 or float64
  cols: number,
  group = 1, // columns in a kernel group
): Float64Array {
  const h = (name: keyof typeof HYPER): number => hyper[HYPER[name]]!;
  const theta = new Float64Array(v.length);
  for (let start = 0; start < v.length; start += cols) {
    const old = norm(v.subarray(start, start + cols));
    for (let i = start; i < start + cols; i++) {
      let gradient = g[i]!;
      if (penalty === 1) gradient += h("penalty") * Math.sign(v[i]!);
      if (penalty === 2 && old > 0) gradient += (h("penalty") * v[i]!) / old;
      if (move === MOVE.plain) {
        v[i]! -= h("tau") * gradient;
      } else if (move === MOVE.momentum) {
        m1[i] = h("beta1") * m1[i]! + h("gain1") * h("tau") * gradient;
        v[i]! -= m1[i]!;
      } else if (move === MOVE.nesterov) {
        m1[i] = h("beta1") * m1[i]! + h("gain1") * h("tau") * gradient;
        v[i]! -= h("beta1") * m1[i]! + h("gain1") * h("tau") * gradient;
      } else {
        m1[i] = h("beta1") * m1[i]! + h("gain1") * gradient;
        m2[i] = h("beta2") * m2[i]! + h("gain2") * gradient ** 2;
        v[i]! -=
          (h("tau") * h("correction1") * m1[i]!) /
          (Math.sqrt(h("correction2") * m2[i]!) + h("eps"));
      }
    }
    const row = Float64Array.from(v.subarray(start, start + cols), (x) => {
      if (SHRUNK.includes(follow)) return shrink(x, h("threshold"));
      return follow === FOLLOW.nonNegative ? Math.max(x - h("threshold"), 0) : x;
    });
    const grouped = GROUPED.includes(follow);
    const kernels = follow === FOLLOW.kernelGroup || follow === FOLLOW.sparseKernelGroup;
    for (let first = 0; first < cols; first += kernels ? group : cols) {
      const part = row.subarray(first, kernels ? first + group : cols);
      const size = norm(part);
      const factor = grouped
        ? size <= h("groupThreshold")
          ? 0
          : 1 - h("groupThreshold") / size
        : 1;
      theta.set(
        part.map((x) => h("delta") * factor * x),
        start + first,
      );
    }
  }
  if (writeBack) v.set(theta);
  return theta;
}

/**
 * One frozen step (src/optim/freeze.ts): the weights of the pattern move as if there were no
 * others, and all others are zero and keep v and moments. Returns theta.
 */
export function updatePattern(
  kind: UpdateCase,
  state: UpdateState,
  g: ArrayLike<number>,
  hyper: ArrayLike<number>,
  cols: number,
  group: number,
  pattern: readonly boolean[], // of each weight, whether it belongs to it
): Float64Array {
  const alone = (x: ArrayLike<number>) =>
    Float64Array.from(x, (value, i) => (pattern[i] ? value : 0));
  const members = { v: alone(state.v), m1: alone(state.m1), m2: alone(state.m2) };
  const theta = update(kind, members, alone(g), hyper, cols, group);
  for (const name of ["v", "m1", "m2"] as const) {
    pattern.forEach((member, i) => {
      if (member) state[name][i] = members[name][i];
    });
  }
  return alone(theta);
}

const SHRUNK: readonly number[] = [FOLLOW.l1, FOLLOW.sparseRowGroup, FOLLOW.sparseKernelGroup];
const GROUPED: readonly number[] = [
  FOLLOW.rowGroup,
  FOLLOW.sparseRowGroup,
  FOLLOW.kernelGroup,
  FOLLOW.sparseKernelGroup,
];
const shrink = (x: number, t: number): number => Math.sign(x) * Math.max(Math.abs(x) - t, 0);
const norm = (x: Float64Array): number => Math.hypot(...x);
