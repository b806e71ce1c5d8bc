/**
 * The axes of a sweep's figure: the fields that differ, then density and validation, each a scale
 * from its lowest value (0) to its highest (1).
 */
import { largest, smallest } from "../extremes.js";
import type { SweepTable, SweptTrial } from "../sweep/table.js";
import { shown } from "../sweep/trials.js";
import { figure, parameter, percent } from "./format.js";

export interface SweepAxis {
  readonly name: string;
  /** Where a trial is, from 0 to 1; undefined if it has no value here. */
  readonly place: (row: SweptTrial) => number | undefined;
  /** The value of a trial in words. */
  readonly text: (row: SweptTrial) => string;
  readonly ticks: readonly { readonly place: number; readonly text: string }[];
}

/** Positive values that span more than this factor are spread over powers of ten. */
const LOG_FROM = 20;

/** The axes of a sweep. */
export function sweepAxes({ rows, grid, by }: SweepTable): SweepAxis[] {
  const isOne = (values: readonly unknown[]) =>
    new Set(values.map((one) => JSON.stringify(one))).size < 2;
  const recipes = rows.map(({ recipe }) => recipe);
  const fields = Object.keys(grid.ranges).filter(
    (field) => !isOne(rows.map(({ values }) => values[field])),
  );
  return [
    ...(isOne(recipes) ? [] : [words("recipe", rows, ({ recipe }) => recipe)]),
    ...fields.map((field) => fieldAxis(field, rows)),
    ...figureAxis("density", rows, ({ density }) => density?.mean, percent),
    ...(by === "validAccuracy"
      ? figureAxis("validation", rows, (row) => row.validAccuracy?.mean, percent)
      : figureAxis("validation loss", rows, (row) => row.validLoss?.mean, figure)),
  ];
}

function fieldAxis(field: string, rows: readonly SweptTrial[]): SweepAxis {
  const value = ({ values }: SweptTrial) => values[field];
  const name = field.split(".").slice(-2).join(".");
  return rows.every((row) => typeof value(row) === "number")
    ? numbers(name, rows, (row) => value(row) as number, parameter)
    : words(name, rows, value);
}

function figureAxis(
  name: string,
  rows: readonly SweptTrial[],
  value: (row: SweptTrial) => number | undefined,
  format: (value: number) => string,
): SweepAxis[] {
  return rows.some((row) => value(row) !== undefined) ? [numbers(name, rows, value, format)] : [];
}

function numbers(
  name: string,
  rows: readonly SweptTrial[],
  value: (row: SweptTrial) => number | undefined,
  format: (value: number) => string,
): SweepAxis {
  const values = rows.flatMap((row) => value(row) ?? []);
  const [low, high] = [smallest(values), largest(values)];
  const isLog = low > 0 && high / low > LOG_FROM;
  const [to, from] = isLog ? [Math.log10, (x: number) => 10 ** x] : [Number, Number];
  const span = to(high) - to(low);
  const place = (x: number) => (span > 0 ? (to(x) - to(low)) / span : 0.5);
  const ticks = span > 0 ? [0, 0.25, 0.5, 0.75, 1].map((at) => from(to(low) + at * span)) : [low];
  return {
    name,
    place: (row) => {
      const x = value(row);
      return x === undefined ? undefined : place(x);
    },
    text: (row) => {
      const x = value(row);
      return x === undefined ? "–" : format(x);
    },
    ticks: ticks.map((x) => ({ place: place(x), text: format(Number(x.toPrecision(3))) })),
  };
}

function words(
  name: string,
  rows: readonly SweptTrial[],
  value: (row: SweptTrial) => unknown,
): SweepAxis {
  const keys = [...new Set(rows.map((row) => JSON.stringify(value(row))))].sort();
  const place = (k: number) => (keys.length > 1 ? k / (keys.length - 1) : 0.5);
  return {
    name,
    place: (row) => place(keys.indexOf(JSON.stringify(value(row)))),
    text: (row) => shown(value(row)),
    ticks: keys.map((key, k) => ({ place: place(k), text: shown(JSON.parse(key)) })),
  };
}
