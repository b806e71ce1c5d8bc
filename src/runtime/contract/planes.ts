/** Kernels over planes: copies, activations, dropout and scaled skips. Layouts: conv.ts. */
import { TENSOR } from "./composites.js";

export const PLANES_KERNELS = {
  /**
   * y = x or y += x, plane by plane, between tensors of different borders or channel ranges. Split
   * over units = tile * channels + channel.
   */
  copyPlanes: [["x", TENSOR], ["y", TENSOR], "tiles", "channels", "height", "width", "accumulate"],
  /**
   * The same from planes of float32 to planes of bf16 (toHalf = 1), or back: strides in numbers.
   */
  convertPlanes: [
    ["x", TENSOR],
    ["y", TENSOR],
    "tiles",
    "channels",
    "height",
    "width",
    "accumulate",
    "toHalf",
  ],
  /**
   * y = f(x) elementwise; kind: ACTIVATION_..., the code of the layer's rule; slope: f32 [1] in
   * memory, if it has one; y may be x. Split over units = tile * channels + channel.
   */
  activation: [
    ["x", TENSOR],
    ["y", TENSOR],
    "kind",
    "slope",
    "tiles",
    "channels",
    "height",
    "width",
  ],
  /**
   * dx = f'(x) dy, from y = f(x) alone (slope > 0), or from x in its place where the layer's rule
   * says so; added if accumulate = 1; dx may be dy. Split as activation.
   */
  activationGrad: [
    ["y", TENSOR],
    ["dy", TENSOR],
    ["dx", TENSOR],
    "kind",
    "slope",
    "tiles",
    "channels",
    "height",
    "width",
    "accumulate",
  ],
  /**
   * y = x * keep / (1 - p) with a mask of its own for each (seed, unit, position, lane):
   * bit-reproducible, same in the gradient (x = dy). settings: i32 [2] in memory =
   *  { seed of this step, p * 2^32: kept where 32 random bits are at least that (unsigned) },
   *  scale: f32 [1]. Split over units = tile * channels + channel.
   */
  dropout: [
    ["x", TENSOR],
    ["y", TENSOR],
    "settings",
    "scale",
    "tiles",
    "channels",
    "height",
    "width",
    "accumulate",
  ],
  /** y += scalar[index] * x over planes. Split over units = tile * channels + channel. */
  addScaled: [
    ["x", TENSOR],
    ["y", TENSOR],
    "scalars",
    "index",
    "tiles",
    "channels",
    "height",
    "width",
  ],
  /**
   * Sums of a * b over planes, for sumPartial. partial: f32 [tiles * channels]. Where one is 0, the
   * other may be anything (absent lanes). Split over units = tile * channels + channel.
   */
  dotPlanes: [["a", TENSOR], ["b", TENSOR], "partial", "tiles", "channels", "height", "width"],
  /** g[index] = the sum of `length` partial sums, in order. One row. */
  sumPartial: ["partial", "length", "g", "index"],
} as const;
