/**
 * A weight as small files have it: some tensors beside each other, in place of the weight.
 *
 *     <weight>.values   float32, float16 or int8: its numbers, in order
 *     <weight>.scales   int8 only: float32, one a row; a number is its int8 times that of its row
 *     <weight>.gaps     uint8: where they are (sparse-values.ts); absent if all numbers are there
 *
 * A row is what comes out of the weight: a unit, an output channel.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import { size } from "../shape-size.js";
import type { Values } from "../nn/network.js";
import { eachNonZero, packedOf } from "../nn/packed-values.js";
import type { Shape } from "../regularizers/regularizer.js";
import { fromHalf, toHalf } from "./half.js";
import { int8Rows } from "./int8-rows.js";
import type { Tensor } from "./safetensors-format.js";
import { gapsOf, mapNonZeros, packedIfSparse, valuesOf } from "./sparse-values.js";

/** How the numbers of weights are kept. */
export const VALUE_FORMATS = ["float32", "float16", "int8"] as const;
export type ValueFormat = (typeof VALUE_FORMATS)[number];

const LARGEST_HALF = 65504;

/**
 * The tensors of a weight, by the endings of their names; undefined where it takes fewer bytes as
 * it is.
 *
 * @throws InputError for a number that the format can't hold
 */
export function storedWeight(
  name: string,
  weight: Values,
  format: ValueFormat,
): Readonly<Record<string, Tensor>> | undefined {
  if (format === "int8") {
    eachNonZero(weight, (w) => {
      if (!Number.isFinite(w)) throw notHeld(name, w, format);
    });
  }
  const { scales, steps } =
    format === "int8" ? int8Rows(weight) : { scales: undefined, steps: weight };
  const packed = packedOf(packedIfSparse(steps));
  if (!packed && format === "float32") return undefined;
  const numbers = packed ? packed.values : steps.data;
  const gaps = packed && gapsOf(packed.places);
  return {
    values: { shape: [numbers.length], ...encoded(name, numbers, format) },
    ...(scales && { scales: { shape: [scales.length], data: scales } }),
    ...(gaps && { gaps: { shape: [gaps.length], data: gaps } }),
  };
}

function encoded(
  name: string,
  numbers: Float32Array,
  format: ValueFormat,
): Pick<Tensor, "data" | "dtype"> {
  if (format === "float32") return { data: numbers };
  if (format === "int8") return { data: Int8Array.from(numbers) };
  const large = numbers.find((x) => !(Math.abs(x) <= LARGEST_HALF));
  if (large !== undefined) throw notHeld(name, large, "float16");
  return { data: Uint16Array.from(numbers, toHalf), dtype: "F16" };
}

function notHeld(name: string, value: number, format: ValueFormat): InputError {
  const most = format === "float16" ? `numbers up to ${LARGEST_HALF}` : "finite numbers";
  return new InputError(`${name}: ${format} holds ${most}, found ${value}; use float32`);
}

/**
 * The weight of a shape that was stored so; undefined if there is none.
 *
 * @throws UnusableFileError if its tensors do not make one
 */
export function readStoredWeight(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  shape: Shape,
): Values | undefined {
  const values = tensors.get(`${name}.values`);
  if (!values) return undefined;
  const numbers = decoded(values);
  const gaps = tensors.get(`${name}.gaps`)?.data;
  if (gaps !== undefined && !isTypedArray(gaps, "Uint8Array"))
    throw new UnusableFileError("expected gaps as bytes");
  if (gaps === undefined && numbers.length !== size(shape)) {
    throw new UnusableFileError(
      `expected gaps, or ${size(shape)} values without them, found ${numbers.length}`,
    );
  }
  const all = gaps ? valuesOf({ values: numbers, gaps }, shape) : { shape, data: numbers };
  if (!isTypedArray(values.data, "Int8Array")) return all;
  const scales = tensors.get(`${name}.scales`)?.data;
  if (!isTypedArray(scales, "Float32Array") || scales.length !== shape[0])
    throw new UnusableFileError(`expected ${shape[0]} scales in float32, one a row`);
  const cols = size(shape.slice(1));
  return mapNonZeros(all, (w, place) => w * scales[Math.floor(place / cols)]);
}

function decoded({ data, dtype }: Tensor): Float32Array {
  if (dtype === "F16") return Float32Array.from(data as Uint16Array, fromHalf);
  if (isTypedArray(data, "Int8Array")) return Float32Array.from(data);
  if (isTypedArray(data, "Float32Array")) return data;
  throw new UnusableFileError("expected values in float32, float16 or int8");
}
