/**
 * The kernels, and the meaning of their arguments: the one contract between TypeScript and C.
 *
 * Every kernel has the same C signature, `void kernel(char *memory, const int32_t *args, int begin, int end)`, and works
 * on the rows [begin, end) of its op. An op is {@link OP_WORDS} int32 words in shared memory: kernel id, rows, grain
 * (chunk borders fall on multiples of it; {@link WHOLE_SHARES}), parts (see {@link Op}), then the arguments in the order listed here. Arguments are integers: byte offsets into
 * the shared memory (0 = absent), counts, strides (in elements) and flags. Numbers that change from step to step
 * (tau, lambda, ...) live in a float32 "hyper" block in memory, see {@link HYPER}.
 *
 * Layouts (T = {@link TILE}): an activation is `[tiles][features][T]`, sample b sits in tile floor(b / T), lane b mod T;
 * lanes beyond the batch hold zeros or garbage that no kernel lets leak into a gradient. A weight is `[rows, cols]`
 * row-major, rows = outputs. A pattern (CSR with fixed row starts) is `entries: [rows][cols] of { uint32 offset, float32
 * value }`, of which the first `counts[r]` of row r are in use, in ascending column order; offset = column * T * 4, the
 * byte offset of that feature within a tile. Its transpose has the same form, with rows and columns exchanged, and
 * `source: [cols][rows] int32`, for each of its entries the index (in entries) of the same weight in the pattern.
 */

/* oxlint-disable unicorn/no-useless-spread -- keeps several argument names on a line */

import { IMAGE_KERNELS } from "./image-kernels.js";
import { PLANE_KERNELS } from "./plane-kernels.js";
import { STEP_KERNELS } from "./step-kernels.js";

/** Samples in one tile, the innermost dimension of every activation. */
export const TILE = 16;

/** int32 words in one op; the arguments start at word {@link OP_ARGS}. */
export const OP_WORDS = 32;
export const OP_ARGS = 4;

/** Names of the float32 slots of a hyper block (16 floats, one block a parameter). */
export const HYPER = {
  tau: 0,
  /** scale of theta given v: theta = delta * shrink(v; threshold). 1 for the proximal and penalty forms. */
  delta: 1,
  /** threshold on |v|: lambda for the mirror form, tau * lambda for the proximal form. For groups: already times (1 - lambda0) in the sparse group lasso. */
  threshold: 2,
  /** threshold on a group's norm, sqrt(n) included. */
  groupThreshold: 3,
  beta1: 4,
  beta2: 5,
  eps: 6,
  /** factor on m1: 1 / (1 - beta1^k), or 1 for the form without first-moment correction. */
  correction1: 7,
  /** factor on m2: 1 / (1 - beta2^k). */
  correction2: 8,
  /** lambda of the Lasso penalty whose subgradient is added to the gradient (flag `penalty`). */
  penalty: 9,
  /** 1 - beta1 and 1 - beta2, subtracted in float64: from a float32 beta2 of 0.999 the difference would be off by 5e-5. */
  gain1: 10,
  gain2: 11,
} as const;

/** How v moves: values of the `move` argument of `update`. */
export const MOVE = { plain: 0, momentum: 1, adam: 2, nesterov: 3 } as const;
/** How theta follows v: values of the `follow` argument of `update`. */
export const FOLLOW = {
  none: 0,
  l1: 1,
  nonNegative: 2,
  rowGroup: 3,
  sparseRowGroup: 4,
  /** Groups of `group` consecutive columns (the taps of a kernel); these two write theta only, see compressPairs. */
  kernelGroup: 5,
  sparseKernelGroup: 6,
} as const;
/** A multiple of the rows that the dense kernels compute together (6, in wasm 4): where the shares of two threads meet. */
export const DENSE_GRAIN = 12;
/** Epilogue of a product: what happens to a result before it is stored. */
export const EPILOGUE = { none: 0, relu: 1 } as const;

