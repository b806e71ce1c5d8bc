/**
 * Kernels that compute one sample, forward only: positions of the image lie in the lanes.
 *
 * An image is `[channels]` planes, in floats `plane` apart; `at` is the first position of the
 * first one. A plane is H rows, `row` apart, and all around and between them are zeros: between
 * two rows those of the border on either side, at least as many as its readers' padding. So a
 * plane is one run, and each output position of a convolution reads at the same distance. What a
 * kernel writes between the rows, or behind the last one, is zeros: a plane has room for whole
 * vectors of T floats. A vector of features is one plane of one row.
 *
 * `span`: positions from a plane's first to its last, with those between rows. `mask`: i32 [span,
 * in whole vectors of T], -1 at positions of the image, 0 between rows.
 */
import { type Argument, WINDOW } from "./composites.js";

/** One sample's image: strides in floats. */
export const IMAGE = { struct: "image_args", fields: ["at", "plane", "row"] } as const;

/** Output channels that `singleConv` computes together where the weight is dense. */
export const SINGLE_BLOCK = 4;

export const SINGLE_KERNELS = {
  /**
   * A convolution, by the entries of each block of output channels. Split over blocks.
   *  starts: i32 [blocks + 1], where a block's entries start; offsets: u32, of each entry the BYTE
   *  offset from x of what it multiplies at position (0, 0); weights: f32 [entries][block], 0 for
   *  channels there are none of; block: 1 or SINGLE_BLOCK output channels; channels: of the output;
   *  bias: f32 [channels] or 0; residual: an image to be added, its rows as y's, or at 0; relu: 1 =
   *  max(y, 0) at the end.
   */
  singleConv: [
    "starts",
    "offsets",
    "weights",
    "block",
    "x",
    ["y", IMAGE],
    ["residual", IMAGE],
    "bias",
    "mask",
    "channels",
    "span",
    "relu",
  ],
  /**
   * y = W x + bias by the non-zeros of each row. starts: i32 [rows + 1]; offsets: u32, BYTE offsets
   * from x; weights: f32; bias: f32 [rows] or 0. Split over rows.
   */
  singleSparse: ["starts", "offsets", "weights", "bias", "x", "y", "relu"],
  /** The same by a dense weight, f32 [rows][stride]. Split over rows. */
  singleDense: ["w", "stride", "bias", "x", "y", "cols", "relu"],
  /**
   * y[c, i, j] = x[c, i * down, j * across]. tight: 1 = nothing behind a row of y is written.
   * Split over channels.
   */
  singleCopy: [["x", IMAGE], ["y", IMAGE], "height", "width", "down", "across", "tight"],
  /**
   * y = factor[c] x + shift[c] + residual, where x, y and the residual (or at 0) have one row
   * stride. factor, shift: f32 [channels]. Split over channels.
   */
  singleAffine: [
    ["x", IMAGE],
    ["y", IMAGE],
    ["residual", IMAGE],
    "factor",
    "shift",
    "mask",
    "span",
    "relu",
  ],
  /** y = f(x), rows as above; kind and slope: as in `activation`. Split over channels. */
  singleActivation: [["x", IMAGE], ["y", IMAGE], "mask", "span", "kind", "slope"],
  /** As maxPool: height and width are y's. Split over channels. */
  singleMaxPool: [
    ["x", IMAGE],
    ["y", IMAGE],
    "height",
    "width",
    "inHeight",
    "inWidth",
    ["window", WINDOW],
    "relu",
  ],
  /** As avgPool. Split over channels. */
  singleAvgPool: [["x", IMAGE], ["y", IMAGE], "height", "width", ["window", WINDOW]],
} as const satisfies Record<string, readonly Argument[]>;
