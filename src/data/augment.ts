/**
 * Augmentation: how each image of a batch is changed, as for the paper's CIFAR-10 runs (random crop
 * after padding by 4, random horizontal flip), and by cutout.
 *
 * To pad by p and cut a window of the old size is to move that window by (down, right), both
 * uniform in [-p, p]: what the image shows goes as far up and to the left. What comes in from
 * outside is the padding: black, or the image again, mirrored at its first and last pixels. Black
 * borders tell a net that an image was moved; one that has learned by them is at a loss where
 * images are as they are. Cutout sets a square to 0, which is the mean where inputs are normalised;
 * its centre is uniform in the image, so that a part of it may lie outside. Only the numbers are
 * drawn here; the kernels that fetch a batch change the pixels, on the worker threads.
 *
 * The numbers are those of the random streams "augment/epoch/step" and "cutout/epoch/step": they
 * depend on the seed and the place in the run, on nothing that was drawn before, so that a resumed
 * run draws what it would have drawn.
 *
 * Source of cutout: DeVries and Taylor, arXiv 1708.04552 (2017).
 */
import { InputError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { stream } from "../random.js";

export interface AugmentOptions {
  /** Moves each image by up to so many pixels, down or up and right or left. Default 0. */
  readonly crop?: number | undefined;
  /**
   * What comes in from outside: "black", as in the paper's runs (the default), or "reflect": the
   * image, mirrored at its first and last pixels (once: what is further out than the image is wide,
   * or high, is black).
   */
  readonly padding?: "black" | "reflect" | undefined;
  /** Mirrors every other image, left to right, by chance. Default false. */
  readonly flip?: boolean | undefined;
  /** Sets a square of so many pixels a side to 0, after all else. Default 0: none. */
  readonly cutout?: number | undefined;
}

/**
 * Draws for the batch of `count` samples at `step` of `epoch` (both from 0).
 *
 * @returns i32 [count][7] = { down, right, flip, reflect, top, left, side }: the image is mirrored
 *   first if flip is 1; then the window that is kept of it moves down and right (so what it shows
 *   goes up and to the left, and down and to the right for negative numbers); then the square is
 *   cut
 */
export type Augmenter = (epoch: number, step: number, count: number) => Int32Array;

/** Numbers for one sample. */
const WORDS = 7;

const OPTIONS: OptionKeys<AugmentOptions> = { crop: 1, padding: 1, flip: 1, cutout: 1 };

/**
 * An augmenter for a run's seed.
 *
 * @param size - [height, width] of the images; only cutout needs it
 * @example
 * const augment = augmenter({ crop: 4, flip: true, cutout: 8 }, 0, [32, 32]);
 * augment(0, 0, 128).length; // 896
 *
 * @throws InputError unless crop and cutout are non-negative integers and the seed a safe integer,
 *   or for an unknown padding; also for cutout without a size
 */
export function augmenter(
  options: AugmentOptions,
  seed: number,
  size: readonly number[] = [],
): Augmenter {
  const {
    crop = 0,
    padding = "black",
    flip = false,
    cutout = 0,
  } = knownOptions("augment", options, OPTIONS);
  for (const [name, value] of Object.entries({ crop, cutout })) {
    if (Number.isInteger(value) && value >= 0) continue;
    throw new InputError(`${name} must be a non-negative integer, found ${value}`);
  }
  if (padding !== "black" && padding !== "reflect") {
    throw new InputError(`padding must be "black" or "reflect", found ${JSON.stringify(padding)}`);
  }
  if (!Number.isSafeInteger(seed))
    throw new InputError(`seed must be a safe integer, found ${seed}`);
  if (cutout > 0 && size.length !== 2) {
    throw new InputError(
      `cutout: expected the size of the images as [height, width], found [${size.join(", ")}]`,
    );
  }
  return (epoch, step, count) => {
    const random = stream(seed, `augment/${epoch}/${step}`);
    const out = new Int32Array(count * WORDS);
    for (let at = 0; at < out.length; at += WORDS) {
      // All three are drawn whatever the options, so that switching one off leaves the others as
      // they were.
      out[at] = random.integer(2 * crop + 1) - crop;
      out[at + 1] = random.integer(2 * crop + 1) - crop;
      out[at + 2] = random.bernoulli(0.5) && flip ? 1 : 0;
      out[at + 3] = padding === "reflect" ? 1 : 0;
    }
    if (cutout === 0) return out;
    const [height, width] = size;
    const places = stream(seed, `cutout/${epoch}/${step}`);
    for (let at = 4; at < out.length; at += WORDS) {
      out[at] = places.integer(height) - Math.floor(cutout / 2);
      out[at + 1] = places.integer(width) - Math.floor(cutout / 2);
      out[at + 2] = cutout;
    }
    return out;
  };
}
