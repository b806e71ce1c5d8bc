/** Labels: whole numbers from 0, one for each sample. */
import { InputError } from "../errors.js";
import { isTypedArray, kindOf } from "../kinds.js";

/** A label is kept as a byte. */
export const MOST_CLASSES = 256;

/** What labels may be given as. */
export type LabelList = ArrayLike<number | bigint>;

/**
 * Labels as bytes; a Uint8Array is taken as it is.
 *
 * @throws InputError for what is no array; also for a label that is no whole number from 0 to
 *   255, with its place
 */
export function labelBytes(labels: LabelList, where: string): Uint8Array {
  if (isTypedArray(labels, "Uint8Array")) return labels;
  if (typeof labels !== "object" || labels === null || !Number.isInteger(labels.length)) {
    throw new InputError(`${where} must be an array of whole numbers, found ${kindOf(labels)}`);
  }
  const bytes = new Uint8Array(labels.length);
  for (let k = 0; k < bytes.length; k++) {
    const label: unknown = labels[k];
    const isNumber = typeof label === "number" || typeof label === "bigint";
    bytes[k] = isNumber ? Number(label) : 0;
    if (isNumber && bytes[k] === Number(label)) continue;
    const found = isNumber ? String(label) : JSON.stringify(label);
    throw new InputError(
      `${where}: label ${found} at index ${k}: labels must be whole numbers from 0 to 255`,
    );
  }
  return bytes;
}

/**
 * Checks that every label is below `classes`.
 *
 * @throws InputError that names the first label that is not, and its place.
 */
export function checkLabels(labels: Uint8Array, classes: number, where: string): void {
  const bad = labels.findIndex((label) => label >= classes);
  if (bad < 0) return;
  const range = `labels must be from 0 to ${classes - 1}`;
  throw new InputError(
    `${where}: label ${labels[bad]} at index ${bad}: ${range}${startHint(labels)}`,
  );
}

/** The smallest and the largest label; of none both are 0. */
export function labelRange(labels: Uint8Array): readonly [least: number, most: number] {
  if (labels.length === 0) return [0, 0];
  return labels.reduce<[number, number]>(
    ([least, most], x) => [Math.min(least, x), Math.max(most, x)],
    [255, 0],
  );
}

/** What an error says of labels that begin with 1, as other programs count them; "" of others. */
export function startHint(labels: Uint8Array): string {
  const [least, most] = labelRange(labels);
  if (least === 0) return "";
  return `; these labels go from ${least} to ${most}, and they count from 0: subtract ${least}`;
}

/**
 * The same as a note, for labels that can be trained with: a class that nobody has costs an output.
 */
export function startNotes(labels: Uint8Array, name: string): string[] {
  const [least, most] = labelRange(labels);
  if (least === 0) return [];
  const absent = least === 1 ? "class 0 has" : `classes 0 to ${least - 1} have`;
  return [
    `The labels of "${name}" go from ${least} to ${most}, so ${absent} no samples; ` +
      `labels count from 0: subtract ${least} if that is not meant.`,
  ];
}
