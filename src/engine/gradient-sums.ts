/**
 * Sums of gradients over the parts of a batch, weighted by their shares of its samples, in blocks:
 * a block holds a sum of each gradient. ranks/part-tree.ts says what is added to what.
 */
import { LINE, sumOfFloats } from "../ranks/sum-of-floats.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter } from "../runtime/parameter.js";
import type { Gradient } from "./gradient-clip.js";

export interface GradientSums {
  /** Floats of a block, a multiple of 16. */
  readonly length: number;
  /** Where a block is. */
  placeOf(block: number): number;
  /** The sum of a gradient in block 0. */
  sumOf(gradient: Gradient): Gradient;
  /** Sets by how much the next parts count. */
  setShare(share: number): void;
  /** Adds the gradient of a part to that in a block, or begins with it. */
  add(gradient: Gradient, block: number, begins: boolean): Op;
  /** Adds a block to another. */
  merge(from: number, into: number): Op;
  /** Indices in a block of the numbers that a step with frozen patterns uses, ascending. */
  inPatterns(): Int32Array;
}

/** Makes room for sums of gradients. */
export function createGradientSums(
  memory: Memory,
  gradients: readonly Gradient[],
  blocks: number,
): GradientSums {
  const starts = new Map<Parameter, number>();
  let length = 0;
  for (const { parameter } of gradients) {
    starts.set(parameter, length);
    length += Math.ceil((parameter.rows * parameter.cols) / LINE) * LINE;
  }
  const places = Array.from({ length: blocks }, () => memory.allocate(length * 4));
  const share = memory.allocate(4);
  const one = memory.put(Float32Array.of(1));
  const placeOf = (block: number) => places[block];
  const at = (parameter: Parameter, block: number) => placeOf(block) + starts.get(parameter)! * 4;
  return {
    length,
    placeOf,
    sumOf: ({ parameter }) => ({ parameter, gradient: at(parameter, 0) }),
    setShare(part) {
      memory.f32(share, 1)[0] = part;
    },
    add({ parameter, gradient: g }, block, begins) {
      const { rows, cols } = parameter;
      const first = begins ? 1 : 0;
      return op("sumGradient", rows, { g, sum: at(parameter, block), share, first, rows, cols });
    },
    merge: (from, into) => sumOfFloats(length, { g: placeOf(from), share: one }, placeOf(into)),
    inPatterns() {
      const all: Int32Array[] = gradients.map(({ parameter: { pattern, rows, cols } }) =>
        pattern ? pattern.members() : Int32Array.from({ length: rows * cols }, (_, k) => k),
      );
      const indices = new Int32Array(all.reduce((sum, { length: n }) => sum + n, 0));
      let end = 0;
      all.forEach((own, k) => {
        const start = starts.get(gradients[k].parameter)!;
        for (const index of own) indices[end++] = start + index;
      });
      return indices;
    },
  };
}
