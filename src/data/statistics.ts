/**
 * Mean and standard deviation of each channel: what inputs are normalised by, (x - mean[c]) / std[c].
 *
 *     mean[c] = sum x / n        std[c] = sqrt(sum (x - mean[c])^2 / n)        over the n values of channel c
 */
import { type Inputs, isBytes } from "../inputs.js";

/** One number a channel, in units of the scaled inputs (bytes mean value / 255). */
export interface ChannelStatistics {
  readonly mean: number[];
  /** 1 where all values of the channel are equal, or differ by rounding only: they can't be scaled to a deviation of 1. */
  readonly std: number[];
}

/**
 * Statistics of samples.
 *
 * @param inputs - [count][channels][size], bytes or numbers; one sample or more
 * @param channels - number of channels
 * @param size - values of one channel in one sample
 */
export function channelStatistics(inputs: Inputs, channels: number, size: number): ChannelStatistics {
  const all = Array.from({ length: channels }, (_, c) =>
    isBytes(inputs) ? ofBytes(inputs, c, channels, size) : ofNumbers(inputs, c, channels, size),
  );
  const deviation = ({ mean, variance }: Moments): number => {
    const std = Math.sqrt(variance);
    return std > Number.EPSILON * Math.abs(mean) ? std : 1;
  };
  return { mean: all.map(({ mean }) => mean), std: all.map(deviation) };
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** Of bytes it is enough to know how often each value is there. */
function ofBytes(inputs: Uint8Array, channel: number, channels: number, size: number): Moments {
  const counts = new Float64Array(256);
  for (let begin = channel * size; begin < inputs.length; begin += channels * size) {
    for (let at = begin; at < begin + size; at++) counts[inputs[at]]++;
  }
  const n = inputs.length / channels;
  const mean = counts.reduce((sum, times, value) => sum + times * value, 0) / n;
  const variance = counts.reduce((sum, times, value) => sum + times * (value - mean) ** 2, 0) / n;
  return { mean: mean / 255, variance: variance / 255 ** 2 };
}

function ofNumbers(inputs: Inputs, channel: number, channels: number, size: number): Moments {
  const n = inputs.length / channels;
  const sumOf = (term: (x: number) => number): number => {
    let sum = 0;
    for (let begin = channel * size; begin < inputs.length; begin += channels * size) {
      for (let at = begin; at < begin + size; at++) sum += term(inputs[at]);
    }
    return sum;
  };
  // The mean of many large numbers is rounded: what it misses is the mean of the deviations from it.
  const rough = sumOf((x) => x) / n;
  const mean = rough + sumOf((x) => x - rough) / n;
  // Deviations in a pass of their own: the difference of two large sums would lose digits.
  return { mean, variance: sumOf((x) => (x - mean) ** 2) / n };
}