/** Kernel names in the order of their ids, each with its arguments in order. */
export const KERNELS = {
  /** Fetches samples by index from a uint8 data set and normalises them. Split over tiles (rows = tiles).
   *  data: u8 [samples, features]; indices: i32 [tiles * T], -1 = an absent sample, filled with zeros;
   *  affine: f32 [2, features / channelSize], per channel c scale then shift: x = u8 * scale[c] + shift[c];
   *  out: f32 [tiles][features][T]; rowsOut (optional): f32 [tiles * T][rowStride], the same samples row-major. */
  gatherU8: ["data", "indices", "affine", "out", "rowsOut", "features", "channelSize", "rowStride"],
  /** The same from float32 data [samples, features], without normalisation. */
  gatherF32: ["data", "indices", "out", "rowsOut", "features", "rowStride"],
  /** y = W x + bias by the dense weight. Split over rows of W.
   *  w: f32 [rows, cols]; bias: f32 [rows] or 0; x: f32 [tiles][cols][T]; y: f32 [tiles][rows][T]; epilogue: EPILOGUE. */
  denseForward: ["w", "bias", "x", "y", "tiles", "rows", "cols", "epilogue"],
  /** y = W x + bias by a pattern. Split over rows. Also the input gradient, by the transposed pattern: then bias is 0 and
   *  `mask` (f32, laid out as y, or 0) zeroes the result where mask <= 0 (the ReLU's derivative).
   *  `entryStride`: entries a row has room for (= cols of the pattern). */
  sparseForward: ["entries", "counts", "bias", "x", "y", "mask", "tiles", "rows", "cols", "entryStride", "epilogue"],
  /** dx = W^T dy by the dense weight, masked as above. Split over cols of W. */
  denseInputGrad: ["w", "dy", "dx", "mask", "tiles", "rows", "cols"],
  /** [tiles][features][T] to row-major [tiles * T][rowStride]. Split over tiles. */
  tilesToRows: ["x", "out", "features", "rowStride"],
  /** g[o, i] = sum over samples of dy[o, b] x[i, b]. Split over rows of g.
   *  dy: f32 [tiles][rows][T]; xRows: f32 [tiles * T][rowStride] row-major, rowStride a multiple of 16, its padding finite; g: f32 [rows, cols];
   *  columns: as packed by packColumns, or 0. */
  denseWeightGrad: ["dy", "xRows", "g", "columns", "tiles", "rows", "cols", "rowStride"],
  /** The same gradient for the non-zeros of a pattern only. x: f32 [tiles][cols][T]. Writes g (f32 [rows, cols]) at the pattern's places and nowhere else. */
  sparseWeightGrad: ["entries", "counts", "dy", "x", "g", "tiles", "rows", "cols"],
  /** g[o] = sum over samples of dy[o, b]. Split over rows. */
  biasGrad: ["dy", "g", "tiles", "rows"],
  /** Mean softmax cross-entropy over the `count` samples of the batch. Split over tiles.
   *  logits: f32 [tiles][classes][T]; labels: i32 [samples]; indices: i32 [tiles * T], -1 = absent;
   *  grad: f32 like logits or 0, = (softmax - onehot) / count, zero for absent samples;
   *  partial: f32 [tiles][2]: the tile's sum (not mean) of losses, and its number of correct predictions (first maximum wins).
   *  A non-finite logit makes the loss non-finite. `count` lives at word 0 of `counts` (i32).
   *  smoothing: f32 s, or 0: onehot is then (1 - s) onehot + s / classes, in grad and in the loss. */
  crossEntropy: ["logits", "labels", "indices", "grad", "partial", "counts", "classes", "smoothing"],
  /** Mean squared error over count * features elements. Split over tiles.
   *  y, target: f32 [tiles][features][T]; grad: 2 (y - target) / (count * features), or 0; partial: [tiles][2]: sum of squares, and 0. */
  meanSquaredError: ["y", "target", "indices", "grad", "partial", "counts", "features"],
  /** One optimizer step for rows of a weight: v moves, theta follows, and the new pattern is written in the same pass. Split over rows.
   *  move, follow: MOVE, FOLLOW; v, g: f32 [rows, cols]; m1, m2: f32 [rows, cols] or 0 (momentum and nesterov use m1);
   *  hyper: f32 [16], see HYPER; theta: f32 [rows, cols], written if not 0 (may be v itself when follow = none and delta = 1);
   *  entries: written if not 0; counts: i32 [rows], always written: non-zeros of theta; changed: i32 [rows], set to 1 where the
   *  row's set of non-zero columns differs from before (only if entries is not 0), else 0;
   *  writeBack: 1 = v := theta after the step (proximal gradient descent); penalty: 1 = hyper[penalty] * sign(v) is added to g first (Lasso),
   *  2 = hyper[penalty] * v_row / |v_row| (group Lasso; 0 for a zero row); columns: i32 [cols], ascending, the offset that an entry
   *  of each column carries, or 0: column * T * 4; group: columns in a kernel group (follow = kernelGroup, sparseKernelGroup:
   *  then cols is a multiple of it, theta is needed, entries and changed are not written), else 1. */
  update: [
    "v",
    "g",
    "m1",
    "m2",
    "hyper",
    "theta",
    "entries",
    "counts",
    "changed",
    "rows",
    "cols",
    "move",
    "follow",
    "writeBack",
    "penalty",
    "columns",
    "group",
  ],
  /** Dense theta to a pattern (entries, counts, changed, columns as in update). Split over rows. */
  compress: ["theta", "entries", "counts", "changed", "rows", "cols", "columns"],
  /** A pattern to dense theta. Split over rows. */
  expand: ["entries", "counts", "theta", "rows", "cols", "columns"],
  /** Transposed pattern: rebuilt where needed, or only its values refreshed through `source` if no row has `changed` set. Split over cols (= rows of the transpose).
   *  force: i32 word in memory (offset), non-zero = rebuild whatever `changed` says. */
  transpose: ["entries", "counts", "changed", "tEntries", "tCounts", "source", "rows", "cols", "force"],
  ...IMAGE_KERNELS,
  ...PLANE_KERNELS,
  /** One optimizer step with a frozen pattern: only its weights move, all others keep v and moments. Split over rows. As update, with
   *  entries: the pattern (pairs where follow is a kernel group), used: i32 [rows], its entries of each row, entryStride: entries a row has room for;
   *  theta: written at the pattern's places if not 0 (pairs need it); counts: i32 [rows], written for pairs: non-zeros; changed: set to 0.
   *  The column of an entry as in convSparseWeightGrad, or offset / (T * 4) if kernelWidth is 0. */
  updatePattern: [
    ...["v", "g", "m1", "m2", "hyper", "theta", "entries", "used", "counts", "changed", "entryStride", "rows", "cols"],
    ...["move", "follow", "group", "pairs", "planeSize", "rowSize", "kernelHeight", "kernelWidth"],
  ],
  ...STEP_KERNELS,
} as const;

