/** Kernels that pool windows of planes. Layouts: conv.ts. */
import { TENSOR } from "./composites.js";

export const POOL_KERNELS = {
  /**
   * y = max over a size x size window, moved by stride, no padding (height, width: output); NaN if
   * there is one in it. relu not 0: y = max(that, 0). Split over units = tile * channels + channel.
   */
  maxPool: [
    ["x", TENSOR],
    ["y", TENSOR],
    "tiles",
    "channels",
    "height",
    "width",
    "size",
    "stride",
    "relu",
  ],
  /**
   * dx of maxPool: dy goes to the first maximum of its window (row-major), found by x >= y (relu
   * not 0: nothing goes where y is not > 0); every other position of dx's inHeight x inWidth
   * interior is 0 (unless accumulate). Split as maxPool.
   */
  maxPoolGrad: [
    ["x", TENSOR],
    ["y", TENSOR],
    ["dy", TENSOR],
    ["dx", TENSOR],
    "tiles",
    "channels",
    "height",
    "width",
    "inHeight",
    "inWidth",
    "size",
    "stride",
    "accumulate",
    "relu",
  ],
  /**
   * y = mean over a window, as maxPool. The global average pool is size = the plane, height = width
   * = 1 (size is then sizeHeight x sizeWidth).
   */
  avgPool: [
    ["x", TENSOR],
    ["y", TENSOR],
    "tiles",
    "channels",
    "height",
    "width",
    "sizeHeight",
    "sizeWidth",
    "stride",
  ],
  /**
   * dx of avgPool: each position of a window gets dy / its size; every other position of dx's
   * inHeight x inWidth interior is 0 (unless accumulate).
   */
  avgPoolGrad: [
    ["dy", TENSOR],
    ["dx", TENSOR],
    "tiles",
    "channels",
    "height",
    "width",
    "inHeight",
    "inWidth",
    "sizeHeight",
    "sizeWidth",
    "stride",
    "accumulate",
  ],
} as const;
