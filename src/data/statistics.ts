/**
 * Mean and standard deviation of each channel: what inputs are normalised by, (x - mean[c]) /
 * std[c].
 *
 *     mean[c] = sum x / n        std[c] = sqrt(sum (x - mean[c])^2 / n)        over the n values of channel c
 */
import { type AnyInputs, areBytes, type Inputs, inPieces } from "../inputs.js";

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
  inputs: AnyInputs,
  channels: number,
  size: number,
  rows?: Int32Array,
): ChannelStatistics {
  const features = channels * size;
  const n = (rows?.length ?? inputs.length / features) * size;
  const over: Over = {
    pieces: () => inPieces(inputs, features, rows),
    channels,
    size,
    n,
  };
  const { mean, variance } = areBytes(inputs) ? ofBytes(over) : ofNumbers(over);
  const std = Array.from(variance, (x, c) => {
    const deviation = Math.sqrt(x);
    return deviation > Number.EPSILON * Math.abs(mean[c]) ? deviation : 1;
  });
  return { mean: [...mean], std };
}

/** What statistics are of. */
interface Over {
  /** Goes over the samples; once more each time. */
  pieces(): Iterable<{ readonly inputs: Inputs; readonly samples: Int32Array }>;
  readonly channels: number;
  /** Values of one channel in one sample, and in all. */
  readonly size: number;
  readonly n: number;
}

/** [channels] each. */
interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Of bytes it is enough to know how often each value is there. */
function ofBytes({ pieces, channels, size, n }: Over): Moments {
  const moments = { mean: new Float64Array(channels), variance: new Float64Array(channels) };
  const times = Array.from({ length: channels }, () => new Float64Array(256));
  for (const { inputs, samples } of pieces()) {
    for (let channel = 0; channel < channels; channel++) {
      const counts = times[channel];
      for (const sample of samples) {
        const begin = (sample * channels + channel) * size;
        for (let at = begin; at < begin + size; at++) counts[inputs[at]]++;
      }
    }
  }
  times.forEach((counts, channel) => {
    const mean = counts.reduce((sum, count, value) => sum + count * value, 0) / n;
    const variance = counts.reduce((sum, count, value) => sum + count * (value - mean) ** 2, 0) / n;
    moments.mean[channel] = mean / 255;
    moments.variance[channel] = variance / 255 ** 2;
  });
  return moments;
}

function ofNumbers(over: Over): Moments {
  const mean = meansOf(over, new Float64Array(over.channels), 1);
  // The mean of many large numbers is rounded: what it misses is the mean of the deviations from
  // it.
  const missed = meansOf(over, mean, 1);
  for (let c = 0; c < over.channels; c++) mean[c] += missed[c];
  // Deviations in a pass of their own: the difference of two large sums would lose digits.
  return { mean, variance: meansOf(over, mean, 2) };
}

/** Of each channel the mean of (x - centre) ^ power. */
function meansOf({ pieces, size, n }: Over, centres: Float64Array, power: 1 | 2): Float64Array {
  const channels = centres.length;
  const sums = new Float64Array(channels);
  for (const { inputs, samples } of pieces()) {
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
  }
  return sums.map((sum) => sum / n);
}
