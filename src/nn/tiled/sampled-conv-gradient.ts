/**
 * The sampled dual of a convolution (sampled-gradient.ts): the drawn samples' planes are copied
 * into tiles of their own, and the dense kernel runs on these.
 *
 * Samples are the unit, not tiles or rows of them: in a net that has learned something most of a
 * tile's samples have hardly a gradient, but all its rows have (figures: docs/log.md).
 */
import { TILE, op, type Op } from "../../runtime/kernel-table.js";
import type { FieldValues } from "../../runtime/contract/composites.js";
import type { CONV_KERNELS } from "../../runtime/contract/conv.js";
import { strides, tensorBytes, type TensorShape } from "../tensor.js";
import type { Lowering } from "./rule.js";
import { drawOps, drawPlaces } from "./sampled-gradient.js";

/**
 * Multiplications at a position for each number that is copied there. With so few, norms and copies
 * take 45 % of what the whole gradient takes (estimated: bench/NOTES.md).
 */
const LEAST_MULTIPLICATIONS = 128;

/** Vectors that are copied at a time, by one thread. */
const GATHER_GRAIN = 32;

/** The parts of the scratch behind the draw, and its size. */
function places(x: TensorShape, dy: TensorShape, tiles: number) {
  const dyAt = drawPlaces(tiles).end;
  const xAt = dyAt + tensorBytes(dy, tiles);
  return { dy: dyAt, x: xAt, size: xAt + tensorBytes(x, tiles) };
}

/** Bytes that {@link sampledConvGradient} writes for its own use; 0 where it would not pay. */
export function sampledConvBytes(
  x: TensorShape,
  dy: TensorShape,
  { taps, tiles }: { readonly taps: number; readonly tiles: number },
): number {
  const multiplications = (x.channels * dy.channels * taps) / (x.channels + dy.channels);
  return tiles < 2 || multiplications < LEAST_MULTIPLICATIONS ? 0 : places(x, dy, tiles).size;
}

/** The ops that estimate the gradient of every weight, in place of this exact one's. */
export function sampledConvGradient(
  { tiles: _tiles, ...exact }: FieldValues<typeof CONV_KERNELS.convDenseWeightGrad>,
  at: Lowering,
  grain: number,
): Op[] {
  const { dy, xs, tiles } = at;
  const [x] = xs;
  const from = places(x, dy, tiles);
  const rows = strides(dy).tile / TILE;
  const cols = strides(x).tile / TILE;
  const { ops, drawn, factors } = drawOps(at, { rows, cols });
  const { scratch } = at.sampled!;
  const [dyOut, xOut] = [scratch + from.dy, scratch + from.x];
  const copied = {
    dy: { ...exact.dy, at: exact.dy.at - dy.offset + dyOut },
    x: { ...exact.x, at: exact.x.at - x.offset + xOut },
  };
  const gather = (vectors: number, args: { x: number; out: number; factors: number }) =>
    op("gatherPlanes", vectors, { drawn, vectors, ...args }, GATHER_GRAIN);
  return [
    ...ops,
    gather(rows, { x: dy.offset, out: dyOut, factors }),
    gather(cols, { x: x.offset, out: xOut, factors: 0 }),
    op("convSampledWeightGrad", exact.rows, { ...exact, ...copied, drawn }, grain),
  ];
}
