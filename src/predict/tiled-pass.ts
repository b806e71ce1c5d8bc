/** A network's forward pass for up to a piece of samples, by the tile of sixteen. */
import { placeNetwork } from "../engine/evaluator.js";
import { createSequence } from "../engine/sequence.js";
import { compile } from "../nn/compile.js";
import { size } from "../shape-size.js";
import { type Layout, layoutOf } from "../nn/layout.js";
import type { Network } from "../nn/network.js";
import type { SampleStore } from "../nn/samples.js";
import { TILE } from "../runtime/kernel-table.js";
import type { Pool } from "../runtime/pool.js";

/** The forward pass of one network. */
export interface TiledPass {
  /** Where samples are put, normalised: [piece, features]. */
  readonly inputs: Float32Array;
  /** Computes the first `count` of them, at most a piece; `out` is [count, outputs]. */
  run(count: number, out: Float32Array): void;
}

/**
 * Puts a network into a pool's memory.
 *
 * @param network - complete (checkNetwork)
 * @param piece - samples at a time, at most: a power of two of tiles
 */
export function createTiledPass(pool: Pool, network: Network, piece: number): TiledPass {
  const { memory } = pool;
  const layout = layoutOf(network.model);
  const placed = placeNetwork(pool, network);
  const features = size(network.model.input);
  const samples = storeFor(pool, piece, features);
  const order = Int32Array.from({ length: samples.count }, (_, k) => k);
  const plans = new Map<number, TiledPass["run"]>();
  const planFor = (tiles: number): TiledPass["run"] => {
    let plan = plans.get(tiles);
    if (!plan)
      plans.set(tiles, (plan = planned(pool, layout, { ...placed, samples, order, tiles })));
    return plan;
  };
  return {
    inputs: memory.f32(samples.inputs, piece * features),
    run(count, out) {
      let tiles = 1;
      while (tiles * TILE < count) tiles *= 2;
      planFor(tiles)(count, out);
    },
  };
}

/** Runs a plan for so many tiles. */
function planned(
  pool: Pool,
  layout: Layout,
  given: ReturnType<typeof placeNetwork> & {
    readonly samples: SampleStore;
    readonly order: Int32Array;
    readonly tiles: number;
  },
): TiledPass["run"] {
  const { parameters, buffers, samples, order, tiles } = given;
  const plan = compile(layout, {
    memory: pool.memory,
    batchSize: tiles * TILE,
    loss: "crossEntropy",
    purpose: "evaluate",
    samples,
    parameters,
    buffers,
  });
  const { forward } = plan.lowerEvaluation();
  const sequence = createSequence(
    pool,
    forward.flatMap(({ ops }) => [...ops]),
  );
  return (count, out) => {
    plan.setBatch(order.subarray(0, count));
    sequence.run();
    plan.readOutput(out);
  };
}

/** Room for samples that come and go. */
function storeFor({ memory }: Pool, count: number, features: number): SampleStore {
  return {
    count,
    features,
    format: "f32",
    inputs: memory.allocate(count * features * 4),
    affine: 0,
    channelSize: features,
    labels: memory.allocate(count * 4),
    targets: 0,
    targetFeatures: 0,
  };
}
