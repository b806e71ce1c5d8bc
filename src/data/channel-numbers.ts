/** Means and deviations as they are given: a number for each channel. */

/**
 * Mean and deviation with one number a channel. Flat samples, [features], may have one for all of
 * their features, or one for each; what is not given is 0 and 1.
 *
 * @param shape - of a sample, [channels, height, width]
 * @throws TypeError for another number of them; RangeError for one that can't be
 */
export function channelNumbers(
  shape: readonly [channels: number, height: number, width: number],
  { mean, std }: { readonly mean?: readonly number[] | undefined; readonly std?: readonly number[] | undefined },
): { readonly mean: readonly number[]; readonly std: readonly number[] } {
  const counts = isFlat(shape) ? [1, shape[2]] : [shape[0]];
  check("mean", mean, counts, Number.isFinite, "finite");
  check("std", std, counts, (x) => Number.isFinite(x) && x > 0, "positive and finite");
  const length = Math.max(mean?.length ?? counts[0], std?.length ?? counts[0]);
  const each = (numbers: readonly number[] | undefined, otherwise: number) =>
    numbers?.length === length ? numbers : Array.from({ length }, () => numbers?.[0] ?? otherwise);
  return { mean: each(mean, 0), std: each(std, 1) };
}

/** Whether samples are lists of features, and no images. */
export function isFlat([channels, height]: readonly [number, number, number]): boolean {
  return channels === 1 && height === 1;
}

function check(
  what: string,
  numbers: readonly number[] | undefined,
  counts: readonly number[],
  isGood: (x: number) => boolean,
  wanted: string,
): void {
  if (numbers === undefined) return;
  if (!counts.includes(numbers.length)) {
    const [first, features] = counts;
    const expected =
      features === undefined
        ? `one number for each of the ${first} channels`
        : `one number, or one for each of the ${features} features`;
    throw new TypeError(`${what} must have ${expected}, found ${numbers.length}`);
  }
  if (!numbers.every(isGood)) throw new RangeError(`${what} must be ${wanted}, found [${numbers.join(", ")}]`);
}
