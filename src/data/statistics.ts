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
 */
export function channelStatistics(
  inputs: Inputs,
  channels: number,
  size: number,
): ChannelStatistics {
  const { mean, variance } = isBytes(inputs)
    ? ofBytes(inputs, channels, size)
    : ofNumbers(inputs, channels, size);
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
function ofBytes(inputs: Uint8Array, channels: number, size: number): Moments {
  const n = inputs.length / channels;
  const moments = { mean: new Float64Array(channels), variance: new Float64Array(channels) };
  for (let channel = 0; channel < channels; channel++) {
    const counts = new Float64Array(256);
    for (let begin = channel * size; begin < inputs.length; begin += channels * size) {
      for (let at = begin; at < begin + size; at++) counts[inputs[at]]++;
    }
    const mean = counts.reduce((sum, times, value) => sum + times * value, 0) / n;
    const variance = counts.reduce((sum, times, value) => sum + times * (value - mean) ** 2, 0) / n;
    moments.mean[channel] = mean / 255;
    moments.variance[channel] = variance / 255 ** 2;
  }
  return moments;
}

function ofNumbers(inputs: Inputs, channels: number, size: number): Moments {
  const mean = meansOf(inputs, size, new Float64Array(channels), 1);
  // The mean of many large numbers is rounded: what it misses is the mean of the deviations from
  // it.
  const missed = meansOf(inputs, size, mean, 1);
  for (let c = 0; c < channels; c++) mean[c] += missed[c];
  // Deviations in a pass of their own: the difference of two large sums would lose digits.
  return { mean, variance: meansOf(inputs, size, mean, 2) };
}

/** Of each channel the mean of (x - centre) ^ power. */
function meansOf(inputs: Inputs, size: number, centres: Float64Array, power: 1 | 2): Float64Array {
  const channels = centres.length;
  const sums = new Float64Array(channels);
  for (
    let at = 0, channel = 0;
    at < inputs.length;
    at += size, channel = channel + 1 < channels ? channel + 1 : 0
  ) {
    const centre = centres[channel];
    let sum = sums[channel];
    for (let k = at; k < at + size; k++) {
      const distance = inputs[k] - centre;
      sum += power === 1 ? distance : distance * distance;
    }
    sums[channel] = sum;
  }
  const n = inputs.length / channels;
  return sums.map((sum) => sum / n);
}
