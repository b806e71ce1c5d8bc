/**
 * The layers that a recipe can name, in a chain. Not members of their functions, as those of
 * regularizers are: pages that only predict would load them, too.
 */
import { entry } from "../../entry.js";
import { leakyRelu, relu, tanh } from "./activation.js";
import { batchNorm2d } from "./batch-norm2d.js";
import { conv2d } from "./conv2d.js";
import { dropout } from "./dropout.js";
import { flatten } from "./join.js";
import { linear } from "./linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "./pool2d.js";
import { sigmoid } from "./sigmoid.js";
import { silu } from "./silu.js";

const SIDE = { type: "integer", above: 0 } as const;
const WINDOW = { size: SIDE, stride: { ...SIDE, optional: true } } as const;

/** Of layers with parameters. */
const TRAIN_KEY = {
  type: "boolean",
  optional: true,
  about: "false: the layer stays as it is, say as it is in the network that training starts from",
} as const;

export const linearEntry = entry(
  "linear",
  {
    out: { type: "integer", above: 0 },
    bias: { type: "boolean", default: true },
    train: TRAIN_KEY,
  },
  ({ out, ...options }) => linear(out, options),
);

export const conv2dEntry = entry(
  "conv2d",
  {
    out: { type: "integer", above: 0, about: "Output channels" },
    kernel: {
      type: "either",
      of: [SIDE, { type: "tuple", of: [SIDE, SIDE] }],
      says: "a side, or [height, width]",
      about: "Side of the kernel, or [height, width]",
    },
    stride: { type: "integer", above: 0, default: 1 },
    padding: { type: "integer", least: 0, default: 0 },
    bias: { type: "boolean", default: true },
    train: TRAIN_KEY,
  },
  ({ out, ...options }) => conv2d(out, options),
);

export const batchNorm2dEntry = entry(
  "batchNorm2d",
  {
    momentum: { type: "number", above: 0, most: 1, default: 0.1 },
    eps: { type: "number", above: 0, default: 1e-5 },
    train: TRAIN_KEY,
  },
  batchNorm2d,
);

export const reluEntry = entry("relu", {}, () => relu());

export const leakyReluEntry = entry(
  "leakyRelu",
  { slope: { type: "number", above: 0, default: 0.01 } },
  leakyRelu,
);

export const tanhEntry = entry("tanh", {}, () => tanh());

export const sigmoidEntry = entry("sigmoid", {}, () => sigmoid());

export const siluEntry = entry("silu", {}, () => silu());

export const maxPool2dEntry = entry("maxPool2d", WINDOW, ({ size, stride }) =>
  maxPool2d(size, { stride }),
);

export const avgPool2dEntry = entry("avgPool2d", WINDOW, ({ size, stride }) =>
  avgPool2d(size, { stride }),
);

export const globalAvgPool2dEntry = entry("globalAvgPool2d", {}, () => globalAvgPool2d());

export const flattenEntry = entry("flatten", {}, () => flatten());

export const dropoutEntry = entry(
  "dropout",
  { p: { type: "number", least: 0, below: 1, default: 0.5 } },
  dropout,
);
