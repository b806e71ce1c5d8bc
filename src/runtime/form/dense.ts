/** A weight as dense theta, f32 [rows, cols]: every weight has it, the others are made of it. */
import type { Memory } from "../memory.js";
import { kernelShape } from "./conv-layout.js";
import type { AnyForm, Weight } from "./form.js";
import { updateOp } from "./update-op.js";

export interface DenseForm extends AnyForm {
  readonly kind: "dense";
  /** Counts the non-zeros of each row. */
  count(): void;
}

export function denseForm(memory: Memory, weight: Weight): DenseForm {
  const { rows, cols, theta, counts } = weight;
  const values = () => memory.f32(theta, rows * cols);
  const count = () => {
    const all = values();
    const used = memory.i32(counts, rows);
    for (let row = 0; row < rows; row++) {
      let n = 0;
      for (let k = row * cols; k < (row + 1) * cols; k++) if (all[k] !== 0) n++;
      used[row] = n;
    }
  };
  return {
    kind: "dense",
    read: (out) => out.set(values()),
    write: (numbers) => values().set(numbers),
    used: () => rows * cols,
    places: { entries: 0, used: 0, entryStride: 0, group: 0, theta, kernel: kernelShape(weight) },
    update: (args) => [updateOp(weight, args, { theta, entries: 0 })],
    refresh: () => [count],
    toTheta: () => [],
    count,
  };
}
