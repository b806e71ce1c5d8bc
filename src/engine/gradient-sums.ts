/**
 * Sums of gradients over the parts of a batch, weighted by their shares of its samples, in blocks:
 * a block holds a sum of each gradient. ranks/part-tree.ts says what is added to what.
 */
import { LINE, PIECE, sumOfFloats } from "../ranks/sum-of-floats.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter } from "../runtime/parameter.js";
import type { Gradient } from "./gradient-clip.js";

export interface GradientSums {
  /**
   * Where pieces of a block end, in floats: each is the gradients of some layers, which are sent to
   * other ranks at once.
   */
  readonly ends: readonly number[];
  /** Where a block is. */
  placeOf(block: number): number;
  /** The sum of a gradient in block 0. */
  sumOf(gradient: Gradient): Gradient;
  /** Sets by how much the next parts count. */
  setShare(share: number): void;
  /** Adds the gradient of a part to that in a block, or begins with it. */
  add(gradient: Gradient, block: number, begins: boolean): Op;
  /** The piece that a gradient is the last of, if it is one's last. */
  pieceAfter(gradient: Gradient): number | undefined;
  /** Adds a block, or a piece of it, to another. */
  merge(from: number, into: number, piece?: number): Op[];
  /** Indices in a block of the numbers that a step with frozen patterns uses, ascending. */
  inPatterns(): Int32Array;
}

/**
 * Makes room for sums of gradients.
 *
 * @param gradients - in the order in which a backward pass completes them
 */
export function createGradientSums(
  memory: Memory,
  gradients: readonly Gradient[],
  blocks: number,
): GradientSums {
  const starts = new Map<Parameter, number>();
  const lasts = new Map<Parameter, number>();
  const ends: number[] = [];
  let length = 0;
  gradients.forEach(({ parameter }, k) => {
    starts.set(parameter, length);
    length += Math.ceil((parameter.rows * parameter.cols) / LINE) * LINE;
    if (length - (ends.at(-1) ?? 0) < PIECE && k < gradients.length - 1) return;
    lasts.set(parameter, ends.length);
    ends.push(length);
  });
  const places = Array.from({ length: blocks }, () => memory.allocate(length * 4));
  const share = memory.allocate(4);
  const one = memory.put(Float32Array.of(1));
  const placeOf = (block: number) => places[block];
  const at = (parameter: Parameter, block: number) => placeOf(block) + starts.get(parameter)! * 4;
  return {
    ends,
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
    pieceAfter: ({ parameter }) => lasts.get(parameter),
    merge(from, into, piece) {
      const [start, end] = piece === undefined ? [0, length] : [ends[piece - 1] ?? 0, ends[piece]];
      const [g, sum] = [from, into].map((block) => placeOf(block) + 4 * start);
      return [sumOfFloats(end - start, { g, share: one }, sum)];
    },
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
