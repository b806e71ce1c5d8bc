/**
 * All kernels, by families. Apart from what writes ops (kernel-table.ts): a page that only predicts
 * loads one family.
 */
import { BATCH_NORM_KERNELS } from "./contract/batch-norm.js";
import type { Argument } from "./contract/composites.js";
import { CONV_KERNELS } from "./contract/conv.js";
import { DATA_KERNELS } from "./contract/data.js";
import { GRADIENT_KERNELS } from "./contract/gradient.js";
import { LINEAR_KERNELS } from "./contract/linear.js";
import { LOSS_KERNELS } from "./contract/loss.js";
import { PATTERN_KERNELS } from "./contract/pattern.js";
import { PLANES_KERNELS } from "./contract/planes.js";
import { POOL_KERNELS } from "./contract/pool.js";
import { SAMPLE_KERNELS } from "./contract/sample.js";
import { SINGLE_KERNELS } from "./contract/single.js";
import { UPDATE_KERNELS } from "./contract/update.js";

/**
 * Kernel names in the order of their ids, each with its arguments in order. Those of one sample
 * come first: predict.wasm has no others (kernels/kernels.c).
 */
export const KERNELS = {
  ...SINGLE_KERNELS,
  ...DATA_KERNELS,
  ...LINEAR_KERNELS,
  ...CONV_KERNELS,
  ...BATCH_NORM_KERNELS,
  ...POOL_KERNELS,
  ...PLANES_KERNELS,
  ...LOSS_KERNELS,
  ...GRADIENT_KERNELS,
  ...SAMPLE_KERNELS,
  ...UPDATE_KERNELS,
  ...PATTERN_KERNELS,
} as const satisfies Record<string, readonly Argument[]>;
