/**
 * Entry point `bregman/predict` where there is no Node: what a page loads. The same functions, with
 * kernels of their own (predict.wasm) that compute single samples; docs/browser.md says how small.
 *
 * One thread, unless more are asked for. Images are computed one by one, of flat samples some at a
 * time; `bregman/browser` computes batches of images by the tile.
 */
import { InputError } from "../errors.js";
import type { Network } from "../nn/network.js";
import { bindModule, wasmBackend } from "../runtime/backend.js";
import { SINGLE_KERNELS } from "../runtime/contract/single.js";
import type { Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import { startPool } from "../runtime/pool.js";
import { writeOps, type Program } from "../runtime/program.js";
import { startWebWorker } from "../runtime/start-worker.js";
import { checkThreads } from "../runtime/threads.js";
import { compileWasm } from "../runtime/wasm.js";
import { predictWith, type PredictOptions } from "./kept.js";
import { PREDICT_WASM } from "./predict-wasm.js";
import {
  predictorWith,
  type Engine,
  type Predictor,
  type PredictorOptions,
} from "./predictor-with.js";
import type { PredictInputs } from "./samples-in.js";
import { singleComputation } from "./single-computation.js";
import type { NetworkSource } from "./source.js";

export { topClasses } from "./classes.js";

const HOW = { bind: bindModule, write: writeSingle, startWorker: startWebWorker };

const ENGINE: Engine = {
  async start(_network, { backend = "auto", wasm, threads = 1 }) {
    if (backend !== "auto" && backend !== "wasm")
      throw new InputError(
        `createPredictor: backend must be "wasm" or "auto" here, found ${JSON.stringify(backend)}`,
      );
    checkThreads(threads);
    const reason = "it is all that there is without Node";
    const loaded = wasmBackend(await compileWasm(PREDICT_WASM, wasm), reason);
    return startPool({ ...HOW, backend: loaded, threads });
  },
  computation: singleComputation,
};

function writeSingle(memory: Memory, ops: readonly Op[]): Program {
  return writeOps(SINGLE_KERNELS, memory, ops);
}

/** As `createPredictor` of predictor.ts. */
export async function createPredictor(
  source: NetworkSource,
  options: PredictorOptions = {},
): Promise<Predictor> {
  return predictorWith(ENGINE, source, options);
}

/** As `predict` of predict.ts. */
export async function predict(
  network: Network,
  inputs: PredictInputs,
  options: PredictOptions = {},
): Promise<Float32Array> {
  return predictWith(createPredictor, network, inputs, options);
}
