/**
 * The path of a run: when each of its weights was born, layer by layer.
 *
 * In the inverse scale space view training starts at zero and weights enter one after the other,
 * those that matter first. What enters when is the regularization path; here it is read off a run
 * in steps of an epoch.
 */
import { size } from "../shape-size.js";
import { UnusableFileError } from "../errors.js";
import type { Births } from "../measure/births.js";
import type { EpochMetrics } from "../measure/events.js";

/**
 * The path of one layer. Lists over epochs start with epoch 0, the weights that were there before
 * training.
 */
export interface LayerPath {
  readonly layer: string;
  /** [out, in] or [out, in, kernel height, kernel width] */
  readonly shape: readonly number[];
  readonly weights: number;
  readonly nonZeros: number;
  /** Weights born in each epoch, also those that have died since. */
  readonly births: readonly number[];
  /** Weights that died in each epoch. */
  readonly deaths: readonly number[];
  /** Of the weights that are there now: how many were born, for the last time, in each epoch. */
  readonly survivors: readonly number[];
  /** The weights that are there now: place in the row-major array, and epoch of the last birth. */
  readonly alive: { readonly index: readonly number[]; readonly epoch: readonly number[] };
}

/** What path.json holds. */
export interface BirthPath {
  readonly recipe: string;
  readonly seed?: number;
  /** The last epoch that is in it. */
  readonly epoch: number;
  readonly layers: readonly LayerPath[];
}

/**
 * Puts the path of a run together.
 *
 * @param kept - births as of the last line
 * @param epochs - lines of metrics, epoch 0 first
 * @throws UnusableFileError if the lines don't say what was born in each layer (runs of earlier
 *   versions), or the births are those of others
 */
export function birthPath(
  run: { readonly recipe: string; readonly seed?: number },
  kept: Births,
  epochs: readonly EpochMetrics[],
): BirthPath {
  const last = epochs.length - 1;
  const layers = epochs[last].layers.map(({ name, shape, weights, nonZeros }, place): LayerPath => {
    const own = epochs.map(({ layers: all }) => all[place]);
    const born = own.map((line) => line.births);
    const died = own.map((line) => line.deaths);
    const blank = born.indexOf(undefined);
    if (blank >= 0) {
      throw new UnusableFileError(
        `could not show the path of ${run.recipe}: what was born in epoch ${blank} ` +
          "was not kept (it was trained by an earlier version of bregman)",
      );
    }
    const index: number[] = [];
    const epoch: number[] = [];
    const survivors = epochs.map(() => 0);
    const births = kept.get(`${name}.weight`);
    if (births?.length !== weights || births.some((birth) => birth > epochs.length)) {
      throw new UnusableFileError(
        `could not show the path of ${run.recipe}: expected the births of the ` +
          `${weights} weights of ${name} in ${epochs.length} lines`,
      );
    }
    births.forEach((birth, k) => {
      if (birth === 0) return;
      index.push(k);
      epoch.push(birth - 1);
      survivors[birth - 1]++;
    });
    return {
      layer: name,
      shape,
      weights,
      nonZeros,
      births: born.map((count, k) => (k === 0 ? own[0].nonZeros : count!)),
      deaths: died.map((count) => count!),
      survivors,
      alive: { index, epoch },
    };
  });
  return { ...run, epoch: last, layers };
}

/**
 * The epoch in which at least half of the weights that are there now had been born; undefined if
 * there are none.
 */
export function medianBirth({ survivors, nonZeros }: LayerPath): number | undefined {
  let sum = 0;
  const epoch = survivors.findIndex((count) => (sum += count) >= nonZeros / 2);
  return nonZeros > 0 ? epoch : undefined;
}

/**
 * For each input of a layer the epoch of the earliest birth among the weights that read it and are
 * there now; undefined where there are none. The weights of the start do not count: they were drawn
 * at random.
 */
export function earliestByInput({ shape, alive }: LayerPath): (number | undefined)[] {
  const inputs = size(shape.slice(1));
  const earliest = Array.from({ length: inputs }, (): number | undefined => undefined);
  alive.index.forEach((index, k) => {
    const before = earliest[index % inputs];
    if (alive.epoch[k] === 0) return;
    if (before === undefined || alive.epoch[k] < before) earliest[index % inputs] = alive.epoch[k];
  });
  return earliest;
}
