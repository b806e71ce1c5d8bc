/**
 * Mean and standard deviation of each channel: what inputs are normalised by, (x - mean[c]) / std[c].
 *
 *     mean[c] = sum x / n        std[c] = sqrt(sum (x - mean[c])^2 / n)        over the n values of channel c
 */

/** One number a channel, in units of the scaled inputs (bytes mean value / 255). */
export interface ChannelStatistics {
  readonly mean: number[];
  /** 1 where all values of the channel are equal: they can't be scaled to a deviation of 1. */
  readonly std: number[];
}

/**
 * Statistics of samples.
 *
 * @param inputs - [count][channels][size], bytes or floats; one sample or more
 * @param channels - number of channels
 * @param size - values of one channel in one sample
 */
export function channelStatistics(
  inputs: Uint8Array | Float32Array,
  channels: number,
  size: number,
): ChannelStatistics {
  const all = Array.from({ length: channels }, (_, c) =>
    inputs instanceof Uint8Array ? ofBytes(inputs, c, channels, size) : ofFloats(inputs, c, channels, size),
  );
  return { mean: all.map(({ mean }) => mean), std: all.map(({ variance }) => Math.sqrt(variance) || 1) };
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

function ofFloats(inputs: Float32Array, channel: number, channels: number, size: number): Moments {
  const n = inputs.length / channels;
  let sum = 0;
  for (let begin = channel * size; begin < inputs.length; begin += channels * size) {
    for (let at = begin; at < begin + size; at++) sum += inputs[at];
  }
  const mean = sum / n;
  // Deviations in a second pass: the difference of two large sums would lose digits.
  let squares = 0;
  for (let begin = channel * size; begin < inputs.length; begin += channels * size) {
    for (let at = begin; at < begin + size; at++) squares += (inputs[at] - mean) ** 2;
  }
  return { mean, variance: squares / n };
}
