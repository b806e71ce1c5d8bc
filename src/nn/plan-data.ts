/**
 * What a plan keeps in memory beside its tensors: the batch's indices, constants of its ops, sums
 * of the loss.
 */
import { InputError } from "../errors.js";
import { AUGMENT_WORDS } from "../runtime/contract/data.js";
import { TILE } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";

/**
 * How the samples of a batch are changed, [samples][AUGMENT_WORDS] as an augmenter draws it: see
 * data/augment.ts.
 */
export type Augmentation = Int32Array;

export interface PlanData {
  /** i32 [tiles * T]: indices of the batch's samples, -1 = none. */
  readonly indices: number;
  /** i32 [1]: samples in the batch. */
  readonly counts: number;
  /** f32 [tiles][2]: see the loss kernels. */
  readonly partial: number;
  /** i32 [tiles * T][AUGMENT_WORDS], or 0. */
  readonly augment: number;
  /**
   * Sets the samples of the next step: their indices in the store, at most tiles * T of them.
   *
   * @param augmentation - for a plan that augments
   */
  setBatch(indices: Int32Array, augmentation?: Augmentation): void;
  /** Sets the seed from which the next step's dropout masks follow. */
  setSeed(seed: number): void;
  /**
   * Sum of the losses and number of correct predictions of the last step. Losses sum over samples,
   * or over elements for the squared error.
   */
  readLoss(): { loss: number; correct: number };
  /**
   * Copies the model's output for the last batch to `out`, row-major [samples, features]; the
   * length of `out` says how many samples.
   */
  readOutput(out: Float32Array): void;
  /** Byte offset of constant data; the same key gives the same place. */
  constant(key: string, make: () => Int32Array | Float32Array): number;
  /** Byte offset of i32 { seed, threshold } of a step. */
  stepSeed(step: number, threshold: number): number;
}

export interface PlanDataOptions {
  readonly tiles: number;
  readonly augment: boolean;
  /** Brings samples to where they are gathered from, see SampleStore. */
  readonly fetch?: ((indices: Int32Array) => Int32Array) | undefined;
  /** f32 [tiles][features][T]. */
  readonly output: number;
  readonly outputFeatures: number;
}

/** Allocates a plan's data. */
export function createPlanData(memory: Memory, options: PlanDataOptions): PlanData {
  const { tiles, augment: augments, fetch, output, outputFeatures: features } = options;
  const samples = tiles * TILE;
  const indices = memory.allocate(samples * 4);
  const counts = memory.allocate(4);
  const partial = memory.allocate(tiles * 2 * 4);
  const augment = augments ? memory.allocate(samples * AUGMENT_WORDS * 4) : 0;
  const constants = new Map<string, number>();
  const seeds = new Map<number, number>();
  let seed = 0;
  /** One-to-one in the seed for each step, and different between steps. */
  const mixed = (of: number, step: number) =>
    Math.imul(of, 0x9e3779b1) ^ Math.imul(step, 0x85ebca6b);
  return {
    indices,
    counts,
    partial,
    augment,
    setBatch(batch, augmentation) {
      if (batch.length > samples) {
        throw new InputError(
          `a batch of ${batch.length} samples does not fit a plan of ${samples}`,
        );
      }
      const words = memory.i32(indices, samples);
      words.fill(-1);
      words.set(fetch ? fetch(batch) : batch);
      memory.i32(counts, 1)[0] = batch.length;
      if (augment) {
        const table = memory.i32(augment, samples * AUGMENT_WORDS);
        table.fill(0);
        if (augmentation) table.set(augmentation);
      }
    },
    setSeed(next) {
      seed = next;
      for (const [step, place] of seeds) memory.i32(place, 1)[0] = mixed(seed, step);
    },
    readLoss() {
      const sums = memory.f32(partial, tiles * 2);
      let total = 0;
      let correct = 0;
      for (let t = 0; t < tiles; t++) {
        total += sums[2 * t];
        correct += sums[2 * t + 1];
      }
      return { loss: total, correct };
    },
    readOutput(out) {
      const numbers = memory.f32(output, samples * features);
      for (let i = 0; i < out.length; i++) {
        const sample = Math.floor(i / features);
        out[i] =
          numbers[(Math.floor(sample / TILE) * features + (i % features)) * TILE + (sample % TILE)];
      }
    },
    constant(key, make) {
      let place = constants.get(key);
      if (place === undefined) constants.set(key, (place = memory.put(make())));
      return place;
    },
    stepSeed(step, threshold) {
      let place = seeds.get(step);
      if (place === undefined) {
        seeds.set(step, (place = memory.allocate(8)));
        // Ops may be made after the step's seed was set: the first backward pass is.
        memory.i32(place, 2).set([mixed(seed, step), threshold]);
      }
      return place;
    },
  };
}
