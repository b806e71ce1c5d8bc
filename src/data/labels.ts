/** Labels: whole numbers from 0, one for each sample; those of tables are texts at first. */
import { InputError, UnusableFileError } from "../errors.js";
import { isTypedArray, kindOf } from "../kinds.js";
import { someNames } from "../nearest.js";

/** Bytes, or 16 bits where a label is above 255. */
export type Labels = Uint8Array | Uint16Array;

export const MOST_CLASSES = 65_535;
const MOST_LABEL = MOST_CLASSES - 1;
/** What a label must be, for messages. */
export const LABEL_KIND = `a whole number from 0 to ${MOST_LABEL}`;

/** What labels may be given as. */
export type LabelList = ArrayLike<number | bigint>;

/** Whether a number can be a label. */
export function isLabel(label: number): boolean {
  return Number.isInteger(label) && label >= 0 && label <= MOST_LABEL;
}

/**
 * Labels as few bytes as hold them; a Uint8Array is taken as it is.
 *
 * @throws InputError for what is no array; also for a label that is no whole number from 0 to
 *   65534, with its place
 */
export function asLabels(labels: LabelList, where: string): Labels {
  if (isTypedArray(labels, "Uint8Array")) return labels;
  if (typeof labels !== "object" || labels === null || !Number.isInteger(labels.length)) {
    throw new InputError(`${where} must be an array of whole numbers, found ${kindOf(labels)}`);
  }
  const numbers = new Uint16Array(labels.length);
  for (let k = 0; k < numbers.length; k++) {
    const label: unknown = labels[k];
    const isNumber = typeof label === "number" || typeof label === "bigint";
    if (isNumber && isLabel(Number(label))) {
      numbers[k] = Number(label);
      continue;
    }
    const found = isNumber ? String(label) : JSON.stringify(label);
    throw new InputError(
      `${where}: label ${found} at index ${k}: labels must be whole numbers from 0 to ${MOST_LABEL}`,
    );
  }
  return numbers.some((label) => label > 255) ? numbers : Uint8Array.from(numbers);
}

/** Labels with room of the same kind. */
export function labelsLike(labels: Labels, length: number): Labels {
  return isTypedArray(labels, "Uint16Array") ? new Uint16Array(length) : new Uint8Array(length);
}

/** A copy of them. */
export function copiedLabels(labels: Labels): Labels {
  const copy = labelsLike(labels, labels.length);
  copy.set(labels);
  return copy;
}

/**
 * Checks that every label is below `classes`.
 *
 * @throws InputError that names the first label that is not, and its place.
 */
export function checkLabels(labels: Labels, classes: number, where: string): void {
  const bad = labels.findIndex((label) => label >= classes);
  if (bad < 0) return;
  const range = `labels must be from 0 to ${classes - 1}`;
  throw new InputError(
    `${where}: label ${labels[bad]} at index ${bad}: ${range}${startHint(labels)}`,
  );
}

/** The smallest and the largest label; of none both are 0. */
export function labelRange(labels: Labels): readonly [least: number, most: number] {
  if (labels.length === 0) return [0, 0];
  let [least, most] = [MOST_LABEL, 0];
  for (const label of labels) {
    least = Math.min(least, label);
    most = Math.max(most, label);
  }
  return [least, most];
}

/** What an error says of labels that begin with 1, as other programs count them; "" of others. */
export function startHint(labels: Labels): string {
  const [least, most] = labelRange(labels);
  if (least === 0) return "";
  return `; these labels go from ${least} to ${most}, and they count from 0: subtract ${least}`;
}

/**
 * The same as a note, for labels that can be trained with: a class that nobody has costs an output.
 */
export function startNotes(labels: Labels, name: string): string[] {
  const [least, most] = labelRange(labels);
  if (least === 0) return [];
  const absent = least === 1 ? "class 0 has" : `classes 0 to ${least - 1} have`;
  return [
    `The labels of "${name}" go from ${least} to ${most}, so ${absent} no samples; ` +
      `labels count from 0: subtract ${least} if that is not meant.`,
  ];
}

/** The classes of labels that are texts: by name, or by number. */
export interface TextClasses {
  /** Undefined where the labels are numbers. */
  readonly labelNames: readonly string[] | undefined;
  /** @throws UnusableFileError for a text that is none of the classes, with its sample */
  labelsOf(texts: readonly string[], where: string): Labels;
}

/**
 * The classes of training labels.
 *
 * Whole numbers up to 255 stay what they are. So do larger ones where more than 256 are different,
 * and half of those up to the largest are there: they count classes. Other texts are names, sorted.
 *
 * @param texts - of the training samples
 * @param given - names of the classes, if they are known
 * @throws UnusableFileError if there are too many
 */
export function textClasses(
  texts: readonly string[],
  given: readonly string[] | undefined,
  where: string,
): TextClasses {
  const found = new Set(texts);
  const labelNames = given ?? (areNumbers(found) ? undefined : [...found].sort());
  if (labelNames && labelNames.length > MOST_CLASSES) {
    throw new UnusableFileError(
      `${where}: expected ${MOST_CLASSES} classes at most, found ${labelNames.length} different labels`,
    );
  }
  // Names that were given may be those of numbers, unless they are numbers themselves.
  const numbered =
    labelNames === undefined || (given !== undefined && !labelNames.some(isLabelNumber));
  const places = new Map(
    labelNames?.map((name, k) => [name, k]).toReversed() as [string, number][],
  );
  const labelOf = (text: string, place: string): number => {
    const known = places.get(text);
    if (known !== undefined) return known;
    const isIn = labelNames === undefined || Number(text) < labelNames.length;
    if (numbered && isLabelNumber(text) && isIn) return Number(text);
    const wanted = labelNames === undefined ? LABEL_KIND : `one of ${someNames(labelNames)}`;
    throw new UnusableFileError(`${place}: label ${JSON.stringify(text)}: expected ${wanted}`);
  };
  return {
    labelNames,
    labelsOf: (all, from) =>
      asLabels(
        all.map((text, k) => labelOf(text, `${from}: sample ${k}`)),
        from,
      ),
  };
}

/** Whether labels are numbers of classes. */
function areNumbers(texts: ReadonlySet<string>): boolean {
  let largest = 0;
  for (const text of texts) {
    if (!isLabelNumber(text)) return false;
    largest = Math.max(largest, Number(text));
  }
  return largest <= 255 || (texts.size > 256 && largest < 2 * texts.size);
}

function isLabelNumber(text: string): boolean {
  return (/^\d{1,3}$/.test(text) || /^[1-9]\d{3,4}$/.test(text)) && isLabel(Number(text));
}
