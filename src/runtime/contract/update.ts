/** Kernels of one optimizer step, and its numbers. Layouts: see ../kernel-table.ts. */
import { KERNEL_SHAPE } from "./composites.js";

/** Names of the float32 slots of a hyper block (16 floats, one block a parameter). */
export const HYPER = {
  tau: 0,
  /**
   * scale of theta given v: theta = delta * shrink(v; threshold). 1 for the proximal and penalty
   * forms.
   */
  delta: 1,
  /**
   * threshold on |v|: lambda for the mirror form, tau * lambda for the proximal form. For groups:
   * already times (1 - lambda0) in the sparse group lasso.
   */
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
  /**
   * 1 - beta1 and 1 - beta2, subtracted in float64: from a float32 beta2 of 0.999 the difference
   * would be off by 5e-5.
   */
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
  /**
   * Groups of `group` consecutive columns (the taps of a kernel); these two write theta only, see
   * compressPairs.
   */
  kernelGroup: 5,
  sparseKernelGroup: 6,
} as const;
/** What is added to the gradient first: values of the `penalty` argument of `update`. */
export const PENALTY = { none: 0, l1: 1, rowGroup: 2 } as const;

export const UPDATE_KERNELS = {
  /**
   * One optimizer step for rows of a weight: v moves, theta follows, and the new pattern is written
   * in the same pass. Split over rows.
   *  move, follow: MOVE, FOLLOW; v, g: f32 [rows, cols]; m1, m2: f32 [rows, cols] or 0 (momentum
   *  and nesterov use m1); hyper: f32 [16], see HYPER; theta: f32 [rows, cols], written if not 0
   *  (may be v itself when follow = none and delta = 1); entries: written if not 0; counts: i32
   *  [rows], always written: non-zeros of theta; changed: i32 [rows], set to 1 where the row's set
   *  of non-zero columns differs from before (only if entries is not 0), else 0; writeBack: 1 = v
   *  := theta after the step (proximal gradient descent); penalty: 1 = hyper[penalty] * sign(v) is
   *  added to g first (Lasso), 2 = hyper[penalty] * v_row / |v_row| (group Lasso; 0 for a zero
   *  row); columns: i32 [cols], ascending, the offset that an entry of each column carries, or 0:
   *  column * T * 4; group: columns in a kernel group (follow = kernelGroup, sparseKernelGroup:
   *  then cols is a multiple of it, theta is needed, entries and changed are not written), else 1.
   */
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
  /**
   * One optimizer step with a frozen pattern: only its weights move, all others keep v and moments.
   * Split over rows. As update, with
   *  entries: the pattern (pairs where follow is a kernel group), used: i32 [rows], its entries of
   *  each row, entryStride: entries a row has room for; theta: written at the pattern's places if
   *  not 0 (pairs need it); counts: i32 [rows], written for pairs: non-zeros; changed: set to 0.
   *  The column of an entry as in convSparseWeightGrad, or offset / (T * 4) if kernelWidth is 0.
   */
  updatePattern: [
    "v",
    "g",
    "m1",
    "m2",
    "hyper",
    "theta",
    "entries",
    "used",
    "counts",
    "changed",
    "entryStride",
    "rows",
    "cols",
    "move",
    "follow",
    "group",
    "pairs",
    ["kernel", KERNEL_SHAPE],
  ],
} as const;
