/**
 * Dropout: in training each number is zero with probability p, the others are divided by 1 - p;
 * nothing in evaluation.
 *
 * The mask is a hash of the run's seed, the step, and the place of the number: the gradient
 * recomputes it instead of storing it, and a resumed run draws the same masks.
 */
import { entry } from "../../entry.js";
import { InputError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { op } from "../../runtime/kernel-table.js";
import { tensorArgs, type PlacedTensor } from "../tensor.js";
import { elementwise, SOME_CONSTANT } from "./channels.js";
import { copyOp } from "./join.js";
import { SAME } from "./single.js";
import { named, type LayerBase, type LayerRule, type Lowering } from "./layer.js";

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
  backwardReads: { x: false, y: false },
  accumulates: true,
  fuses: {},
  channels: {
    ...elementwise(() => (x) => x),
    constantsInTraining: (_layer, [x]) =>
      x.map((value) => (value === 0 || Number.isNaN(value) ? value : SOME_CONSTANT)),
  },
  single: SAME,
  fromJson: dropout,
  write: (_layer, { xs, y, node }) => node("Identity", xs, y),
  outputShape: (_layer, [input]) => input,
  forward: (layer, at) => {
    const { random, tiles, xs, y } = at;
    return random ? [maskOp(layer, at, xs[0], y, false)] : [copyOp(xs[0], y, tiles, false)];
  },
  backward: (layer, at) => {
    const { dy, dxs } = at;
    return dxs[0] ? [maskOp(layer, at, dy, dxs[0].tensor, dxs[0].accumulate)] : [];
  },
} satisfies LayerRule<DropoutLayer>;
dropout.entry = entry(
  "dropout",
  { p: { type: "number", least: 0, below: 1, default: 0.5 } },
  dropout,
);

function maskOp(
  { p }: DropoutLayer,
  { tiles, constant, stepSeed }: Lowering,
  x: PlacedTensor,
  y: PlacedTensor,
  accumulate: boolean,
) {
  const { channels, height, width } = y;
  return op("dropout", tiles * channels, {
    x: tensorArgs(x),
    y: tensorArgs(y),
    settings: stepSeed(Math.round(p * 2 ** 32)),
    scale: constant("scale", () => Float32Array.of(1 / (1 - p))),
    tiles,
    channels,
    height,
    width,
    accumulate: accumulate ? 1 : 0,
  });
}
