/**
 * A task of restoration: the inputs are images blurred and made noisy, the targets are the images
 * as they were.
 *
 *     target = x in [0, 1]
 *     input  = (K * x) + e,   K a Gaussian of size x size pixels with sum 1, zeros around the image;  e ~ N(0, noise^2)
 *
 * First the blur, then the noise, which is drawn once: a sample has the same noise in every epoch.
 * Values are not clipped. Source: the denoising and deblurring of Bungert, Roith, Tenbrinck, Burger
 * (arXiv 2106.02479 and JMLR 23:192, section 4.6).
 */
import { InputError } from "../errors.js";
import { type Inputs, isBytes } from "../inputs.js";
import { isTypedArray } from "../kinds.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { stream, type Random } from "../random.js";
import { roomFor } from "../room-for.js";
import type { Dataset, Samples } from "./dataset.js";

export interface BlurOptions {
  /** Side of the kernel in pixels, odd. */
  readonly size: number;
  /** Deviation of the Gaussian in pixels. */
  readonly sigma: number;
}

export interface RestoreOptions {
  /** Default: no blur. */
  readonly blur?: BlurOptions | undefined;
  /** Standard deviation of the noise, in units of the images (white is 1). Default 0: no noise. */
  readonly noise?: number | undefined;
  /** Of the noise. Training and test samples have streams of their own. Default 0. */
  readonly seed?: number | undefined;
}

const OPTIONS: OptionKeys<RestoreOptions> = { blur: 1, noise: 1, seed: 1 };

/**
 * A data set whose inputs are the given one's, blurred and made noisy, and whose targets are the
 * given ones. Labels, mean and deviation stay: `fit` normalises the inputs by them, never the
 * targets.
 *
 * Inputs and targets are both float32, so that bytes take eight times their memory here, and once
 * more as much in the shared memory of a run: 440 MB each for MNIST.
 *
 * @throws InputError for a size that is not odd, or a sigma or noise that can't be; also to
 *   blur what are no images
 * @example
 * const data = restorationTask(loadMnist(), { noise: 0.05, seed: 3 });
 * await fit(skipAutoencoder(), data, { loss: "meanSquaredError", ...options });
 */
export function restorationTask(data: Dataset, options: RestoreOptions): Dataset {
  const { blur, noise = 0, seed = 0 } = knownOptions("restorationTask", options, OPTIONS);
  const { shape, name, train, test } = data;
  const [, height, width] = shape;
  if (!(noise >= 0 && noise < Infinity)) {
    throw new InputError(`restore: noise must be a finite number of at least 0, found ${noise}`);
  }
  if (blur && (height === 1 || width === 1)) {
    throw new InputError(
      `restore: blur needs images, a sample of "${name}" is [${shape.join(", ")}]`,
    );
  }
  const kernel =
    blur && gaussianKernel(knownOptions("restorationTask: blur", blur, { size: 1, sigma: 1 }));
  const corrupt = (samples: Samples, random: Random): Samples => {
    const targets = asTargets(samples.inputs);
    const inputs = kernel ? blurred(targets, { kernel, height, width }) : targets.slice();
    if (noise > 0) for (let k = 0; k < inputs.length; k++) inputs[k] += noise * random.normal();
    return { ...samples, inputs, targets };
  };
  return {
    ...data,
    train: corrupt(train, stream(seed, "restore/train")),
    test: corrupt(test, stream(seed, "restore/test")),
  };
}

/** Bytes as value / 255, numbers as they are. */
function asTargets(inputs: Inputs): Float32Array {
  if (isTypedArray(inputs, "Float32Array")) return inputs;
  const scale = isBytes(inputs) ? 255 : 1;
  return Float32Array.from(inputs as ArrayLike<number>, (x) => x / scale);
}

/**
 * One dimension of the Gaussian: exp(-k^2 / (2 sigma^2)) for k around 0, with sum 1. The
 * two-dimensional one is its square.
 */
export function gaussianKernel({ size, sigma }: BlurOptions): Float64Array {
  if (!(Number.isInteger(size) && size >= 1 && size % 2 === 1)) {
    throw new InputError(
      `the size of a Gaussian kernel must be a positive odd integer, found ${size}`,
    );
  }
  if (!(sigma > 0 && sigma < Infinity)) {
    throw new InputError(
      `the sigma of a Gaussian kernel must be a finite number above 0, found ${sigma}`,
    );
  }
  const kernel = roomFor(Float64Array, size, "a Gaussian kernel");
  for (let k = 0; k < size; k++)
    kernel[k] = Math.exp(-((k - (size - 1) / 2) ** 2) / (2 * sigma ** 2));
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}

interface Blur {
  readonly kernel: Float64Array;
  readonly height: number;
  readonly width: number;
}

/** Each plane of height x width blurred, rows first, then columns: a Gaussian is separable. */
function blurred(images: Float32Array, { kernel, height, width }: Blur): Float32Array {
  const size = height * width;
  const out = new Float32Array(images.length);
  const rows = new Float64Array(size);
  for (let at = 0; at < images.length; at += size) {
    const plane = images.subarray(at, at + size);
    convolve(plane, rows, kernel, { lines: height, length: width, step: 1, lineStep: width });
    convolve(rows, out.subarray(at, at + size), kernel, {
      lines: width,
      length: height,
      step: width,
      lineStep: 1,
    });
  }
  return out;
}

interface Lines {
  readonly lines: number;
  /** Values of a line, and places from one to the next. */
  readonly length: number;
  readonly step: number;
  readonly lineStep: number;
}

/** Each line of a plane with a symmetric kernel; what is outside counts as zero. */
function convolve(
  from: Float32Array | Float64Array,
  to: Float32Array | Float64Array,
  kernel: Float64Array,
  { lines, length, step, lineStep }: Lines,
): void {
  const half = (kernel.length - 1) / 2;
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < length; i++) {
      let sum = 0;
      const last = Math.min(length - 1, i + half);
      for (let k = Math.max(0, i - half); k <= last; k++)
        sum += kernel[k - i + half] * from[line * lineStep + k * step];
      to[line * lineStep + i * step] = sum;
    }
  }
}
