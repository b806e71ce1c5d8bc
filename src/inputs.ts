/**
 * Inputs of samples: bytes, which mean value / 255, or numbers, which are taken as they are.
 *
 * Networks compute in float32, which holds seven digits: 1700000000 and 1700000050 are one number
 * to it. float64 tells them apart, and is rounded only when mean and deviation have been taken off.
 */
import { isTypedArray } from "./kinds.js";
import { pickRows } from "./pick-rows.js";

export type Inputs = Uint8Array | Float32Array | Float64Array;

/** Samples that stay where they are, such as in a file, and are read when they are asked for. */
export interface StoredInputs {
  /** Bytes mean value / 255. */
  readonly kind: "bytes" | "numbers";
  /** Numbers of all samples. */
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
  /** Reads samples by their places, row-major, one after the other. */
  rows(places: Int32Array): Inputs;
}

/** Inputs in memory, or elsewhere. */
export type AnyInputs = Inputs | StoredInputs;

/** For messages. */
export const INPUT_KINDS = "a Uint8Array, a Float32Array or a Float64Array";

/** Whether something is an array of inputs. */
export function isInputs(value: unknown): value is Inputs {
  return isTypedArray(value, "Uint8Array", "Float32Array", "Float64Array");
}

/** Whether these inputs are bytes. A Buffer is a Uint8Array. */
export function isBytes(inputs: Inputs): inputs is Uint8Array {
  return isTypedArray(inputs, "Uint8Array");
}

/** Whether something is inputs that are read when they are asked for. */
export function isStored(inputs: unknown): inputs is StoredInputs {
  return typeof (inputs as Partial<StoredInputs> | undefined)?.rows === "function";
}

/** Whether inputs are bytes, in memory or elsewhere. */
export function areBytes(inputs: AnyInputs): boolean {
  return isStored(inputs) ? inputs.kind === "bytes" : isBytes(inputs);
}

/** Copies of samples, by their places, one after the other. */
export function inputRows(inputs: AnyInputs, features: number, places: Int32Array): Inputs {
  if (isStored(inputs)) return inputs.rows(places);
  return pickRows(inputs, features, places, inputsLike(inputs, places.length * features));
}

/** Some samples in memory. */
export interface InputPiece {
  readonly inputs: Inputs;
  /** Places in `inputs` of the samples that are meant. */
  readonly samples: Int32Array;
}

/** Bytes of a piece that is read. */
const PIECE = 2 ** 24;

/**
 * Samples one piece after the other, in the order of `rows`: of inputs in memory all at once.
 *
 * @param features - of a sample
 * @param rows - places of the samples; default: all
 */
export function* inPieces(
  inputs: AnyInputs,
  features: number,
  rows: Int32Array = counted(inputs.length / features),
): Generator<InputPiece, void, undefined> {
  if (!isStored(inputs)) {
    yield { inputs, samples: rows };
    return;
  }
  const most = Math.max(1, Math.floor(PIECE / (features * inputs.BYTES_PER_ELEMENT)));
  for (let from = 0; from < rows.length; from += most) {
    const some = rows.subarray(from, from + most);
    yield { inputs: inputs.rows(some), samples: counted(some.length) };
  }
}

/** 0, 1, ...: the places of so many samples. */
export function counted(length: number): Int32Array {
  return Int32Array.from({ length }, (_, k) => k);
}

/** Zeros of the same kind. */
export function inputsLike(inputs: Inputs, length: number): Inputs {
  if (isBytes(inputs)) return new Uint8Array(length);
  return isTypedArray(inputs, "Float32Array") ? new Float32Array(length) : new Float64Array(length);
}
