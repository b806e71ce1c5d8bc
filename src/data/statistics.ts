/**
 * Mean and standard deviation of each channel: what inputs are normalised by, (x - mean[c]) /
 * std[c].
 *
 *     mean[c] = sum x / n        std[c] = sqrt(sum (x - mean[c])^2 / n)        over the n values of channel c
 */
import { type Inputs, isBytes } from "../inputs.js";

/** One number a channel, in units of the scaled inputs (bytes mean value / 255). */
export interface ChannelStatistics {
  readonly mean: number[];
  /**
   * 1 where all values of the channel are equal, or differ by rounding only: they can't be scaled
   * to a deviation of 1.
   */
  readonly std: number[];
}

/**
 * Statistics of samples.
 *
 * @param inputs - [count][channels][size], bytes or numbers; one sample or more
 * @param channels - number of channels
 * @param size - values of one channel in one sample
 * @param rows - the samples that count; default: all
 */
export function channelStatistics(
  inputs: Inputs,
  channels: number,
  size: number,
  rows?: Int32Array,
): ChannelStatistics {
  const samples =
    rows ?? Int32Array.from({ length: inputs.length / (channels * size) }, (_, k) => k);
  const { mean, variance } = isBytes(inputs)
    ? ofBytes(inputs, channels, size, samples)
    : ofNumbers(inputs, channels, size, samples);
  const std = Array.from(variance, (x, c) => {
    const deviation = Math.sqrt(x);
    return deviation > Number.EPSILON * Math.abs(mean[c]) ? deviation : 1;
  });
  return { mean: [...mean], std };
}

/** [channels] each. */
interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Of bytes it is enough to know how often each value is there. */
function ofBytes(inputs: Uint8Array, channels: number, size: number, samples: Int32Array): Moments {
  const n = samples.length * size;
  const moments = { mean: new Float64Array(channels), variance: new Float64Array(channels) };
  for (let channel = 0; channel < channels; channel++) {
    const counts = new Float64Array(256);
    for (const sample of samples) {
      const begin = (sample * channels + channel) * size;
      for (let at = begin; at < begin + size; at++) counts[inputs[at]]++;
    }
    const mean = counts.reduce((sum, times, value) => sum + times * value, 0) / n;
    const variance = counts.reduce((sum, times, value) => sum + times * (value - mean) ** 2, 0) / n;
    moments.mean[channel] = mean / 255;
    moments.variance[channel] = variance / 255 ** 2;
  }
  return moments;
}

function ofNumbers(inputs: Inputs, channels: number, size: number, samples: Int32Array): Moments {
  const mean = meansOf(inputs, size, new Float64Array(channels), 1, samples);
  // The mean of many large numbers is rounded: what it misses is the mean of the deviations from
  // it.
  const missed = meansOf(inputs, size, mean, 1, samples);
  for (let c = 0; c < channels; c++) mean[c] += missed[c];
  // Deviations in a pass of their own: the difference of two large sums would lose digits.
  return { mean, variance: meansOf(inputs, size, mean, 2, samples) };
}

/** Of each channel the mean of (x - centre) ^ power. */
function meansOf(
  inputs: Inputs,
  size: number,
  centres: Float64Array,
  power: 1 | 2,
  samples: Int32Array,
): Float64Array {
  const channels = centres.length;
  const sums = new Float64Array(channels);
  for (const sample of samples) {
    let at = sample * channels * size;
    for (let channel = 0; channel < channels; channel++) {
      const centre = centres[channel];
      let sum = sums[channel];
      for (const end = at + size; at < end; at++) {
        const distance = inputs[at] - centre;
        sum += power === 1 ? distance : distance * distance;
      }
      sums[channel] = sum;
    }
  }
  const n = samples.length * size;
  return sums.map((sum) => sum / n);
}
