/**
 * What a person should know of a table: columns that are no measurements, and would make training
 * look better than it is.
 */
import type { CsvTable } from "./csv.js";

/** In fewer rows numbers may count them, or go with the labels, by chance. */
const FEWEST_ROWS = 10;
const MOST_NOTES = 5;

/**
 * A line for each column that numbers the rows (whole numbers without a gap, each once, in any
 * order) or that has a value of its own for each class.
 */
export function csvNotes(
  {
    inputs,
    labels,
    count = labels.length,
    columns,
  }: Pick<CsvTable, "inputs" | "labels" | "columns"> & { readonly count?: number },
  where: string,
): string[] {
  if (count < FEWEST_ROWS) return [];
  const faults = columns.flatMap((name, k) => {
    const column = { rows: count, at: (row: number) => inputs[row * columns.length + k] };
    if (numbersRows(column)) return [{ name, what: "numbers the rows; if that is all" }];
    return labels.length > 0 && tellsLabel(column, labels)
      ? [{ name, what: "has another value for each class; if it comes from the label" }]
      : [];
  });
  const notes = faults.slice(0, MOST_NOTES).map(({ name, what }) => {
    const shown = JSON.stringify(name);
    return `${where}: column ${shown} ${what}, leave it out with "ignore": [${shown}].`;
  });
  const more = faults.length - notes.length;
  return more > 0 ? [...notes, `${where}: ${more} more columns are like that.`] : notes;
}

interface Column {
  readonly rows: number;
  at(row: number): number;
}

function numbersRows({ rows, at }: Column): boolean {
  const seen = new Set<number>();
  let [least, most] = [Infinity, -Infinity];
  for (let row = 0; row < rows; row++) {
    const value = at(row);
    if (!Number.isInteger(value) || seen.has(value)) return false;
    seen.add(value);
    least = Math.min(least, value);
    most = Math.max(most, value);
    if (most - least >= rows) return false;
  }
  return true;
}

/** Whether values and labels go together one to one. */
function tellsLabel({ rows, at }: Column, labels: readonly string[]): boolean {
  const labelOf = new Map<number, string>();
  const valueOf = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    const [value, label] = [at(row), labels[row]];
    if ((labelOf.get(value) ?? label) !== label || (valueOf.get(label) ?? value) !== value)
      return false;
    labelOf.set(value, label);
    valueOf.set(label, value);
  }
  return valueOf.size > 1;
}
