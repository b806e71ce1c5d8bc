/**
 * The diverging colour map of the weight pictures: blue below zero, red above, and white for exactly zero.
 *
 * White is kept for zero alone: the smallest non-zero weight already has a tint, so that "white" reads as "no weight
 * here", not as "a small one". The ends are those of ColorBrewer's RdBu, which colour-blind readers tell apart.
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
