/**
 * The diverging colour map of the weight pictures: blue below zero, red above, and white for
 * exactly zero.
 *
 * White is kept for zero alone: the smallest non-zero weight already has a tint, so that "white"
 * reads as "no weight here", not as "a small one". The ends are those of ColorBrewer's RdBu, which
 * colour-blind readers tell apart.
 */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const POSITIVE: readonly Rgb[] = [WHITE, [244, 165, 130], [203, 60, 66], [120, 6, 34]];
const NEGATIVE: readonly Rgb[] = [WHITE, [146, 197, 222], [51, 120, 184], [8, 48, 107]];

/** Where on the way from white the smallest non-zero weight starts. */
const FIRST_TINT = 0.2;

/**
 * Colour of x in [-1, 1]; beyond it, and for infinities, the end's colour. NaN is as zero.
 *
 * @example
 * divergingColour(0); // [255, 255, 255], and nothing else is
 */
export function divergingColour(x: number): Rgb {
  if (x === 0 || Number.isNaN(x)) return WHITE;
  const ramp = x > 0 ? POSITIVE : NEGATIVE;
  const t = FIRST_TINT + (1 - FIRST_TINT) * Math.min(1, Math.abs(x));
  const at = Math.min(t * (ramp.length - 1), ramp.length - 1 - 1e-9);
  const [from, to] = [ramp[Math.floor(at)], ramp[Math.floor(at) + 1]];
  const mix = (k: number) => Math.round(from[k] + (at % 1) * (to[k] - from[k]));
  return [mix(0), mix(1), mix(2)];
}

/** From dark to light in even steps (viridis at five places). */
const SEQUENCE: readonly Rgb[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/**
 * Colour of x in [0, 1] on the scale of births: dark is early. No colour of it is white.
 *
 * @example
 * sequentialColour(0); // [68, 1, 84]
 */
export function sequentialColour(x: number): Rgb {
  const at = Math.min(1, Math.max(0, x)) * (SEQUENCE.length - 1);
  const from = Math.min(Math.floor(at), SEQUENCE.length - 2);
  const mix = (k: number) =>
    Math.round(SEQUENCE[from][k] + (at - from) * (SEQUENCE[from + 1][k] - SEQUENCE[from][k]));
  return [mix(0), mix(1), mix(2)];
}
