/**
 * A network prepared for training without data: which ops its steps run and how much memory they
 * take.
 */
import { size } from "../shape-size.js";
import { ruleOf } from "../nn/layers/rules.js";
import { needsTargets } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import { storeSamples, unchanged } from "../nn/store-samples.js";
import { createPool } from "../runtime/pool.js";
import { settingsOf, type FitOptions } from "./fit-options.js";
import { fitTrainer } from "./fit-trainer.js";
import { checkParts } from "./lone-values.js";
import { layerMetrics } from "../measure/metrics.js";
import { startFaults } from "./start-faults.js";
import { weightsOf } from "./warnings.js";

export interface PreparedStep {
  /** Name of the layer, or "input" or "loss". */
  readonly name: string;
  /** Kernels of the forward pass, and of the backward pass with the update. */
  readonly forward: readonly string[];
  readonly backward: readonly string[];
  /** Shape of one sample's output. */
  readonly output: readonly number[];
  readonly weights: number;
  readonly nonZeros: number;
  /** 2 x multiplications of one sample's forward pass, with all weights and with the non-zeros. */
  readonly flops: number;
  readonly flopsNow: number;
}

export interface Prepared {
  readonly steps: readonly PreparedStep[];
  /** Bytes, evaluations being made in the memory of a training step; the data set is not in it. */
  readonly memory: { readonly training: number; readonly parameters: number };
  /** What the start has lost, a line each. */
  readonly faults: readonly string[];
}

/**
 * Prepares a model as `fit` would, and says what it has prepared.
 *
 * @throws what `fit` throws for a model and options that don't fit each other
 */
export async function prepare(model: Model, options: FitOptions): Promise<Prepared> {
  // Labels, unless the options say otherwise.
  const settings = settingsOf(options, { classes: size(model.output) });
  const { loss } = settings;
  checkParts("fit", model, settings);
  const pool = await createPool({ threads: 1 });
  try {
    // Nothing is run, so that one sample will do.
    const inputs = new Uint8Array(size(model.input));
    const targets = needsTargets(loss) ? { targets: new Float32Array(size(model.output)) } : {};
    const samples = storeSamples(pool.memory, [{ inputs, labels: new Uint8Array(1), ...targets }], {
      features: size(model.input),
      targetFeatures: size(model.output),
      ...unchanged(model.input),
    });
    const before = pool.memory.used;
    const trainer = fitTrainer(pool, model, samples, settings, settings.epochs);
    const { plan } = trainer;
    const { forward, loss: lossStage, backward } = plan.lower();
    const layers = new Map(layerMetrics(trainer).map((layer) => [layer.name, layer]));
    const nodes = new Map(model.nodes.map((node) => [node.name, node]));
    const backs = new Map(backward.map((stage) => [stage.name, stage]));
    const steps = [...forward, lossStage].map((stage): PreparedStep => {
      const layer = layers.get(stage.name);
      const node = nodes.get(stage.name);
      const each =
        node && layer ? 2 * (ruleOf(node.layer).multiplicationsPerWeight?.(node.shape) ?? 0) : 0;
      const back = backs.get(stage.name);
      return {
        name: stage.name,
        forward: stage.ops.map(({ kernel }) => kernel),
        backward: [
          ...(back?.ops.map(({ kernel }) => kernel) ?? []),
          ...(back?.gradients.map(() => "update") ?? []),
        ],
        output: node?.shape ?? (stage.name === "input" ? model.input : []),
        weights: layer?.weights ?? 0,
        nonZeros: layer?.nonZeros ?? 0,
        flops: (layer?.weights ?? 0) * each,
        flopsNow: (layer?.nonZeros ?? 0) * each,
      };
    });
    return {
      steps,
      memory: { training: plan.bytes, parameters: pool.memory.used - before - plan.bytes },
      faults: startFaults(model, weightsOf(trainer)),
    };
  } finally {
    await pool.close();
  }
}
