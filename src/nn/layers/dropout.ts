/**
 * Dropout: in training each number is zero with probability p, the others are divided by 1 - p;
 * nothing in evaluation.
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import type { WriteC } from "./c.js";
import { elementwise, SOME_CONSTANT } from "./channels.js";
import type { WriteOnnx } from "./onnx.js";
import { SAME } from "./single.js";
import { named, type LayerBase, type LayerRule } from "./layer.js";

export interface DropoutLayer extends LayerBase {
  readonly kind: "dropout";
  readonly p: number;
}

const OPTIONS: OptionKeys<{ p?: number | undefined; name?: string | undefined }> = {
  p: 1,
  name: 1,
};

/** Drops each number with probability p (default 0.5). @throws InputError unless p is in [0, 1) */
export function dropout(
  options: { p?: number | undefined; name?: string | undefined } = {},
): DropoutLayer {
  const { p = 0.5, name } = knownOptions("dropout", options, OPTIONS);
  if (!(p >= 0 && p < 1)) throw new InputError(`dropout: p must be in [0, 1), found ${p}`);
  return { kind: "dropout", p, ...named(name) };
}

dropout.rule = {
  inputs: 1,
  channels: {
    ...elementwise(() => (x) => x),
    constantsInTraining: (_layer, [x]) =>
      x.map((value) => (value === 0 || Number.isNaN(value) ? value : SOME_CONSTANT)),
  },
  single: SAME,
  fromJson: dropout,
  outputShape: (_layer, [input]) => input,
} satisfies LayerRule<DropoutLayer>;

export const dropoutEntry = /* @__PURE__ */ entry(
  "dropout",
  {
    p: {
      type: "number",
      least: 0,
      below: 1,
      default: 0.5,
      about: "Share of the values that training sets to zero",
    },
  },
  dropout,
);

export const dropoutOnnx: WriteOnnx<DropoutLayer> = (_layer, { xs, y, node }) =>
  node("Identity", xs, y);

export const dropoutC: WriteC<DropoutLayer> = () => ({ view: 0 });
