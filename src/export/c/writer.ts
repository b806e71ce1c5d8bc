/** What a layer is written in C with, and what it says. */
import type { Shape } from "../../regularizers/regularizer.js";
import type { Values } from "../../nn/network.js";
import type { WeightLoop } from "./weight.js";

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
