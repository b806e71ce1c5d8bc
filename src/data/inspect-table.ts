/** Looks at a CSV file that nobody has said anything of: how it is written, and what is in it. */
import { csvParser } from "#libraries";
import { UnusableFileError } from "../errors.js";
import { numberOf, type DecimalMark } from "./csv-cells.js";
import { eachRow, readCsvPieces } from "./csv-text.js";
import { type ColumnInspector, inspectColumn, type InspectedColumn } from "./inspect-columns.js";

export interface InspectedTable {
  readonly rows: number;
  readonly columns: readonly InspectedColumn[];
  readonly delimiter: string;
  readonly decimal: DecimalMark;
  /** Whether the first row names the columns. */
  readonly header: boolean;
  readonly odd: readonly string[];
}

const DELIMITERS = [",", ";", "\t", "|"];
const COMMA = /^[+-]?\d*,\d+$/;
/** Rows by which the way of writing is told. */
const FIRST_ROWS = 100;

/**
 * Inspects a table.
 *
 * @param most - bytes of a piece that it is read in. Default: those that a string holds
 * @throws as `readCsvPieces`; UnusableFileError for a file without rows
 */
export function inspectTable(path: string, most?: number): InspectedTable {
  const pieces = readCsvPieces(path, ",", most);
  const beginning: string = pieces.next().value;
  const first = beginning.slice(0, 2 ** 18).split("\n", FIRST_ROWS);
  // The mark that is there most often, in the row that has the fewest of it.
  const times = (mark: string) =>
    first
      .filter((line) => line.trim() !== "")
      .reduce((least, line) => Math.min(least, line.split(mark).length), Infinity);
  const delimiter = DELIMITERS.reduce((best, mark) => (times(mark) > times(best) ? mark : best));
  const head = parsed(first.join("\n"), delimiter);
  if (head.length === 0) throw new UnusableFileError(`${path}: expected rows, found none`);
  const cells = head.slice(1).flat();
  const decimal =
    delimiter !== "," && cells.some((cell) => COMMA.test(cell.trim())) ? "," : ("." as const);
  const isNumber = (cell: string) => !Number.isNaN(numberOf(cell.trim(), decimal));
  const header = !head[0].some(isNumber);
  const names = head[0].map((cell, k) => (header ? cell.trim() : `column ${k}`));
  const inspectors: ColumnInspector[] = names.map((name) => inspectColumn(name, decimal));
  let [row, rows, ragged] = [0, 0, 0];
  let firstRagged = 0;
  const look = (data: readonly string[]) => {
    row++;
    if ((data.length === 1 && data[0].trim() === "") || (header && row === 1)) return;
    if (data.length !== names.length) {
      ragged++;
      firstRagged ||= row;
      return;
    }
    rows++;
    for (const [k, inspector] of inspectors.entries()) inspector.add(data[k]);
  };
  for (let text: string | undefined = beginning; text !== undefined; text = pieces.next().value) {
    eachRow(text, delimiter, ({ data }) => look(data));
  }
  const odd = [
    ...(ragged > 0
      ? [`rows with other than ${names.length} cells: ${ragged}, the first is row ${firstRagged}`]
      : []),
    ...names.flatMap((name, k) => (header && name === "" ? [`column ${k} has no name`] : [])),
  ];
  return {
    rows,
    columns: inspectors.map((inspector) => inspector.result()),
    delimiter,
    decimal,
    header,
    odd,
  };
}

function parsed(text: string, delimiter: string): string[][] {
  const { data } = csvParser().parse<string[]>(text, { delimiter, newline: "\n" });
  return data.filter((cells) => cells.length > 1 || cells[0].trim() !== "");
}
