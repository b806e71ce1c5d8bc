/**
 * The network of the epoch of best validation, kept while training goes on: what `keep: "best"`
 * returns and saves.
 *
 * It is what was validated: with `average` the averages, with `freshStatistics` those statistics.
 * In a checkpoint it stands beside the trainer's tensors, so that a resumed run has it too.
 */
import type { Trainer } from "../engine/trainer.js";
import { UnusableFileError } from "../errors.js";
import type { Tensor } from "../export/safetensors-format.js";
import { isTypedArray } from "../kinds.js";
import type { EpochMetrics, LayerMetrics } from "../measure/events.js";
import { isWeightRole, layerOf } from "../runtime/parameter.js";

export interface KeptEpoch {
  /** Keeps the network as it is now, in the place of what was kept before. */
  take(): void;
  /** As tensors of a checkpoint; none before the first `take`. */
  tensors(): [string, Tensor][];
  /**
   * Puts what was kept in the place of the trainer's numbers, to judge and to save; the training
   * must be over.
   *
   * @param line - of the epoch in which it was taken: layers run on the kernels they had
   */
  putBack(line: EpochMetrics): void;
}

const KEPT = "kept/";

/**
 * Starts without anything kept.
 *
 * @param saved - the tensors of a checkpoint, which has an epoch kept; absent where none is yet
 */
export function createKeptEpoch(trainer: Trainer, saved?: ReadonlyMap<string, Tensor>): KeptEpoch {
  let kept = saved && savedIn(trainer, saved);
  return {
    take() {
      kept = new Map(numbersOf(trainer));
    },
    tensors: () => [...(kept ?? [])].map(([name, tensor]) => [`${KEPT}${name}`, tensor]),
    putBack({ layers }) {
      const kernels = kernelsIn(trainer, layers);
      const { tensors, parameters, steps } = trainer.state();
      const put = new Map(tensors);
      for (const [name, tensor] of kept ?? []) {
        const isTheta = tensors.has(`theta/${name}`);
        put.set(`${isTheta ? "theta" : "buffer"}/${name}`, tensor);
      }
      // Patterns follow theta: what rested in those of the last step does not count.
      for (const name of put.keys()) if (name.startsWith("resting/")) put.delete(name);
      trainer.restore({
        steps,
        cycle: { coarse: 0, left: 0 },
        tensors: put,
        parameters: parameters.map((parameter) => ({
          ...parameter,
          kernel: kernels.get(parameter.name) ?? "dense",
          gradient: "all",
        })),
      });
    },
  };
}

/** Copies of the parameters and buffers, by name. */
function* numbersOf(trainer: Trainer): Iterable<[string, Tensor]> {
  for (const { parameter } of trainer.updaters) {
    const { name, shape } = parameter;
    yield [name, { shape, data: trainer.theta(name) }];
  }
  yield* trainer.buffers();
}

/** The kernels of weights, by their names, as a line of metrics has them. */
function kernelsIn({ updaters }: Trainer, layers: readonly LayerMetrics[]) {
  const ofLayer = new Map(layers.map(({ name, kernel }) => [name, kernel]));
  const weights = updaters.filter(({ parameter }) => isWeightRole(parameter.role));
  return new Map(weights.map(({ parameter }) => [parameter.name, ofLayer.get(layerOf(parameter))]));
}

/** What a checkpoint has kept. */
function savedIn(trainer: Trainer, saved: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  for (const [name, { shape }] of numbersOf(trainer)) {
    const tensor = saved.get(`${KEPT}${name}`);
    if (tensor?.shape.join() !== shape.join() || !isTypedArray(tensor.data, "Float32Array")) {
      throw new UnusableFileError(
        `could not resume: expected a tensor ${KEPT}${name} of shape [${shape.join(", ")}]`,
      );
    }
    found.set(name, { shape, data: tensor.data.slice() });
  }
  return found;
}
