/**
 * Groups of weights, described by counts and strides.
 *
 * Group j holds the elements `j * groupStride + r * runStride + k` for r < runs and k < runLength:
 * `runs` contiguous runs of `runLength` elements. A new kind of group is one more line in {@link
 * groupLayout}.
 */
import { InputError } from "../errors.js";
import { size } from "../shape-size.js";
import type { Floats, Shape } from "./regularizer.js";

/**
 * Which weights stand and fall together:
 * - `rows`: all weights into one unit, the slice `W[o, ...]`; in a bias of shape `[n]` every entry
 *   is a row of its own
 * - `columns`: all weights out of one input, the slice `W[:, i, ...]`
 *
 * and for a convolution of shape `[out, in, kh, kw]`:
 * - `kernels`: each kernel, the slice `W[o, i, :, :]` that connects two channels
 * - `filters`: all weights into one output channel: its rows, by the name they go by there
 * - `channels`: all weights out of one input channel: its columns
 */
export type Groups = (typeof GROUPS)[number];

/** Every kind of group there is. */
export const GROUPS = ["rows", "columns", "kernels", "filters", "channels"] as const;

/** @throws InputError unless `groups` is one of {@link GROUPS} */
export function checkGroups(kind: string, groups: Groups): void {
  if (!GROUPS.includes(groups)) {
    throw new InputError(
      `${kind}: groups must be one of ${GROUPS.join(", ")}, found ${String(groups)}`,
    );
  }
}

export interface GroupLayout {
  /** Number of groups. */
  readonly count: number;
  /** Elements in one group: the n of sqrt(n). */
  readonly size: number;
  readonly groupStride: number;
  readonly runs: number;
  readonly runStride: number;
  readonly runLength: number;
}

/**
 * Where the groups of a tensor lie.
 *
 * @throws InputError if a tensor of this shape has no such groups
 */
export function groupLayout(groups: Groups, shape: Shape): GroupLayout {
  const [out, inputs] = shape;
  const row = size(shape.slice(1));
  const tap = size(shape.slice(2));
  if (shape.length < DIMENSIONS[groups]) {
    throw new InputError(
      `groups "${groups}" need a shape of at least ${DIMENSIONS[groups]} dimension(s), found [${shape.join(", ")}]`,
    );
  }
  switch (groups) {
    case "rows":
    case "filters":
      return { count: out, size: row, groupStride: row, runs: 1, runStride: 0, runLength: row };
    case "columns":
    case "channels":
      return {
        count: inputs,
        size: out * tap,
        groupStride: tap,
        runs: out,
        runStride: row,
        runLength: tap,
      };
    case "kernels":
      return {
        count: out * inputs,
        size: tap,
        groupStride: tap,
        runs: 1,
        runStride: 0,
        runLength: tap,
      };
  }
}

/** Dimensions a tensor must have: a matrix has columns, but no channels. */
const DIMENSIONS: Readonly<Record<Groups, number>> = {
  rows: 1,
  columns: 2,
  kernels: 3,
  filters: 3,
  channels: 3,
};

/** Euclidean norm of every group. */
export function groupNorms(x: Floats, layout: GroupLayout): Float64Array {
  const norms = new Float64Array(layout.count);
  for (let j = 0; j < layout.count; j++) {
    const sum = squares(x, layout, j, 1);
    // Squares of float64 values can leave the range of doubles where the norm itself does not: then
    // by the largest entry.
    norms[j] = sum > 1e-280 && sum < Infinity ? Math.sqrt(sum) : scaledNorm(x, layout, j);
  }
  return norms;
}

/** out = x, each group times its factor. A factor of 0 gives exact zeros. `out` may be `x`. */
export function scaleGroups(
  x: Floats,
  layout: GroupLayout,
  factors: Float64Array,
  out: Floats,
): void {
  for (let j = 0; j < layout.count; j++) {
    const factor = factors[j];
    for (let r = 0; r < layout.runs; r++) {
      const start = j * layout.groupStride + r * layout.runStride;
      for (let i = start; i < start + layout.runLength; i++)
        out[i] = factor === 0 ? 0 : factor * x[i];
    }
  }
}

/** Sum of (x_i / unit)^2 over group j. */
function squares(x: Floats, layout: GroupLayout, j: number, unit: number): number {
  let sum = 0;
  for (let r = 0; r < layout.runs; r++) {
    const start = j * layout.groupStride + r * layout.runStride;
    for (let i = start; i < start + layout.runLength; i++) {
      const value = x[i] / unit;
      sum += value * value;
    }
  }
  return sum;
}

function scaledNorm(x: Floats, layout: GroupLayout, j: number): number {
  let largest = 0;
  for (let r = 0; r < layout.runs; r++) {
    const start = j * layout.groupStride + r * layout.runStride;
    for (let i = start; i < start + layout.runLength; i++)
      largest = Math.max(largest, Math.abs(x[i]));
  }
  if (largest === 0 || largest === Infinity || Number.isNaN(largest)) return largest;
  return largest * Math.sqrt(squares(x, layout, j, largest));
}
