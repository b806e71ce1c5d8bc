/**
 * A computation by the plans of single samples alone, as predict.wasm has the kernels for: images
 * one by one, of flat samples some side by side.
 */
import type { Network } from "../nn/network.js";
import type { Pool } from "../runtime/pool.js";
import { inPieces } from "./pieces.js";
import type { Computation } from "./queue.js";
import { compileSingle, type SinglePlan } from "./single/compile.js";
import { runInTurns } from "./single/run.js";

/** Flat samples side by side: a whole number of vectors, and few enough to stay near. */
export const SIDE_BY_SIDE = 32;
/** So many cost less one by one. */
const FEW = 8;

/** Makes what computes a network on a pool. */
export function singleComputation(pool: Pool, network: Network): Computation {
  const one = compileSingle(pool, network);
  let together: SinglePlan | undefined;
  const piece = network.model.input.length === 3 ? 1 : SIDE_BY_SIDE;
  return inPieces(network, piece, (inputs, count, out) => {
    if (count > FEW) together ??= compileSingle(pool, network, SIDE_BY_SIDE);
    runInTurns(count > FEW ? together! : one, inputs, out);
  });
}
