/** Small images of some classes, which noise hides more or less, and a net for them. */
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import type { stream } from "#bregman/random.js";

/** Shape of an image. */
export const NOISY_SHAPE = [2, 4, 4] as const;
const NUMBERS = 32;

/**
 * So many images: normal noise, and of class c each number whose place is c, modulo `period`, is
 * larger by `signal`.
 */
export function noisyImages(
  random: ReturnType<typeof stream>,
  count: number,
  { classes, period, signal }: { classes: number; period: number; signal: number },
) {
  const labels = Uint8Array.from({ length: count }, (_, k) => k % classes);
  const inputs = Float32Array.from(
    { length: count * NUMBERS },
    (_, k) => random.normal() + (k % period === labels[Math.floor(k / NUMBERS)] ? signal : 0),
  );
  return { inputs, labels };
}

/** Classes that can be told apart half the time: a large net soon learns the noise. */
export const HARD = { classes: 3, period: 5, signal: 0.6 };

/** A net that is large for them: the epoch of best validation is an early one. */
export const noisyNet = (outputs: number) =>
  sequential(NOISY_SHAPE, [
    conv2d(6, { kernel: 3, padding: 1 }),
    batchNorm2d(),
    relu(),
    flatten(),
    linear(30),
    relu(),
    linear(outputs),
  ]);
