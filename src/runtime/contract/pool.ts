/** Kernels that pool windows of planes. Layouts: conv.ts. */
import { TENSOR, WINDOW } from "./composites.js";

export const POOL_KERNELS = {
  /**
   * y = max over what a window has of x's inHeight x inWidth (height, width: output); NaN if there
   * is one in it. relu not 0: y = max(that, 0). Split over units = tile * channels + channel.
   */
  maxPool: [
    ["x", TENSOR],
    ["y", TENSOR],
    "channels",
    "height",
    "width",
    "inHeight",
    "inWidth",
    ["window", WINDOW],
    "relu",
  ],
  /**
   * dx of maxPool: dy goes to the first maximum of its window (row-major), found by x >= y; every
   * other position of dx's inHeight x inWidth interior is 0. how: 1 = add to dx, 2 = nothing goes
   * where y is not > 0 (a ReLU is behind), 3 = both. Split as maxPool.
   */
  maxPoolGrad: [
    ["x", TENSOR],
    ["y", TENSOR],
    ["dy", TENSOR],
    ["dx", TENSOR],
    "channels",
    "height",
    "width",
    "inHeight",
    "inWidth",
    ["window", WINDOW],
    "how",
  ],
  /**
   * y = mean over a window, of which what is beyond the image counts as zeros. The global average
   * pool has the plane as its window, height = width = 1.
   */
  avgPool: [
    ["x", TENSOR],
    ["y", TENSOR],
    "channels",
    "height",
    "width",
    "inHeight",
    "inWidth",
    ["window", WINDOW],
  ],
  /**
   * dx of avgPool: each position of a window gets dy / its size; every other position of dx's
   * inHeight x inWidth interior is 0 (unless accumulate).
   */
  avgPoolGrad: [
    ["dy", TENSOR],
    ["dx", TENSOR],
    "channels",
    "height",
    "width",
    "inHeight",
    "inWidth",
    ["window", WINDOW],
    "accumulate",
  ],
} as const;
