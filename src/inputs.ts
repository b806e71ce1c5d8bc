/**
 * Inputs of samples: bytes, which mean value / 255, or numbers, which are taken as they are.
 *
 * Networks compute in float32, which holds seven digits: 1700000000 and 1700000050 are one number
 * to it. float64 tells them apart, and is rounded only when mean and deviation have been taken off.
 */
import { isTypedArray } from "./kinds.js";

export type Inputs = Uint8Array | Float32Array | Float64Array;

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

/** Zeros of the same kind. */
export function inputsLike(inputs: Inputs, length: number): Inputs {
  if (isBytes(inputs)) return new Uint8Array(length);
  return isTypedArray(inputs, "Float32Array") ? new Float32Array(length) : new Float64Array(length);
}
