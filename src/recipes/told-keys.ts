/** The keys of a recipe's `data` that say what is to be told: labels, or targets. */
import * as z from "../bundled/zod.js";
import { found } from "./union-fault.js";

const path = z.string().min(1, found("a path"));

/** Files of labels or of targets. */
export const answers = {
  trainLabels: path.optional().describe("File of the labels, whole numbers from 0"),
  testLabels: path.optional().describe("The same of the test samples"),
  trainTargets: path
    .optional()
    .describe("In place of labels, numbers to be told: .npy, [count] or [count, targets]"),
  testTargets: path.optional().describe("The same of the test samples"),
};

/** Exactly one of two keys says what is to be told. */
export function oneOf<Key extends string>(label: Key, targets: Key) {
  return (entry: Partial<Record<Key, unknown>>, context: z.RefinementCtx): void => {
    const isThere = [label, targets].map((key) => entry[key] !== undefined);
    if (isThere[0] !== isThere[1]) return;
    if (!isThere[0]) {
      const message = `missing; expected it, or ${targets}`;
      context.addIssue({ code: "custom", path: [label], message });
      return;
    }
    context.addIssue({ code: "custom", path: [targets], message: `expected none beside ${label}` });
  };
}

/** Columns of a folder's table. */
export const folderTargets = z
  .array(z.string())
  .min(1)
  .optional()
  .describe(
    "In place of classes, columns of numbers in metadata.csv, which names files in file_name",
  );
