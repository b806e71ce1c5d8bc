/** Means and deviations of a data set: a number for each channel. */
import {
  checkBoth,
  checkNormalization,
  type Counts,
  type Normalization,
} from "../normalization.js";

type SampleShape = readonly [channels: number, height: number, width: number];

/**
 * Mean and deviation with one number a channel. Flat samples, [features], may have one for all of
 * their features, or one for each; what is not given is 0 and 1.
 *
 * @param shape - of a sample, [channels, height, width]
 * @throws InputError for what is no list, or another number of them; also for one that can't
 *   be
 */
export function channelNumbers(
  shape: SampleShape,
  { mean, std }: { readonly [Key in keyof Normalization]?: readonly number[] | undefined },
): Normalization {
  checkNormalization({ mean, std }, countsOf(shape));
  const least = isFlat(shape) ? 1 : shape[0];
  const length = Math.max(mean?.length ?? least, std?.length ?? least);
  const each = (numbers: readonly number[] | undefined, otherwise: number) =>
    Array.from({ length }, (_, k) => numbers?.[numbers.length === length ? k : 0] ?? otherwise);
  return { mean: each(mean, 0), std: each(std, 1) };
}

/**
 * Checks those that a data set has: it is plain data, which anybody may have made or changed.
 *
 * @throws as channelNumbers
 */
export function checkChannelNumbers(shape: SampleShape, { mean, std }: Normalization): void {
  checkBoth({ mean, std }, countsOf(shape));
}

/** Whether samples are lists of features, and no images. */
export function isFlat([channels, height]: SampleShape): boolean {
  return channels === 1 && height === 1;
}

function countsOf(shape: SampleShape): Counts {
  const [channels, , features] = shape;
  if (!isFlat(shape)) {
    return {
      fits: (n) => n === channels,
      wanted: `one number for each of the ${channels} channels`,
    };
  }
  return {
    fits: (n) => n === 1 || n === features,
    wanted: `one number, or one for each of the ${features} features`,
  };
}
