/**
 * A weight in C: arrays of its numbers, and the loop over a row of them.
 *
 *     dense    values [rows, cols]
 *     places   the non-zeros of one row after the other, the place of each in its row, and how many
 *              each row has
 *     gaps     the same with the distance from the one before in place of the place: a byte, and a
 *              zero between two that are further apart
 *
 * Whichever takes the fewest bytes. Values are float, or int8_t with a scale a row (int8-rows.ts).
 */
import { size } from "../../shape-size.js";
import type { Values } from "../../nn/network.js";
import { eachNonZero } from "../../nn/packed-values.js";
import { int8Rows } from "../int8-rows.js";
import type { AddArray } from "./arrays.js";
import { BYTES, indexType, type ElementType } from "./text.js";
import type { ValueKind } from "./value-kind.js";
import { indented, loop, type WeightLoop } from "../../nn/layers/c.js";

/** The largest distance that a byte holds. */
const FAR = 255;

/** Adds a weight `[rows, ...]` to a file. */
export function writeWeight(
  name: string,
  weight: Values,
  kind: ValueKind,
  add: AddArray,
): WeightLoop {
  const [rows, ...rest] = weight.shape;
  const cols = size(rest);
  const rounded = kind === "int8" ? int8Rows(weight) : undefined;
  const type = rounded ? "int8_t" : "float";
  const sparse = nonZerosOf(rounded?.steps ?? weight, rows, cols);
  if (sparse.values.length === 0) return { before: [], row: () => [] };

  const valueBytes = BYTES[type];
  const gaps = gapsOf(sparse);
  const placeType = indexType(cols - 1);
  const bytes = {
    dense: rows * cols * valueBytes,
    places: sparse.values.length * (valueBytes + BYTES[placeType]) + countBytes(sparse),
    gaps: gaps.values.length * (valueBytes + 1) + countBytes(gaps),
  };
  const cast = (element: string) => (rounded ? `(float)${element}` : element);
  const scale = rounded && { scale: `${add(`${name}_scale`, "float", rounded.scales)}[o]` };
  if (bytes.dense <= Math.min(bytes.places, bytes.gaps)) {
    const all = add(name, type, denseOf(sparse, rows, cols));
    const value = cast(`${all}[o * ${cols} + i]`);
    return { before: [], row: (body) => loop("i", cols, body(value, "i")), ...scale };
  }
  const isByGaps = bytes.gaps < bytes.places;
  const { values, places, counts } = isByGaps ? gaps : sparse;
  const value = cast(`${add(name, type, values)}[k]`);
  const at = isByGaps
    ? add(`${name}_gap`, "uint8_t", places)
    : add(`${name}_at`, placeType, places);
  const count = add(`${name}_count`, countType(counts), counts);
  const row: WeightLoop["row"] = (body) => {
    const lines = isByGaps ? [`at += ${at}[k];`, ...body(value, "at")] : body(value, `${at}[k]`);
    return [
      ...(isByGaps ? ["int32_t at = 0;"] : []),
      `for (const int32_t end = k + (int32_t)${count}[o]; k < end; k++) {`,
      ...indented(lines),
      "}",
    ];
  };
  return { before: ["int32_t k = 0;"], row, ...scale };
}

/** Non-zeros of one row after the other. */
interface Rows {
  readonly values: readonly number[];
  /** In the row, or the distance from the place before. */
  readonly places: readonly number[];
  /** How many each row has. */
  readonly counts: readonly number[];
}

function nonZerosOf(weight: Values, rows: number, cols: number): Rows {
  const [values, places]: [number[], number[]] = [[], []];
  const counts = Array.from({ length: rows }, () => 0);
  eachNonZero(weight, (value, place) => {
    values.push(value);
    places.push(place % cols);
    counts[Math.floor(place / cols)]++;
  });
  return { values, places, counts };
}

/** The same by distances, with zeros between those that are far apart. */
function gapsOf({ values, places, counts }: Rows): Rows {
  const gaps: Rows = { values: [], places: [], counts: [] };
  const [all, distances, numbers] = [gaps.values, gaps.places, gaps.counts] as number[][];
  let next = 0;
  for (const count of counts) {
    const first = all.length;
    let from = 0;
    for (const end = next + count; next < end; next++) {
      for (; places[next] - from > FAR; from += FAR) {
        all.push(0);
        distances.push(FAR);
      }
      all.push(values[next]);
      distances.push(places[next] - from);
      from = places[next];
    }
    numbers.push(all.length - first);
  }
  return gaps;
}

function denseOf({ values, places, counts }: Rows, rows: number, cols: number): Float32Array {
  const data = new Float32Array(rows * cols);
  let next = 0;
  counts.forEach((count, row) => {
    for (const end = next + count; next < end; next++)
      data[row * cols + places[next]] = values[next];
  });
  return data;
}

function countType(counts: readonly number[]): ElementType {
  return indexType(counts.reduce((most, count) => Math.max(most, count), 0));
}

function countBytes({ counts }: Rows): number {
  return counts.length * BYTES[countType(counts)];
}
