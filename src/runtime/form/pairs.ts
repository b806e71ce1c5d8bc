/**
 * A convolution's weight as its kernels that are not zero, the pairs of an output and an input
 * channel: an entry says where the channel lies, and where in theta the weights are. In frozen
 * steps a weight at rest is minus zero there, so that theta tells it from those outside the pattern
 * (kernels/update_pattern.c).
 */
import { FOLLOW } from "../contract/update.js";
import { op } from "../kernel-table.js";
import type { Memory } from "../memory.js";
import { kernelShape, type ConvLayout } from "./conv-layout.js";
import type { AnyPattern, Weight } from "./form.js";
import { totalOf } from "./total.js";
import { createTranspose, type TransposedPattern } from "./transpose.js";
import { updateOp } from "./update-op.js";
import {
  eachEntry,
  insertEntry,
  membersOf,
  restingOf,
  type PatternPlaces,
  type Walk,
} from "./walk.js";

export interface PairsForm extends AnyPattern {
  readonly kind: "pairs";
}

type ConvWeight = Weight & { readonly conv: ConvLayout };

/** @param transposed - keep the transpose too */
export function pairsForm(memory: Memory, weight: ConvWeight, transposed: boolean): PairsForm {
  const { rows, cols, theta, counts, changed, conv } = weight;
  const { inner, planeBytes } = conv;
  const taps = conv.kernelHeight * conv.kernelWidth;
  const entries = memory.allocate(rows * inner * 8);
  const pairCounts = memory.allocate(rows * 4);
  const parts: PatternPlaces = { entries, counts: pairCounts, entryStride: inner };
  const transpose = transposed ? transposeOf(memory, weight, parts) : undefined;
  const kernel = kernelShape(weight);
  const values = () => memory.f32(theta, rows * cols);
  const walk: Walk = (visit) =>
    eachEntry(memory, weight, parts, (_row, _plane, weights) => {
      // Addresses above 2 GiB are negative in an Int32Array.
      const index = ((weights >>> 0) - theta) / 4;
      visit(index, theta / 4 + index);
    });
  const fromTheta = () => {
    const places = { theta, entries, pairCounts, counts, changed };
    return [op("compressPairs", rows, { ...places, rows, inner, taps, planeBytes })];
  };
  const renewed = () => [...fromTheta(), ...(transpose ? [transpose.update] : [])];
  return {
    kind: "pairs",
    ...parts,
    ...(transpose && { transpose }),
    rates: "pairs",
    places: { entries, used: pairCounts, entryStride: inner, group: taps, theta, kernel },
    read: (out) => out.set(values()),
    write: (numbers) => values().set(numbers),
    // All taps of a kernel take part.
    used: () => taps * totalOf(memory, pairCounts, rows),
    update: (args) => [updateOp(weight, args, { theta, entries: 0 }), ...renewed()],
    refresh: renewed,
    fromTheta,
    toTheta: () => [],
    frozenUpdate({ follow: asked, ...args }) {
      // Kernels of one weight follow as l1: a sparse kernel group without a threshold on its norm.
      const follow = asked === FOLLOW.l1 ? FOLLOW.sparseKernelGroup : asked;
      const places = { entries, used: pairCounts, entryStride: inner, counts, changed, theta };
      const more = { rows, cols, group: taps, pairs: 1, kernel };
      // The transposed pairs point to the same weights, and have nothing to bring up to date.
      return [op("updatePattern", rows, { ...args, follow, ...places, ...more })];
    },
    resting: () => restingOf(memory, walk, taps),
    members: () => membersOf(memory, walk, taps, (weight) => !Object.is(weight, 0)),
    rest(indices) {
      const all = values();
      for (const index of indices) {
        all[index] = -0;
        const row = Math.floor(index / cols);
        const channel = Math.floor((index % cols) / taps);
        const weights = theta + (row * cols + channel * taps) * 4;
        insertEntry(memory, weight, parts, row, [channel * planeBytes, weights]);
      }
    },
    unmark(copy) {
      for (let i = 0; i < copy.length; i++) if (copy[i] === 0) copy[i] = 0;
    },
  };
}

function transposeOf(
  memory: Memory,
  { rows, changed, conv: { inner, planeBytes, rowBytes } }: ConvWeight,
  { entries, counts: pairCounts }: PatternPlaces,
): TransposedPattern {
  return createTranspose(memory, { lines: inner, entryStride: rows }, (places) => {
    const geometry = { rows, inner, planeBytes, rowBytes };
    return op("transposePairs", inner, { entries, pairCounts, changed, ...places, ...geometry });
  });
}
