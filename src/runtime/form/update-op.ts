/** The op of a step that moves every weight. */
import { op, type Op } from "../kernel-table.js";
import type { UpdateArgs, Weight } from "./form.js";

/** @param written - what it writes besides the counts: theta, the pattern's entries, or both */
export function updateOp(
  { rows, cols, counts, changed, columns }: Weight,
  args: UpdateArgs,
  written: { readonly theta: number; readonly entries: number },
): Op {
  return op("update", rows, { ...args, counts, changed, rows, cols, columns, ...written });
}
