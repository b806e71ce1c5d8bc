/** What a layer is written in C with, and what it says; export/c has the file around it. */
import { InputError } from "../../errors.js";
import type { Shape } from "../../regularizers/regularizer.js";
import { size } from "../../shape-size.js";
import type { Values } from "../network.js";

/** A loop over a row of a weight, in a loop over rows, `o`. */
export interface WeightLoop {
  /** Stands before the loop over rows. */
  readonly before: readonly string[];
  /**
   * The loop over row `o`: the body for each number that is kept, with expressions of its value (a
   * float) and of its place in the row (an int32_t).
   */
  row(body: (value: string, place: string) => readonly string[]): readonly string[];
  /** What the values of row `o` are to be multiplied with; absent: they are the weights. */
  readonly scale?: string;
}

/** What a layer is written with. In its code inputs are pointers `x`, the output is `y`. */
export interface LayerWriter {
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** The pointers to its inputs: "x", or "x0", "x1", ... of several. */
  readonly xs: readonly string[];
  /** Values of a parameter or buffer of the layer. */
  values(name: string): Values;
  /** Adds numbers to the file, as float; the name of their array. */
  floats(name: string, data: ArrayLike<number>): string;
  /** Adds a weight to the file; the loop over what is in a row of it. */
  weight(name: string): WeightLoop;
}

/** What a layer does: code, or nothing. */
export type LayerCode =
  | {
      /** Lines of the body of a function. */
      readonly lines: readonly string[];
      /** Each number of y is made of the numbers at the same place alone: y may be one of the x. */
      readonly inPlace?: true;
    }
  /** Its output is part of its one input, from this number on. */
  | { readonly view: number };

/** How a kind is written in C. */
export type WriteC<L> = (layer: L, writer: LayerWriter) => LayerCode;

/** Of a layer of one input that gives a function of each number, `x[i]`. */
export function eachNumber<L>(expression: (layer: L) => string): WriteC<L> {
  return (layer, { output }) => ({
    lines: loop("i", size(output), [`y[i] = ${expression(layer)};`]),
    inPlace: true,
  });
}

/** Lines, two columns to the right. */
export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** A loop of `variable` from 0 to below `count`. */
export function loop(variable: string, count: number | string, body: readonly string[]): string[] {
  return [
    `for (int32_t ${variable} = 0; ${variable} < ${count}; ${variable}++) {`,
    ...indented(body),
    "}",
  ];
}

/** Digits that tell any two float32 apart. */
const ALL_DIGITS = 9;
/** A decimal that is so near is read as this float, however the compiler rounds: half of half of
 * the distance to the next. */
const NEAR = 2 ** -26;

/**
 * A float32 as C reads it back, to the bit, in as few digits as that takes.
 *
 * @throws InputError for what is not finite
 */
export function floatText(x: number): string {
  if (!Number.isFinite(x))
    throw new InputError(`expected finite numbers in a network to be written as C, found ${x}`);
  const rounded = Math.fround(x);
  let text = "";
  for (let digits = 1; digits <= ALL_DIGITS; digits++) {
    text = String(Number(rounded.toPrecision(digits)));
    if (Math.abs(Number(text) - rounded) <= NEAR * Math.abs(rounded)) break;
  }
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
