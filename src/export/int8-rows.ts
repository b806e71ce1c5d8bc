/**
 * A weight as whole numbers of eight bits, with a scale a row (a unit, an output channel).
 *
 *     scale[o] = max over the row of |w| / 127,   q = round(w / scale[o]),   w ~ scale[o] q
 *
 * A weight below half of the scale becomes 0.
 */
import { size } from "../shape-size.js";
import type { Values } from "../nn/network.js";
import { eachNonZero } from "../nn/packed-values.js";
import { mapNonZeros } from "./sparse-values.js";

/** The largest number of a row is so many steps. */
const STEPS = 127;

export interface Int8Rows {
  /** One a row; 0 of a row without weights. */
  readonly scales: Float32Array;
  /** The weight in units of these: whole numbers. Packed if the weight was. */
  readonly steps: Values;
}

/** Rounds a weight `[rows, ...]`, of finite numbers. */
export function int8Rows(weight: Values): Int8Rows {
  const [rows, ...rest] = weight.shape;
  const cols = size(rest);
  const rowOf = (place: number) => Math.floor(place / cols);
  const scales = new Float32Array(rows);
  eachNonZero(weight, (w, place) => {
    scales[rowOf(place)] = Math.max(scales[rowOf(place)], Math.abs(w) / STEPS);
  });
  const steps = mapNonZeros(weight, (w, place) => {
    const scale = scales[rowOf(place)];
    return scale === 0 ? 0 : Math.max(-STEPS, Math.min(STEPS, Math.round(w / scale)));
  });
  return { scales, steps };
}
