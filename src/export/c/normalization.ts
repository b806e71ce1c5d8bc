/**
 * (x - mean) / std of each channel, in C.
 *
 * A mean is two floats where one would be too far off in units of the deviation: near it x - mean
 * is exact, so that what float32 tells apart in the inputs stays apart.
 */
import { size } from "../../shape-size.js";
import type { Network } from "../../nn/network.js";
import type { Arrays } from "./arrays.js";
import { floatText, indented, loop } from "../../nn/layers/c.js";

/** Half of the distance from 1 to the float32 before it. */
const ROUNDING = 2 ** -25;

/** The function that normalises the input, and its name; undefined where the network has none. */
export function writeNormalization(
  { model, normalization }: Network,
  name: string,
  arrays: Arrays,
): { readonly name: string; readonly text: string } | undefined {
  if (!normalization) return undefined;
  const { mean, std } = normalization;
  const add = arrays.adder(name);
  /** An expression of a number of channel c. */
  const each = (what: string, numbers: readonly number[]) =>
    numbers.length === 1 ? floatText(numbers[0]) : `${add(what, "float", numbers)}[c]`;
  // Channels of the data need not be those of the model: each is a run of numbers in a sample.
  const run = size(model.input) / mean.length;
  const rest = mean.map((m) => m - Math.fround(m));
  const centred = `x[c * ${run} + i] - ${each("mean", mean)}`;
  const needsRest = rest.some((r, c) => Math.abs(r) > ROUNDING * std[c]);
  const exact = needsRest ? `${centred} - ${each("rest", rest)}` : centred;
  const factor = each(
    "factor",
    std.map((s) => 1 / s),
  );
  const lines = loop(
    "c",
    mean.length,
    loop("i", run, [`y[c * ${run} + i] = (${exact}) * ${factor};`]),
  );
  const text = [
    "/* (x - mean) / deviation */",
    `${arrays.take()}static void ${name}(const float *x, float *y) {`,
    ...indented(lines),
    "}\n",
  ].join("\n");
  return { name, text };
}
