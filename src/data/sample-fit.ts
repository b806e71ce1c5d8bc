/** Arrays of samples, put in the order in which a network takes them. */
import { size } from "../shape-size.js";
import { UnusableFileError } from "../errors.js";
import { type ChannelPlace, channelsFirst, type SampleArray } from "./channels.js";

/** What a network takes. */
export interface Wanted {
  /** Shape of a sample: [features] or [channels, height, width]. */
  readonly input: readonly number[];
  /** Where images of four dimensions have their channels, unless their shape says it. */
  readonly channels?: ChannelPlace | undefined;
}

/**
 * The shape [count, ...] of an array of samples; a sample alone is one of one.
 *
 * @throws UnusableFileError if they are not of the network's shape
 */
export function countedShape(
  shape: readonly number[],
  { input }: Wanted,
  where: string,
): readonly number[] {
  const features = size(input);
  const isAlone = size(shape) === features && size(shape.slice(1)) !== features;
  const counted = isAlone ? [1, ...shape] : shape;
  const [count = 0, ...sample] = counted;
  if (count > 0 && counted.length > 1 && fits(sample, input)) return counted;
  throw new UnusableFileError(
    `${where}: expected samples of shape [${input.join(", ")}], as the network takes them, ` +
      `found an array of [${shape.join(", ")}]`,
  );
}

/** Whether samples of one shape are those of another: flat, or the same without sides of 1. */
function fits(sample: readonly number[], input: readonly number[]): boolean {
  if (size(sample) !== size(input)) return false;
  const [a, b, last] = [sample, input, lastOf(input)].map((shape) => shape.filter((n) => n !== 1));
  const isFlat = a.length < 2 || b.length < 2;
  return isFlat || a.join() === b.join() || a.join() === last.join();
}

/** [channels, height, width] to [height, width, channels]. */
function lastOf([channels, ...rest]: readonly number[]): number[] {
  return [...rest, channels];
}

/** The same samples with their channels first, as the shapes say it or else the caller. */
export function inOrder(
  array: SampleArray,
  { input, channels }: Wanted,
  where: string,
): SampleArray {
  const sample = array.shape.slice(1).join();
  const [isFirst, isLast] = [sample === input.join(), sample === lastOf(input).join()];
  const said = isFirst === isLast ? channels : isFirst ? "first" : "last";
  const { shape } = array;
  // A single channel is first and last.
  if (shape.length !== 4 || (said === undefined && shape[3] === 1)) return array;
  return channelsFirst(array, said, where);
}
