/**
 * Batch-norm statistics estimated anew: the mean, over batches of training samples, of each batch's
 * mean and (unbiased) variance, with the weights as they are now.
 *
 * After weights were cut the running statistics are those of another network, and the accuracy
 * suffers more than it must.
 */
import { InputError } from "../errors.js";
import { knownOptions } from "../known-options.js";
import type { AnyDataset } from "../data/dataset.js";
import { samplesInUse } from "../data/in-use.js";
import { compile } from "../nn/compile.js";
import { ruleOf } from "../nn/layers/rules.js";
import { layoutOf } from "../nn/layout.js";
import { checkNetwork, type Network } from "../nn/network.js";
import { modelOf } from "../nn/rebuild.js";
import { at } from "../placed.js";
import { createPool } from "../runtime/pool.js";
import { writeProgram } from "../runtime/program.js";
import { EVALUATE_OPTIONS, normalizationFor, type EvaluateOptions } from "./evaluate.js";
import { placeNetwork } from "../engine/evaluator.js";
import { DEFAULTS } from "./fit-options.js";
import { withDefaults } from "../without-undefined.js";
import { checkInputs, lossOf } from "./fits-data.js";
import { checkParts } from "./lone-values.js";
import { storeDataset } from "./store-dataset.js";

export interface StatisticsOptions extends EvaluateOptions {
  /** Samples of a batch. Default 128. */
  readonly batchSize?: number | undefined;
  /** Batches to take the mean over, at most as many as there are samples for. Default 50. */
  readonly batches?: number | undefined;
}

/**
 * The network with the statistics of its batch norms estimated on training samples: those held out
 * stay out, and with a `limit` those that a training with it does not use.
 *
 * @throws InputError for numbers that can't be; also if the network does not fit the data
 * @example
 * const pruned = prune(network, { density: 0.02 });
 * const better = await reestimateBatchNorm(pruned, data, { validation: 5000 });
 */
export async function reestimateBatchNorm(
  network: Network,
  data: AnyDataset,
  options: StatisticsOptions = {},
): Promise<Network> {
  knownOptions("reestimateBatchNorm", options, { ...EVALUATE_OPTIONS, batchSize: 1, batches: 1 });
  const { batchSize, normalize } = withDefaults(DEFAULTS, options);
  const { batches = 50 } = options;
  const { loss = lossOf(data), backend, threads, wasm } = options;
  for (const [name, value] of Object.entries({ batchSize, batches })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new InputError(
        `reestimateBatchNorm: ${name} must be a positive integer, found ${value}`,
      );
    }
  }
  checkNetwork(network);
  if (network.buffers.size === 0) return network;
  checkInputs("reestimateBatchNorm", network.model, data);
  const { used, train } = at("reestimateBatchNorm", () => samplesInUse(data, options));
  const size = Math.min(batchSize, train.length);
  checkParts("reestimateBatchNorm", network.model, {
    samples: train.length,
    batchSize: size,
    microBatches: 1,
  });
  // With momentum 1 the running statistics are those of the last batch.
  const entries = network.model.nodes.map((node) => {
    const { layer } = node;
    const { batchStatistics } = ruleOf(layer);
    return batchStatistics ? { ...node, layer: batchStatistics.withMomentum(layer, 1) } : node;
  });
  const model = modelOf(network.model.input, entries);
  const pool = await createPool({ backend, threads, wasm });
  try {
    const { memory } = pool;
    const places = placeNetwork(pool, { ...network, model }, { transpose: true });
    const samples = storeDataset(pool, used, {
      normalization: normalizationFor(network, data, normalize),
      batch: size,
    });
    const plan = compile(layoutOf(model), {
      memory,
      batchSize: size,
      loss,
      purpose: "train",
      samples,
      ...places,
    });
    const program = writeProgram(
      memory,
      plan.lowerStatistics().forward.flatMap(({ ops }) => ops),
    );
    const count = Math.min(batches, Math.floor(train.length / size));
    const sums = new Map(
      [...network.buffers].map(([name, { data: old }]) => [name, new Float64Array(old.length)]),
    );
    for (let k = 0; k < count; k++) {
      plan.setBatch(train.subarray(k * size, (k + 1) * size));
      pool.run(program);
      for (const [name, sum] of sums) {
        memory
          .f32(places.buffers.get(name)!, sum.length)
          .forEach((value, i) => (sum[i] += value / count));
      }
    }
    const buffers = new Map(
      [...network.buffers].map(([name, { shape }]) => [
        name,
        { shape, data: Float32Array.from(sums.get(name)!) },
      ]),
    );
    return { ...network, buffers };
  } finally {
    await pool.close();
  }
}
