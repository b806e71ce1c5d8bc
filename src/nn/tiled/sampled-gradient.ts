/**
 * The sampled dual: the gradient of a layer's zero weights from a part of the batch, that of its
 * non-zeros exactly.
 *
 *     zero weights    sum over the drawn samples b of g_b / p_b,    p_b in proportion to |dy_b| |x_b|, at most 1
 *     non-zeros       sum over all samples of g_b
 *
 * where g_b, a sample's gradient, is dy_b x_b^T, and in a convolution the sum of such products over
 * its positions: there |dy_b| |x_b|, of whole planes, bounds its norm. Unbiased. In a trained net
 * few samples have a gradient worth speaking of, and these few are drawn. Source: Drineas, Kannan
 * and Mahoney, SIAM J. Comput. 36 (2006), for the product of two matrices from columns and rows
 * drawn by the product of their norms; the draw: kernels/sample.c.
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

/** Where a draw is, in bytes from the start of the scratch, and where what follows it may begin. */
export function drawPlaces(tiles: number) {
  const samples = tiles * TILE;
  const norms = 0;
  const drawn = norms + samples * 4;
  // Rounded up to whole vectors, so that all that follows is aligned as it began.
  const factors = drawn + Math.ceil((samples + 1) / TILE) * TILE * 4;
  return { norms, drawn, factors, end: factors + samples * 4 };
}

/**
 * The ops that draw samples of the batch.
 *
 * @param rows - vectors of dy in a tile
 * @param cols - the same of x
 */
export function drawOps(at: Lowering, { rows, cols }: { rows: number; cols: number }) {
  const { tiles, xs, dy } = at;
  const { scratch, tolerance } = at.sampled!;
  const places = drawPlaces(tiles);
  const [norms, drawn, factors] = [places.norms, places.drawn, places.factors].map(
    (place) => scratch + place,
  );
  const settings = at.stepSeed(0);
  const samples = tiles * TILE;
  const ops: Op[] = [
    op("sampleNorms", tiles, { dy: dy.offset, x: xs[0].offset, norms, rows, cols }),
    op("drawSamples", 1, { norms, settings, tolerance, drawn, factors, samples }),
  ];
  return { ops, drawn, factors };
}

/** Where the parts of a linear layer's scratch begin, in bytes, and its size. */
function places(rows: number, cols: number, tiles: number) {
  const samples = tiles * TILE;
  const dy = drawPlaces(tiles).end;
  const x = dy + samples * rows * 4;
  return { dy, x, size: x + samples * paddedRow(cols) * 4 };
}

/** Bytes that {@link sampledGradient} writes for its own use; 0 where it would not pay. */
export function sampledBytes(rows: number, cols: number, tiles: number): number {
  return rows * cols < LEAST_WEIGHTS ? 0 : places(rows, cols, tiles).size;
}

/**
 * Whether the step estimates this weight's gradient. Not where the exact one of the non-zeros alone
 * costs as much as that of all weights, as on dense kernels.
 */
export function isSampled({ gradient }: Parameter, { sampled, frozen }: Lowering): boolean {
  return sampled !== undefined && !frozen && gradient === "pattern";
}

/** The ops that estimate the gradient of every weight of a linear layer. */
export function sampledGradient({ rows, cols }: Parameter, at: Lowering): Op[] {
  const { tiles, xs, dy, xRows, gradients } = at;
  const { scratch } = at.sampled!;
  const from = places(rows, cols, tiles);
  const [dyOut, xOut] = [scratch + from.dy, scratch + from.x];
  const rowStride = paddedRow(cols);
  const { ops, drawn, factors } = drawOps(at, { rows, cols });
  const common = { drawn, rows, cols, rowStride };
  const tensors = { dy: dy.offset, x: xs[0].offset, xRows, dyOut, xOut };
  return [
    ...ops,
    op("gatherSamples", tiles * TILE, { ...common, ...tensors, factors }),
    op(
      "sampledWeightGrad",
      rows,
      { ...common, dy: dyOut, xRows: xOut, g: gradients[0] },
      DENSE_GRAIN,
    ),
  ];
}
