/**
 * A sound at another rate: what is between the samples, without what is too high for that rate.
 *
 *     y_i = sum_k h(i r - k) x_k         r = from / to: old samples in a new one
 *     h(t) = s sinc(s t) hann(s t / 16)  s = min(1, to / from)
 *
 * h is made to sum to 1, and its values are whole multiples of 2^-24: a last bit in which engines
 * may differ is gone, and with samples of up to 24 bits the sums are exact, in whatever order.
 * Source: J. O. Smith, Digital Audio Resampling, https://ccrma.stanford.edu/~jos/resample/.
 */

/** Zeros of the sinc on each side. */
const ZEROS = 16;
const GRID = 2 ** 24;
/** Sets of weights that are kept; more are made anew. */
const MOST_KEPT = 4096;

/**
 * The first samples of a sound at another rate, at most `most` of them; the same ones if the rates
 * are equal.
 */
export function resampled(
  samples: Float64Array,
  from: number,
  to: number,
  most: number,
): Float64Array {
  if (from === to) return samples.subarray(0, most);
  const step = from / to;
  const out = new Float64Array(Math.min(most, Math.max(1, Math.round(samples.length / step))));
  const kept = new Map<number, Weights>();
  for (let i = 0; i < out.length; i++) {
    // i from / to in whole numbers: so places that should be equal are.
    const left = (i * from) % to;
    const place = (i * from - left) / to;
    const weights = kept.get(left) ?? weightsAt(left / to, Math.min(1, 1 / step));
    if (kept.size < MOST_KEPT) kept.set(left, weights);
    out[i] = weightedSum(samples, place + weights.first, weights.values);
  }
  return out;
}

interface Weights {
  /** Place of the first, from that of the new sample. */
  readonly first: number;
  readonly values: Float64Array;
}

/** The weights around a place between two samples. @param part - of the way to the next one */
function weightsAt(part: number, scale: number): Weights {
  const reach = Math.min(ZEROS / scale, 2 ** 20);
  const first = Math.ceil(part - reach);
  const count = Math.floor(part + reach) - first + 1;
  const raw = Float64Array.from({ length: count }, (_, k) => filter((part - first - k) * scale));
  const sum = raw.reduce((all, x) => all + x, 0);
  return { first, values: raw.map((x) => Math.round((x / sum) * GRID) / GRID) };
}

function filter(t: number): number {
  if (t === 0) return 1;
  if (Math.abs(t) >= ZEROS) return 0;
  const sinc = Math.sin(Math.PI * t) / (Math.PI * t);
  return sinc * (0.5 + 0.5 * Math.cos((Math.PI * t) / ZEROS));
}

/** Outside there is silence. */
function weightedSum(samples: Float64Array, first: number, weights: Float64Array): number {
  const begin = Math.max(0, -first);
  const end = Math.min(weights.length, samples.length - first);
  let sum = 0;
  for (let k = begin; k < end; k++) sum += weights[k] * samples[first + k];
  return sum;
}
