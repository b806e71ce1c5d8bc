/** What the cells of a table are: numbers, categories, or nothing. */

/** A number as text, with a point before its decimals. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The mark before decimals. */
export type DecimalMark = "." | ",";

/** Texts that mean that a cell is missing, unless it is said otherwise. */
export const MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "?"] as const;

/** Whether a text is written as a number. */
export function isNumber(text: string, decimal?: DecimalMark): boolean {
  return NUMBER.test(withPoint(text, decimal));
}

/** The number that a text is; NaN if it is none, or too large. */
export function numberOf(text: string, decimal?: DecimalMark): number {
  const plain = withPoint(text, decimal);
  const value = NUMBER.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** With decimals behind a comma a point is no part of a number. */
function withPoint(text: string, decimal: DecimalMark = "."): string {
  if (decimal === ".") return text;
  return text.includes(".") ? "" : text.replace(",", ".");
}

/**
 * A column of categories while it is read: its cells become places in the list of its texts, in the
 * order in which they come.
 */
export interface Categories {
  readonly texts: readonly string[];
  placeOf(text: string): number;
}

export function newCategories(): Categories {
  const places = new Map<string, number>();
  const texts: string[] = [];
  return {
    texts,
    placeOf(text) {
      const known = places.get(text);
      if (known !== undefined) return known;
      places.set(text, texts.length);
      return texts.push(text) - 1;
    },
  };
}
