/**
 * The sampled dual: the gradient of a linear layer's zero weights from a part of the batch, that of
 * its non-zeros exactly.
 *
 *     zero weights    sum over the drawn samples b of dy_b x_b^T / p_b,    p_b in proportion to |dy_b| |x_b|, at most 1
 *     non-zeros       sum over all samples
 *
 * Unbiased. In a trained net few samples have a gradient worth speaking of, and these few are
 * drawn. Source: Drineas, Kannan and Mahoney, SIAM J. Comput. 36 (2006), for the product of two
 * matrices from columns and rows drawn by the product of their norms; the draw: kernels/sample.c.
 */
import { DENSE_GRAIN } from "../../runtime/contract/linear.js";
import { TILE, op, type Op } from "../../runtime/kernel-table.js";
import type { Parameter } from "../../runtime/parameter.js";
import { paddedRow, type Lowering } from "./rule.js";

/**
 * A layer with fewer weights is left alone: its whole gradient is a short op, and drawing takes
 * three more. (Estimated, not measured.)
 */
const LEAST_WEIGHTS = 32768;

/** Where the parts of the scratch begin, in bytes, and its size. */
function places(rows: number, cols: number, tiles: number) {
  const samples = tiles * TILE;
  const norms = 0;
  const drawn = norms + samples * 4;
  // Rounded up to whole vectors, so that all that follows is aligned as it began.
  const factors = drawn + Math.ceil((samples + 1) / TILE) * TILE * 4;
  const dy = factors + samples * 4;
  const x = dy + samples * rows * 4;
  return { norms, drawn, factors, dy, x, size: x + samples * paddedRow(cols) * 4 };
}

/** Bytes that {@link sampledGradient} writes for its own use; 0 where it would not pay. */
export function sampledBytes(rows: number, cols: number, tiles: number): number {
  return rows * cols < LEAST_WEIGHTS ? 0 : places(rows, cols, tiles).size;
}

/**
 * Whether the step estimates this weight's gradient. A weight on dense kernels has hardly a zero to
 * estimate for.
 */
export function isSampled({ kernel }: Parameter, { sampled, frozen }: Lowering): boolean {
  return sampled !== undefined && !frozen && kernel === "sparse";
}

/** The ops that estimate the gradient of every weight. */
export function sampledGradient({ rows, cols }: Parameter, at: Lowering): Op[] {
  const { tiles, xs, dy, xRows, gradients } = at;
  const { scratch, tolerance } = at.sampled!;
  const from = places(rows, cols, tiles);
  const place = (part: Exclude<keyof typeof from, "size">) => scratch + from[part];
  const samples = tiles * TILE;
  const x = xs[0].offset;
  const g = gradients[0];
  const [norms, drawn, factors] = [place("norms"), place("drawn"), place("factors")];
  const [dyOut, xOut] = [place("dy"), place("x")];
  const rowStride = paddedRow(cols);
  const settings = at.stepSeed(0);
  return [
    op("sampleNorms", tiles, { dy: dy.offset, x, norms, rows, cols }),
    op("drawSamples", 1, { norms, settings, tolerance, drawn, factors, samples }),
    op("gatherSamples", samples, {
      drawn,
      factors,
      dy: dy.offset,
      x,
      xRows,
      dyOut,
      xOut,
      rows,
      cols,
      rowStride,
    }),
    op(
      "sampledWeightGrad",
      rows,
      { drawn, dy: dyOut, xRows: xOut, g, rows, cols, rowStride },
      DENSE_GRAIN,
    ),
  ];
}
