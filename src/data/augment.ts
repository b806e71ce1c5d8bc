/**
 * Augmentation: which way each image of a batch is moved and whether it is mirrored, as for the paper's CIFAR-10 runs
 * (random crop after padding by 4, random horizontal flip).
 *
 * To pad by p and cut a random window of the old size is to move the image by (down, right), both uniform in [-p, p]; what
 * comes in from outside is the padding. Only the numbers are drawn here; the kernels that fetch a batch move the pixels,
 * on the worker threads.
 *
 * The numbers are those of the random stream "augment/epoch/step": they depend on the seed and the place in the run, on
 * nothing that was drawn before, so that a resumed run draws what it would have drawn.
 */
import { stream } from "../random.js";

export interface AugmentOptions {
  /** Moves each image by up to so many pixels, down or up and right or left. Default 0. */
  readonly crop?: number | undefined;
  /** Mirrors every other image, left to right, by chance. Default false. */
  readonly flip?: boolean | undefined;
}

/**
 * Draws for the batch of `count` samples at `step` of `epoch` (both from 0).
 *
 * @returns i32 [count][3] = { down, right, flip }; the image is mirrored first if flip is 1, then moved
 */
export type Augmenter = (epoch: number, step: number, count: number) => Int32Array;

/**
 * An augmenter for a run's seed.
 *
 * @example
 * const augment = augmenter({ crop: 4, flip: true }, 0);
 * augment(0, 0, 128).length; // 384
 *
 * @throws RangeError unless crop is a non-negative integer and the seed a safe integer
 */
export function augmenter({ crop = 0, flip = false }: AugmentOptions, seed: number): Augmenter {
  if (!Number.isInteger(crop) || crop < 0) {
    throw new RangeError(`crop must be a non-negative integer, found ${crop}`);
  }
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a safe integer, found ${seed}`);
  return (epoch, step, count) => {
    const random = stream(seed, `augment/${epoch}/${step}`);
    const out = new Int32Array(count * 3);
    for (let at = 0; at < out.length; at += 3) {
      // All three are drawn whatever the options, so that switching one off leaves the others as they were.
      out[at] = random.integer(2 * crop + 1) - crop;
      out[at + 1] = random.integer(2 * crop + 1) - crop;
      out[at + 2] = random.bernoulli(0.5) && flip ? 1 : 0;
    }
    return out;
  };
}
