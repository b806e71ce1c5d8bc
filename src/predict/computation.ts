/**
 * Which way samples are computed: one at a time, with positions of the image in the lanes; by the
 * tile, with sixteen samples in them; or 32 flat samples side by side, as one wide image. It
 * follows from the network and the number of samples, so that the same call gives the same bits.
 */
import { largest } from "../extremes.js";
import { size } from "../shape-size.js";
import { networkSize } from "../export/size.js";
import type { Model } from "../nn/model.js";
import type { Network } from "../nn/network.js";
import { TILE } from "../runtime/kernel-table.js";
import type { Pool } from "../runtime/pool.js";
import type { Computation } from "./queue.js";
import { inPieces } from "./pieces.js";
import { SIDE_BY_SIDE } from "./single-computation.js";
import { compileSingle, type SinglePlan } from "./single/compile.js";
import { runInTurns } from "./single/run.js";
import { createTiledPass, type TiledPass } from "./tiled-pass.js";

/** Bytes of a step's input and output that a core keeps near. */
const CACHE = 1 << 20;
/**
 * So many of a tile, and its samples push each other out: alone each is faster. The ConvNet has 3
 * MB and takes half the time by the tile, ResNet-18 has 12 MB and takes three times as long.
 */
const LARGE = 6 * CACHE;
/** Tiles of a piece, at most. */
const MOST_TILES = 8;
/** So many images cost less one by one than a tile of sixteen; of flat samples, so many. */
const FEW = { images: 5, flat: 1 };
/** Flat networks below this density are faster side by side than by the tile. */
const SPARSE = 1 / 3;

/** Makes what computes a network on a pool. */
export function computationOf(pool: Pool, network: Network): Computation {
  const { model } = network;
  const single = compileSingle(pool, network);
  const few = model.input.length === 3 ? FEW.images : FEW.flat;
  const perTile = largestStep(model);
  const beside = model.input.length === 1 && isSparse(network);
  const piece = perTile > LARGE ? 1 : beside ? SIDE_BY_SIDE : TILE * tilesOf(perTile, pool.threads);
  const features = size(model.input);
  let tiled: TiledPass | undefined;
  let together: SinglePlan | undefined;
  return inPieces(network, piece, (inputs, count, out) => {
    if (count <= few || perTile > LARGE) {
      runInTurns(single, inputs, out);
      return;
    }
    if (beside && count > TILE) {
      together ??= compileSingle(pool, network, SIDE_BY_SIDE);
      runInTurns(together, inputs, out);
      return;
    }
    tiled ??= createTiledPass(pool, network, piece);
    tiled.inputs.set(inputs.subarray(0, count * features));
    tiled.run(count, out);
  });
}

function isSparse(network: Network): boolean {
  const { weights, nonZeros } = networkSize(network);
  return nonZeros < SPARSE * weights;
}

/** Tiles of a piece whose steps stay near, each thread's its own; a power of two. */
function tilesOf(perTile: number, threads: number): number {
  let tiles = 1;
  while (2 * tiles <= MOST_TILES && 2 * tiles * perTile <= CACHE * threads) tiles *= 2;
  return tiles;
}

/** Bytes that a step reads and writes for a tile, of the step with the most. */
function largestStep({ nodes, input }: Model): number {
  const sizes = nodes.map(({ shape, inputs }) =>
    [shape, ...inputs.map((k) => (k < 0 ? input : nodes[k].shape))].reduce(
      (sum, each) => sum + size(each),
      0,
    ),
  );
  return largest(sizes, 0) * TILE * Float32Array.BYTES_PER_ELEMENT;
}
