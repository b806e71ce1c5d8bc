/** Predictions as text: a table, CSV or JSON, a piece after the other. */
import Papa from "papaparse";
import { InputError } from "../errors.js";
import { topClasses } from "../predict/classes.js";
import { percent } from "../report/format.js";
import type { Paint } from "./paint.js";

/** How predictions can be printed. */
export type PredictionFormat = "table" | "csv" | "json";

export interface PredictionOptions {
  readonly format: PredictionFormat;
  /** Of a classifier; without them the outputs are told as they are. */
  readonly labelNames: readonly string[] | undefined;
  /** Of a network for regression: what its outputs are, where that is known. */
  readonly targetNames?: readonly string[] | undefined;
  /** Numbers that the network has for a sample. */
  readonly outputs: number;
  /** Classes to tell for each sample. */
  readonly top: number;
  readonly paint: Paint;
}

/** Some samples by their names, with what the network made of them. */
export interface Predictions {
  readonly names: readonly string[];
  /** [names, outputs], row-major. */
  readonly outputs: Float32Array;
}

/** A text in parts. */
export interface PredictionText {
  readonly begin: string;
  /** @throws InputError for outputs that are not finite */
  piece(predictions: Predictions): string;
  readonly end: string;
}

/** Outputs that a table has room for. */
const MOST_COLUMNS = 8;

/** A writer of predictions. */
export function predictionText(options: PredictionOptions): PredictionText {
  return { table, csv, json }[options.format](options);
}

function table({
  labelNames,
  targetNames,
  outputs,
  top,
  paint,
}: PredictionOptions): PredictionText {
  const shown = Math.min(outputs, MOST_COLUMNS);
  const rest = labelNames ? 0 : outputs - shown;
  const columns = labelNames
    ? Array.from({ length: 2 * top }, (_, k) => (k % 2 === 0 ? "label" : "probability"))
    : (targetNames?.slice(0, shown).map(printable) ?? numbered("output", shown));
  const head = ["sample", ...columns];
  const isText = head.map((name) => name === "sample" || name === "label");
  // They grow with what comes: no piece knows the next one.
  const widths = head.map((name) => name.length);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, k) => `  ${isText[k] ? cell.padEnd(widths[k]) : cell.padStart(widths[k])}`)
      .join("")
      .trimEnd();
  const cellsOf = ({ name, values }: Sample): string[] => {
    const cells = labelNames
      ? topClasses(values, top, labelNames).flatMap(({ label, probability }) => [
          label!,
          percent(probability),
        ])
      : Array.from(values.subarray(0, shown), (x) => x.toPrecision(6));
    return [name, ...cells].map(printable);
  };
  let isFirst = true;
  return {
    begin: "",
    piece(predictions) {
      const rows = samplesOf(predictions, outputs).map(cellsOf);
      for (const cells of rows)
        cells.forEach((cell, k) => (widths[k] = Math.max(widths[k], cell.length)));
      const lines = rows.map((cells) => `${line(cells)}${rest > 0 ? "  ..." : ""}\n`);
      if (isFirst) lines.unshift(`${paint("dim", line(head))}\n`);
      isFirst = false;
      return lines.join("");
    },
    end: rest > 0 ? `  (${rest} more outputs: --csv and --json have all)\n` : "",
  };
}

function csv({ labelNames, targetNames, outputs, top }: PredictionOptions): PredictionText {
  const keys = ["class", "label", "probability"];
  const head = labelNames
    ? numbered("", top).flatMap((k) =>
        keys.map((key) => (k === "0" ? key : `${key}${Number(k) + 1}`)),
      )
    : (targetNames ?? numbered("output", outputs));
  const text = (rows: readonly (readonly (string | number)[])[]): string =>
    `${Papa.unparse(rows as (string | number)[][], { newline: "\n" })}\n`;
  return {
    begin: text([["name", ...head]]),
    piece: (predictions) =>
      text(
        samplesOf(predictions, outputs).map(({ name, values }) => [
          name,
          ...(labelNames
            ? topClasses(values, top, labelNames).flatMap((one) => [
                one.class,
                one.label!,
                one.probability,
              ])
            : values),
        ]),
      ),
    end: "",
  };
}

function json({ labelNames, targetNames, outputs, top }: PredictionOptions): PredictionText {
  let before = "";
  return {
    begin: "[",
    piece: (predictions) =>
      samplesOf(predictions, outputs)
        .map(({ name, values }) => {
          if (!labelNames) {
            const targets = targetNames?.map((target, k) => [target, values[k]]);
            const told = targets && { targets: Object.fromEntries(targets) as object };
            return { name, outputs: [...values], ...told };
          }
          const classes = topClasses(values, top, labelNames);
          return { name, ...classes[0], ...(top > 1 && { top: classes }) };
        })
        .map((sample) => {
          const text = `${before}\n${JSON.stringify(sample)}`;
          before = ",";
          return text;
        })
        .join(""),
    end: "\n]\n",
  };
}

interface Sample {
  readonly name: string;
  readonly values: Float32Array;
}

function samplesOf({ names, outputs }: Predictions, length: number): Sample[] {
  return names.map((name, k) => {
    const values = outputs.subarray(k * length, (k + 1) * length);
    const bad = values.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new InputError(
        `sample ${name}: the network's output ${bad} is not finite, found ${values[bad]}`,
      );
    }
    return { name, values };
  });
}

function numbered(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, k) => `${what}${k}`);
}

/** Names come from files: what would move the terminal's cursor is told as JSON tells it. */
function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
