/**
 * Where images in an array of four dimensions have their channels: first, as they are computed
 * with, or last.
 */
import { InputError } from "../errors.js";
import { type AnyInputs, type Inputs, inputsLike } from "../inputs.js";

/** [count, channels, height, width], or [count, height, width, channels]. */
export type ChannelPlace = "first" | "last";

/** An array of samples. */
export interface SampleArray<I extends AnyInputs = Inputs> {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: I;
}

/**
 * The same samples with their channels first.
 *
 * @param channels - where they are. Default: first, unless the shape looks as if they were last
 * @throws InputError for images whose channels may come first or last, if it is not said; for
 * "last" without four dimensions
 */
export function channelsFirst(
  array: SampleArray,
  channels: ChannelPlace | undefined,
  where: string,
): SampleArray {
  const { shape, data } = array;
  if (shape.length !== 4) {
    if (channels !== "last") return array;
    throw new InputError(
      `${where}: data.channels "last" is for images of four dimensions, found [${shape.join(", ")}]; reshape the array`,
    );
  }
  if (!areLast(shape, channels, where)) return array;
  const [count, height, width, last] = shape;
  return { shape: [count, last, height, width], data: moved(data, height * width, last) };
}

/**
 * Colour images are stored both ways, and both ways can be read: what is not said and not plain is
 * asked for.
 */
function areLast(
  shape: readonly number[],
  channels: ChannelPlace | undefined,
  where: string,
): boolean {
  if (channels !== undefined) return channels === "last";
  const isFew = (size: number) => size === 1 || size === 3 || size === 4;
  if (isFew(shape[3]) && !isFew(shape[1])) {
    throw new InputError(
      `${where}: shape [${shape.join(", ")}] may have its channels last; say ` +
        `"channels": "last", or "first" if it has ${shape[1]} channels`,
    );
  }
  return false;
}

/** [count][pixels][channels] to [count][channels][pixels]. */
function moved(from: Inputs, pixels: number, channels: number): Inputs {
  const to = inputsLike(from, from.length);
  for (let at = 0; at < from.length; at += pixels * channels) {
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < channels; c++) to[at + c * pixels + p] = from[at + p * channels + c];
    }
  }
  return to;
}
