/**
 * Kernels that turn weights into patterns and patterns into their transposes. See
 * ../kernel-table.ts.
 */
import { KERNEL_SHAPE } from "./composites.js";

export const PATTERN_KERNELS = {
  /** Dense theta to a pattern (entries, counts, changed, columns as in update). Split over rows. */
  compress: ["theta", "entries", "counts", "changed", "rows", "cols", "columns"],
  /** A pattern to dense theta. Split over rows. */
  expand: ["entries", "counts", "theta", "rows", "cols", "columns"],
  /**
   * Transposed pattern: rebuilt where needed, or only its values refreshed through `source` if no
   * row has `changed` set. Split over cols (= rows of the transpose).
   *  force: i32 word in memory (offset), non-zero = rebuild whatever `changed` says.
   */
  transpose: [
    "entries",
    "counts",
    "changed",
    "tEntries",
    "tCounts",
    "source",
    "rows",
    "cols",
    "force",
  ],
  /**
   * Dense theta [rows, inner, taps] to pairs: kernels with a non-zero weight. Split over rows.
   * entries: [rows][inner], offset = c * planeBytes;
   *  pairCounts: i32 [rows]; counts: i32 [rows] non-zero weights; changed: i32 [rows], 1 where the
   *  row's set of pairs differs from before.
   */
  compressPairs: [
    "theta",
    "entries",
    "pairCounts",
    "counts",
    "changed",
    "rows",
    "inner",
    "taps",
    "planeBytes",
  ],
  /**
   * Transposed pairs: [inner][rows] of { o * rowBytes, the same weights }. Split over inner
   * channels. Rebuilt only if a row has `changed` set or `force` (as in transpose).
   */
  transposePairs: [
    "entries",
    "pairCounts",
    "changed",
    "tEntries",
    "tCounts",
    "rows",
    "inner",
    "planeBytes",
    "rowBytes",
    "force",
  ],
  /**
   * Transposed pattern of an unstructured convolution, for its input gradient. Split over inner
   * channels c. A weight (o, c, tap) goes to row
   *  tapTable[tap].phase * inner + c of the transpose, with byte offset o * rowBytes +
   *  tapTable[tap].add; tapTable: i32 [taps][2] = { phase, add }. tEntries: [phases *
   *  inner][entryStride]; source as in transpose. Column of an entry as in convSparseWeightGrad.
   */
  transposeConv: [
    "entries",
    "counts",
    "changed",
    "tEntries",
    "tCounts",
    "source",
    "rows",
    "cols",
    "inner",
    "phases",
    "entryStride",
    "tapTable",
    "rowBytes",
    ["kernel", KERNEL_SHAPE],
    "force",
  ],
} as const;
