/** Kernels of linear layers. Layouts and arguments: see ../kernel-table.ts. */
/**
 * A multiple of the rows that the dense kernels compute together (6, in wasm 4): where the shares
 * of two threads meet.
 */
export const DENSE_GRAIN = 12;
/** Epilogue of a product: what happens to a result before it is stored. */
export const EPILOGUE = { none: 0, relu: 1 } as const;

export const LINEAR_KERNELS = {
  /**
   * y = W x + bias by the dense weight. Split over rows of W.
   *  w: f32 [rows, cols]; bias: f32 [rows] or 0; x: f32 [tiles][cols][T]; y: f32 [tiles][rows][T];
   *  epilogue: EPILOGUE.
   */
  denseForward: ["w", "bias", "x", "y", "tiles", "rows", "cols", "epilogue"],
  /**
   * y = W x + bias by a pattern. Split over rows. Also the input gradient, by the transposed
   * pattern: then bias is 0 and
   *  `mask` (f32, laid out as y, or 0) zeroes the result where mask <= 0 (the ReLU's derivative).
   *  `entryStride`: entries a row has room for (= cols of the pattern).
   */
  sparseForward: [
    "entries",
    "counts",
    "bias",
    "x",
    "y",
    "mask",
    "tiles",
    "rows",
    "cols",
    "entryStride",
    "epilogue",
  ],
  /** dx = W^T dy by the dense weight, masked as above. Split over cols of W. */
  denseInputGrad: ["w", "dy", "dx", "mask", "tiles", "rows", "cols"],
  /**
   * g[o, i] = sum over samples of dy[o, b] x[i, b]. Split over rows of g.
   *  dy: f32 [tiles][rows][T]; xRows: f32 [tiles * T][rowStride] row-major, rowStride a multiple of
   *  16, its padding finite; g: f32 [rows, cols]; columns: as packed by packColumns, or 0.
   */
  denseWeightGrad: ["dy", "xRows", "g", "columns", "tiles", "rows", "cols", "rowStride"],
  /**
   * The same gradient for the non-zeros of a pattern only. x: f32 [tiles][cols][T]. Writes g (f32
   * [rows, cols]) at the pattern's places and nowhere else.
   */
  sparseWeightGrad: ["entries", "counts", "dy", "x", "g", "tiles", "rows", "cols"],
  /** g[o] = sum over samples of dy[o, b]. Split over rows. */
  biasGrad: ["dy", "g", "tiles", "rows"],
  /** Finds the columns that differ between the samples of a batch; see kernels/columns.c. One row.
   *  x: f32 [tiles][cols][T]; columns: i32 [1 + cols + 1 + ceil(cols / 16)]. */
  findColumns: ["x", "columns", "tiles", "cols"],
  /**
   * Packs those columns, and one of the others, in place. Split over samples. xRows: f32
   * [samples][rowStride].
   */
  packColumns: ["xRows", "columns", "cols", "rowStride"],
} as const;
