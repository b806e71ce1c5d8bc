/**
 * The sampled dual: the gradient of a linear layer's zero weights from a part of the batch, that of its non-zeros exactly.
 *
 *     zero weights    sum over the drawn samples b of dy_b x_b^T / p_b,    p_b in proportion to |dy_b| |x_b|, at most 1
 *     non-zeros       sum over all samples
 *
 * Unbiased. In a trained net few samples have a gradient worth speaking of, and these few are drawn. Source: importance sampling
 * of gradients by their norms (Katharopoulos and Fleuret, ICML 2018, equation (20), the bound by the last layer's norms); the
 * draw: kernels/sample.c.
 */
import { TILE, op, type Op } from "../../runtime/kernel-table.js";
import type { Parameter } from "../../runtime/parameter.js";
import { paddedRow, type Lowering } from "./layer.js";

/** Weights below which a layer's gradient costs less than the draw: a product of 128 samples takes as long as five launches. */
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

/** Whether the step estimates this weight's gradient. A weight on dense kernels has hardly a zero to estimate for. */
export function isSampled({ kernel, rows, cols }: Parameter, { sampled, frozen }: Lowering): boolean {
  return sampled !== undefined && !frozen && kernel === "sparse" && rows * cols >= LEAST_WEIGHTS;
}

/** The ops. */
export function sampledGradient({ rows, cols, pattern }: Parameter, at: Lowering): Op[] {
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
  const { entries, counts } = pattern!;
  return [
    op("sampleNorms", tiles, { dy: dy.offset, x, norms, rows, cols }),
    op("drawSamples", 1, { norms, settings, tolerance, drawn, factors, samples }),
    op("gatherSamples", samples, { drawn, factors, dy: dy.offset, x, xRows, dyOut, xOut, rows, cols, rowStride }),
    op("sampledWeightGrad", rows, { drawn, dy: dyOut, xRows: xOut, g, rows, cols, rowStride }, 12),
    op("sparseWeightGrad", rows, { entries, counts, dy: dy.offset, x, g, tiles, rows, cols }),
  ];
}
