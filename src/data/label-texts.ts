/** The labels of a table, which are texts, as classes: by name, or by number. */
import { UnusableFileError } from "../errors.js";
import { asLabels, isLabel, LABEL_KIND, type Labels, MOST_CLASSES } from "./labels.js";
import { someNames } from "./some-names.js";

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
