/**
 * The network of the epoch of best validation, kept while training goes on: what `keep: "best"`
 * returns and saves, and what a classifier's test samples are looked at with, once, at the end.
 *
 * It is what was validated: with `average` the averages, with `freshStatistics` those statistics.
 * Of a sparse parameter the non-zeros are kept and their places. In a checkpoint they stand beside
 * the trainer's tensors, so that a resumed run has them too, as small files have their weights
 * (export/stored-weight.ts); earlier versions wrote kept/<name> whole.
 */
import type { Trainer } from "../engine/trainer.js";
import { UnusableFileError } from "../errors.js";
import type { Tensor } from "../export/safetensors-format.js";
import { packedIfSparse } from "../export/sparse-values.js";
import { readStoredWeight, storedWeight } from "../export/stored-weight.js";
import { isTypedArray } from "../kinds.js";
import type { EpochMetrics, LayerMetrics } from "../measure/events.js";
import type { Values } from "../nn/network.js";
import { at } from "../placed.js";
import type { Shape } from "../regularizers/regularizer.js";
import { isWeightRole, layerOf } from "../runtime/parameter.js";

export interface KeptEpoch {
  /** Keeps the network as it is now, in the place of what was kept before. */
  take(): void;
  /** As tensors of a checkpoint; none before the first `take`. */
  tensors(): [string, Tensor][];
  /**
   * Puts what was kept in the place of the trainer's numbers, to judge and to save, and keeps it no
   * longer; the training must be over.
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
      kept = new Map();
      for (const [name, values] of numbersOf(trainer)) kept.set(name, packedIfSparse(values));
    },
    tensors: () =>
      [...(kept ?? [])].flatMap(([name, values]) => tensorsOf(`${KEPT}${name}`, values)),
    putBack({ layers }) {
      const kernels = kernelsIn(trainer, layers);
      const { tensors, parameters, steps } = trainer.state();
      const put = new Map(tensors);
      for (const [name, values] of kept ?? []) {
        const isTheta = tensors.has(`theta/${name}`);
        put.set(`${isTheta ? "theta" : "buffer"}/${name}`, values);
      }
      kept = undefined;
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
function* numbersOf(trainer: Trainer): Iterable<[string, Values]> {
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

/** What a checkpoint has of some values: their non-zeros, if that is less. */
function tensorsOf(name: string, values: Values): [string, Tensor][] {
  const stored = storedWeight(name, values, "float32");
  if (!stored) return [[name, values]];
  return Object.entries(stored).map(([part, tensor]) => [`${name}.${part}`, tensor]);
}

/** What a checkpoint has kept, in copies. */
function savedIn(trainer: Trainer, saved: ReadonlyMap<string, Tensor>): Map<string, Values> {
  // Its tensors are views of the whole file.
  const copies = new Map<string, Tensor>();
  for (const [name, { shape, data }] of saved)
    if (name.startsWith(KEPT)) copies.set(name, { shape, data: data.slice() });
  const found = new Map<string, Values>();
  for (const [name, { shape }] of numbersOf(trainer)) {
    found.set(name, readKept(copies, `${KEPT}${name}`, shape));
  }
  return found;
}

/** @throws UnusableFileError if there is nothing, or nothing of this shape */
function readKept(saved: ReadonlyMap<string, Tensor>, name: string, shape: Shape): Values {
  const place = `could not resume: the tensors of ${name}`;
  const stored = at(place, () => readStoredWeight(saved, name, shape));
  if (stored) return stored;
  const whole = saved.get(name);
  if (whole?.shape.join() === shape.join() && isTypedArray(whole.data, "Float32Array"))
    return packedIfSparse({ shape, data: whole.data });
  throw new UnusableFileError(
    `could not resume: expected a tensor ${name} of shape [${shape.join(", ")}]`,
  );
}
