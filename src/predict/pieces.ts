/** Samples in pieces: where they wait, normalised, until a piece is computed. */
import type { Network } from "../nn/network.js";
import { size } from "../shape-size.js";
import type { Computation } from "./queue.js";
import { normalizerOf } from "./samples-in.js";

/**
 * Computes the first `count` samples of `inputs`, [piece, features], into `out`, [count, outputs].
 */
export type RunPiece = (inputs: Float32Array, count: number, out: Float32Array) => void;

/** A computation of so many samples at a time. */
export function inPieces(network: Network, piece: number, run: RunPiece): Computation {
  const { model } = network;
  const write = normalizerOf(network);
  const features = size(model.input);
  const inputs = new Float32Array(piece * features);
  return {
    piece,
    outputs: size(model.output),
    put: (given, from, to, at) =>
      write(inputs.subarray(at * features, (at + to - from) * features), given, from, to),
    run: (count, out) => run(inputs, count, out),
  };
}
