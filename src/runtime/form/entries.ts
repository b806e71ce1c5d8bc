/**
 * A weight as its non-zeros, each with its place and value: for linear layers, and convolutions
 * without structure. While it is the parameter's form, theta is not kept.
 */
import { op } from "../kernel-table.js";
import type { Memory } from "../memory.js";
import { columnOf, kernelShape, offsetOf, type ConvLayout } from "./conv-layout.js";
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

export interface EntriesForm extends AnyPattern {
  readonly kind: "entries";
}

/** @param transposed - keep the transpose too */
export function entriesForm(memory: Memory, weight: Weight, transposed: boolean): EntriesForm {
  const { rows, cols, theta, counts, changed, columns, conv } = weight;
  const length = rows * cols;
  const entries = memory.allocate(length * 8);
  const parts: PatternPlaces = { entries, counts, entryStride: cols };
  const transpose = transposed ? transposeOf(memory, weight, parts) : undefined;
  const [column, offset] = [columnOf(weight), offsetOf(weight)];
  const kernel = kernelShape(weight);
  const walk: Walk = (visit) =>
    eachEntry(memory, weight, parts, (row, first, _value, at) =>
      visit(row * cols + column(first), at + 1),
    );
  const turned = transpose ? [transpose.update] : [];
  const fromTheta = () => [
    op("compress", rows, { theta, entries, counts, changed, rows, cols, columns }),
  ];
  const form: EntriesForm = {
    kind: "entries",
    ...parts,
    ...(transpose && { transpose }),
    rates: conv ? "conv" : "linear",
    places: { entries, used: counts, entryStride: cols, group: 0, theta, kernel },
    read(out) {
      const words = memory.f32(0, memory.used / 4);
      out.fill(0);
      walk((index, word) => (out[index] = words[word]));
    },
    write(values) {
      const words = memory.f32(0, memory.used / 4);
      walk((index, word) => (words[word] = values[index]));
    },
    used: () => totalOf(memory, counts, rows),
    // The kernel writes them itself.
    update: (args) => [updateOp(weight, args, { theta: 0, entries }), ...turned],
    refresh: () => [...fromTheta(), ...turned],
    fromTheta,
    toTheta: () => [op("expand", rows, { entries, counts, theta, rows, cols, columns })],
    frozenUpdate(args, now) {
      const more = { entries, used: counts, entryStride: cols, counts, changed, rows, cols };
      const isForm = now === form;
      const written = { theta: isForm ? 0 : theta, group: 1, pairs: 0, kernel };
      return [
        op("updatePattern", rows, { ...args, ...more, ...written }),
        ...(isForm ? turned : []),
      ];
    },
    resting: () => restingOf(memory, walk, 1),
    members: () => membersOf(memory, walk, 1, () => true),
    rest(indices) {
      const values = memory.f32(theta, length);
      for (const index of indices) {
        values[index] = 0;
        const row = Math.floor(index / cols);
        insertEntry(memory, weight, parts, row, [offset(index % cols), 0]);
      }
    },
    unmark() {},
  };
  return form;
}

function transposeOf(memory: Memory, weight: Weight, parts: PatternPlaces): TransposedPattern {
  const { rows, cols, changed, conv } = weight;
  if (conv) return convTranspose(memory, { ...weight, conv }, parts);
  const { entries, counts } = parts;
  return createTranspose(memory, { lines: cols, entryStride: rows }, (places) => {
    const source = memory.allocate(rows * cols * 4);
    return op("transpose", cols, { entries, counts, changed, ...places, source, rows, cols });
  });
}

function convTranspose(
  memory: Memory,
  weight: Weight & { readonly conv: ConvLayout },
  { entries, counts }: PatternPlaces,
): TransposedPattern {
  const { rows, cols, changed, conv } = weight;
  const { inner, phases, mostTaps, rowBytes } = conv;
  const [lines, entryStride] = [phases * inner, rows * mostTaps];
  return createTranspose(memory, { lines, entryStride }, (places) => {
    const source = memory.allocate(lines * entryStride * 4);
    const tapTable = memory.put(conv.tapTable);
    const kernel = kernelShape(weight);
    const geometry = { rows, cols, inner, phases, entryStride, rowBytes, kernel };
    const tables = { ...places, source, tapTable };
    return op("transposeConv", inner, { entries, counts, changed, ...tables, ...geometry });
  });
}
