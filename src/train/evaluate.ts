/** What networks reach on the samples of a data set that they were not trained on. */
import { InputError } from "../errors.js";
import { kindOf } from "../kinds.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { AnyDataset } from "../data/dataset.js";
import { samplesInUse } from "../data/in-use.js";
import { areBytes } from "../inputs.js";
import { hasAccuracy, type LossKind } from "../nn/loss.js";
import { checkNetwork, type Network } from "../nn/network.js";
import type { Normalization } from "../normalization.js";
import { at } from "../placed.js";
import { COMPUTE_OPTIONS, type ComputeOptions, createPool } from "../runtime/pool.js";
import { createEvaluator, EVALUATION_BATCH } from "../engine/evaluator.js";
import { takeTurns } from "../engine/next-turn.js";
import { judge } from "../measure/each-output.js";
import { nearness } from "../measure/nearness.js";
import { DEFAULTS } from "./fit-options.js";
import { checkInputs, checkOutputs, lossOf } from "./fits-data.js";
import { outOfUnits, targetScale } from "./target-units.js";
import { storeDataset } from "./store-dataset.js";

export interface EvaluateOptions extends ComputeOptions {
  /** Default: as in fit. */
  readonly loss?: LossKind | undefined;
  /**
   * Training samples held out by the run, and the seed they were drawn with: see fit. Default 0:
   * none.
   */
  readonly validation?: number | undefined;
  /** Of the run: see fit. It counts where `validation` is a share. */
  readonly limit?: number | undefined;
  readonly splitSeed?: number | undefined;
  readonly stratify?: boolean | undefined;
  /**
   * For a network that does not say what inputs it expects: subtract the data's channel mean,
   * divide by its deviation. Default true, as in fit.
   */
  readonly normalize?: boolean | undefined;
}

/** Known keys of {@link EvaluateOptions}. */
export const EVALUATE_OPTIONS: OptionKeys<EvaluateOptions> = {
  loss: 1,
  validation: 1,
  limit: 1,
  splitSeed: 1,
  stratify: 1,
  normalize: 1,
  ...COMPUTE_OPTIONS,
};

/** What a network reaches on samples it was not trained on. */
export interface Evaluated {
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** Structural similarity, see FinalMetrics. */
  readonly ssim?: number;
  /** Mean absolute error in the units of the targets, and R^2, see FinalMetrics. */
  readonly testMae?: number;
  readonly testR2?: number;
  readonly validLoss?: number;
  readonly validAccuracy?: number;
}

/**
 * Evaluates networks on the test samples of a data set and on those held out for validation, one
 * after the other.
 *
 * @throws InputError if a network does not fit the data; also as split
 * @example
 * const [before, after] = await evaluate([network, simplify(network)], loadMnist());
 */
export async function evaluate(
  networks: readonly Network[],
  data: AnyDataset,
  options: EvaluateOptions = {},
): Promise<Evaluated[]> {
  if (!Array.isArray(networks)) {
    throw new InputError(`evaluate: expected an array of networks, found ${kindOf(networks)}`);
  }
  const { loss = lossOf(data), normalize = DEFAULTS.normalize } = knownOptions(
    "evaluate",
    options,
    EVALUATE_OPTIONS,
  );
  const { backend, threads, wasm } = options;
  const { used, valid, test } = at("evaluate", () => samplesInUse(data, options));
  const results: Evaluated[] = [];
  const turns = takeTurns();
  for (const network of networks) {
    checkNetwork(network);
    const pool = await createPool({ backend, threads, wasm });
    try {
      checkInputs("evaluate", network.model, data);
      checkOutputs("evaluate", network.model, data, loss);
      const { model } = network;
      // As in training: the loss is then the same.
      const scale = targetScale(model, data, loss);
      const normalization = normalizationFor(network, data, normalize);
      const samples = storeDataset(pool, used, { normalization, scale, batch: EVALUATION_BATCH });
      const judged = scale
        ? { ...network, parameters: outOfUnits(model, network.parameters, scale) }
        : network;
      const evaluator = createEvaluator(pool, judged, { loss, samples });
      const isClassifier = hasAccuracy(loss);
      const onTest = await judge(evaluator, test, turns, {
        ...nearness(model, used, loss, scale),
      });
      const onValid = await judge(evaluator, valid, turns, {});
      const fit = onTest?.regression;
      results.push({
        ...(onTest && {
          testLoss: onTest.loss,
          ...(isClassifier && { testAccuracy: onTest.accuracy }),
        }),
        ...(onTest?.similarity !== undefined && { ssim: onTest.similarity }),
        ...(fit && { testMae: fit.mae, ...(fit.r2 !== undefined && { testR2: fit.r2 }) }),
        ...(onValid && {
          validLoss: onValid.loss,
          ...(isClassifier && { validAccuracy: onValid.accuracy }),
        }),
      });
    } finally {
      await pool.close();
    }
  }
  return results;
}

/**
 * What the network says of its inputs, else what the data's are. @throws InputError if the
 * network's channels are others
 */
export function normalizationFor(
  { model, normalization }: Network,
  data: AnyDataset,
  normalize: boolean,
): Normalization | undefined {
  if (!normalization) return normalize ? data : undefined;
  const [channels, expected] = [data.shape[0], normalization.mean.length];
  const asImages = model.input.length === 3 && areBytes(data.train.inputs);
  if (!asImages || channels === expected) return normalization;
  throw new InputError(
    `evaluate: the network takes inputs of ${expected} channels, a sample of ` +
      `"${data.name}" has ${channels} ([${data.shape.join(", ")}])`,
  );
}
