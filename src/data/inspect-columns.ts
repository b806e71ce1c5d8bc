/** What is in the columns of a table: numbers or texts, their ranges, what is missing or odd. */
import { MISSING, numberOf, type DecimalMark } from "./csv-cells.js";

/** A column of a table. */
export interface InspectedColumn {
  readonly name: string;
  /** "texts": a cell or more that is there is no number; "nothing": none is there. */
  readonly kind: "numbers" | "texts" | "nothing";
  /** Cells that are missing. */
  readonly missing: number;
  /** Of numbers. */
  readonly least?: number;
  readonly most?: number;
  readonly mean?: number;
  /** How many different values there are; with more than {@link MOST_VALUES} that many. */
  readonly different: number;
  /** The values with how often each is there, the most frequent first, where they are few. */
  readonly values?: readonly (readonly [value: string, count: number])[];
  /** What a person should look at. */
  readonly odd: readonly string[];
}

/** More are counted no further. */
export const MOST_VALUES = 1000;
/** As many are told with their counts. */
const MOST_TOLD = 256;

/** Collects the cells of a column, row by row. */
export interface ColumnInspector {
  /** @param text - undefined: there is none */
  add(text: string | undefined): void;
  result(): InspectedColumn;
}

/** Inspects a column of this name. */
export function inspectColumn(name: string, decimal?: DecimalMark): ColumnInspector {
  const values = new Map<string, number>();
  let [rows, missing, numbers, sum] = [0, 0, 0, 0];
  let [least, most] = [Infinity, -Infinity];
  let firstText: readonly [row: number, text: string] | undefined;
  let isWhole = true;
  const add = (cell: string | undefined): void => {
    rows++;
    const text = cell?.trim();
    if (text === undefined || (MISSING as readonly string[]).includes(text)) {
      missing++;
      return;
    }
    const count = values.get(text);
    if (count !== undefined || values.size < MOST_VALUES) values.set(text, (count ?? 0) + 1);
    const value = numberOf(text, decimal);
    if (Number.isNaN(value)) {
      firstText ??= [rows, text];
      return;
    }
    numbers++;
    sum += value;
    least = Math.min(least, value);
    most = Math.max(most, value);
    isWhole &&= Number.isInteger(value);
  };
  const result = (): InspectedColumn => {
    const there = rows - missing;
    const kind = there === 0 ? "nothing" : firstText ? "texts" : "numbers";
    const isRare = firstText !== undefined && there - numbers < 0.1 * there;
    const odd = [
      ...(there === 0 ? ["it has no value"] : []),
      ...(isRare
        ? [`row ${firstText![0]} has ${JSON.stringify(firstText![1])} among numbers`]
        : []),
      ...(values.size === 1 ? ["it has one value only"] : []),
      ...(kind === "texts" && !isRare && values.size === there && there > 10
        ? ["each row has another text: a name, or an index"]
        : []),
      ...(isWhole && numbers === rows && values.size === Math.min(rows, MOST_VALUES) && rows > 10
        ? most - least === rows - 1
          ? ["it numbers the rows"]
          : []
        : []),
    ];
    const isCounted = values.size < MOST_VALUES && values.size <= MOST_TOLD;
    const byCount = [...values].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return {
      name,
      kind,
      missing,
      ...(kind === "numbers" && { least, most, mean: sum / numbers }),
      different: values.size,
      ...(isCounted && { values: byCount }),
      odd,
    };
  };
  return { add, result };
}
