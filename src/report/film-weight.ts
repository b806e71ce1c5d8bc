/** The weight that a picture is drawn from, in a file beside it. */
import { UnusableFileError } from "../errors.js";
import { readSafetensors, writeSafetensors } from "../export/safetensors.js";
import { packSparse, unpackSparse } from "../export/sparse-values.js";

const WEIGHT = "weight";
/** A small file may claim to hold any number of zeros. */
const MOST_WEIGHTS = 2 ** 27;

/** Writes a weight, as its non-zeros where that is smaller. */
export function writeWeight(path: string, shape: readonly number[], data: Float32Array): void {
  const packed = packSparse(data);
  const whole = { shape, data };
  const parts = packed && { values: vector(packed.values), gaps: vector(packed.gaps) };
  writeSafetensors(path, parts ?? { [WEIGHT]: whole }, { shape: JSON.stringify(shape) });
}

function vector<Data extends Float32Array | Uint8Array>(
  data: Data,
): { shape: number[]; data: Data } {
  return { shape: [data.length], data };
}

/**
 * What writeWeight wrote. @throws UnusableFileError if it is damaged, other errors if it is foreign
 */
export function readWeight(path: string): { shape: readonly number[]; theta: Float32Array } {
  const { tensors, metadata } = readSafetensors(path);
  const whole = tensors.get(WEIGHT);
  if (whole) return { shape: whole.shape, theta: whole.data as Float32Array };
  const shape = JSON.parse(metadata.shape) as number[];
  const [values, gaps] = ["values", "gaps"].map((part) => tensors.get(part)!.data);
  const packed = { values: values as Float32Array, gaps: gaps as Uint8Array };
  const [rows, cols] = shape;
  if (!(rows * cols <= MOST_WEIGHTS))
    throw new UnusableFileError(`expected at most ${MOST_WEIGHTS} weights`);
  return { shape, theta: unpackSparse(packed, rows * cols) };
}
