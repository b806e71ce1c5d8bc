/** Reads one's own data from arrays in files, one file of inputs and one of labels: idx or .npy. */
import { readIdx } from "./idx.js";
import { type NpyArray, readNpy } from "./npy.js";
import { checkCounts, type OwnPart, sampleShape, type SampleShape } from "./own-part.js";
import type { NpySource } from "./source.js";

export interface ArrayPart extends OwnPart {
  readonly shape: SampleShape;
}

/**
 * Reads images [count, height, width] and labels [count] from idx files, plain or gzip-compressed.
 *
 * @throws as `readIdx` and `sampleShape`; RangeError if the counts differ
 */
export function readIdxPart(images: string, labels: string, wanted: readonly number[] | undefined): ArrayPart {
  const { shape, data } = readIdx(images);
  const given = readIdx(labels, { dimensions: 1 });
  checkCounts(images, shape[0], labels, given.shape[0]);
  return { where: images, inputs: data, labels: given.data, shape: sampleShape(shape, wanted, images) };
}

export interface NpyOptions {
  readonly shape: readonly number[] | undefined;
  readonly channels: NpySource["channels"];
}

/**
 * Reads inputs and labels from .npy files. Inputs are uint8 (meaning value / 255), float32 or float64 (rounded to
 * float32); labels are integers of any size from 0 to 255, [count] or [count, 1].
 *
 * @throws as `readNpy` and `sampleShape`; TypeError for elements of another kind; RangeError if the counts differ, for a label
 * that is too large, for an input that is not finite, or for images whose channels may come first or last
 */
export function readNpyPart(inputs: string, labels: string, { shape: wanted, channels }: NpyOptions): ArrayPart {
  const array = readNpy(inputs);
  const given = readNpy(labels);
  const isFlat = given.shape.length === 1 || (given.shape.length === 2 && given.shape[1] === 1);
  if (!isFlat) throw new RangeError(`${labels}: expected labels of shape [count], found [${given.shape.join(", ")}]`);
  if (array.shape.length > 0) checkCounts(inputs, array.shape[0], labels, given.shape[0]);
  const numbers = inputNumbers(array, inputs);
  if (channels === "last" && array.shape.length !== 4) {
    throw new RangeError(
      `${inputs}: data.channels "last" is for images of four dimensions, found [${array.shape.join(", ")}]; reshape the array`,
    );
  }
  const last = array.shape.length === 4 && channelsLast(array.shape, channels, inputs);
  const [n, a, b, c] = array.shape;
  const sample = last ? [n, c, a, b] : array.shape;
  return {
    where: inputs,
    inputs: last ? channelsFirst(numbers, a * b, c) : numbers,
    labels: labelNumbers(given, labels),
    shape: sampleShape(sample, wanted, inputs),
  };
}

function inputNumbers({ type, data }: NpyArray, where: string): Uint8Array | Float32Array {
  if (type === "uint8") return data as Uint8Array;
  if (type === "float32" || type === "float64") {
    const numbers = type === "float32" ? (data as Float32Array) : Float32Array.from(data as Float64Array);
    const bad = numbers.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return numbers;
    throw new RangeError(`${where}: inputs must be finite float32 numbers, found ${data[bad]} at index ${bad}`);
  }
  throw new TypeError(
    `${where}: expected inputs of uint8, float32 or float64, found ${type}; convert with array.astype("float32"), or "uint8" if they are bytes`,
  );
}

function labelNumbers({ type, data }: NpyArray, where: string): Uint8Array {
  if (type.startsWith("float") || type === "bool") {
    throw new TypeError(`${where}: expected labels of an integer type, found ${type}`);
  }
  const labels = new Uint8Array(data.length);
  for (let k = 0; k < data.length; k++) {
    const label = Number(data[k]);
    if (!(label >= 0 && label <= 255)) {
      throw new RangeError(`${where}: label ${label} at index ${k}: labels must be from 0 to 255`);
    }
    labels[k] = label;
  }
  return labels;
}

/** Colour images are stored both ways, and both ways can be read: what is not said and not plain is asked for. */
function channelsLast(shape: readonly number[], channels: NpySource["channels"], where: string): boolean {
  if (channels !== undefined) return channels === "last";
  const isFew = (size: number) => size === 1 || size === 3 || size === 4;
  if (isFew(shape[3]) && !isFew(shape[1])) {
    throw new RangeError(
      `${where}: shape [${shape.join(", ")}] may have its channels last; say "channels": "last", or "first" if it has ${shape[1]} channels`,
    );
  }
  return false;
}

/** [count][pixels][channels] to [count][channels][pixels]. */
function channelsFirst(from: Uint8Array | Float32Array, pixels: number, channels: number): Uint8Array | Float32Array {
  const to = from instanceof Uint8Array ? new Uint8Array(from.length) : new Float32Array(from.length);
  for (let at = 0; at < from.length; at += pixels * channels) {
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < channels; c++) to[at + c * pixels + p] = from[at + p * channels + c];
    }
  }
  return to;
}