export type Kernel = keyof typeof KERNELS;

/**
 * The grain of an op of which every thread takes its share at once, not in chunks: what its rows have in common is read
 * from memory once a chunk.
 */
export const WHOLE_SHARES = 2 ** 20;

/** One step of a program. Built by {@link op}. */
export interface Op {
  readonly kernel: Kernel;
  readonly rows: number;
  readonly grain: number;
  readonly args: Readonly<Record<string, number>>;
  /**
   * Not 0: joined to the op before it. Both are cut into so many parts (a divisor of their rows), and a thread that takes
   * part k runs it through all ops that are joined before it takes another. So part k of an op may depend on part k of the
   * ops before it in the chain, but on none of their other parts. The first op of a program is joined to nothing.
   */
  readonly parts?: number;
}

/** Builds an op; the compiler checks that every argument of the kernel is given, and no other. */
export function op<K extends Kernel>(
  kernel: K,
  rows: number,
  args: Record<(typeof KERNELS)[K][number], number>,
  grain = 1,
): Op {
  return { kernel, rows, grain, args };
}

const KERNEL_IDS: ReadonlyMap<string, number> = new Map(Object.keys(KERNELS).map((name, id) => [name, id]));

/** Writes an op's words at `words[at ...]`. */
export function encodeOp(step: Op, words: Int32Array, at: number): void {
  words.fill(0, at, at + OP_WORDS);
  words[at] = KERNEL_IDS.get(step.kernel)!;
  words[at + 1] = step.rows;
  words[at + 2] = step.grain;
  words[at + 3] = step.parts ?? 0;
  KERNELS[step.kernel].forEach((name, k) => {
    words[at + OP_ARGS + k] = step.args[name];
  });
}
