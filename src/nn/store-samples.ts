/**
 * Puts samples into shared memory: all of them, or those of a batch when it is set.
 *
 * Bytes stay bytes; numbers are normalised here.
 */
import { InputError, InternalError } from "../errors.js";
import {
  type AnyInputs,
  areBytes,
  counted,
  inputRows,
  type Inputs,
  isBytes,
  isStored,
} from "../inputs.js";
import { isTypedArray } from "../kinds.js";
import type { Normalization } from "../normalization.js";
import type { Memory } from "../runtime/memory.js";
import type { SampleStore } from "./samples.js";

/** A run of samples, e.g. the training set; several are stored one after the other. */
export interface SamplePart {
  /** Row-major [count, features]; of bytes in all parts, or in none. */
  readonly inputs: AnyInputs;
  readonly labels?: Uint8Array | Uint16Array | Int32Array | undefined;
  /** Row-major [count, targetFeatures], for the squared error. */
  readonly targets?: Float32Array | undefined;
}

export interface SampleOptions {
  readonly features: number;
  readonly targetFeatures?: number | undefined;
  /** Targets are stored as (y - mean) / std of their feature. Default: as they are. */
  readonly targetScale?: Normalization | undefined;
  /**
   * Mean and standard deviation of each channel, in units of x = u8 / 255: stored samples read as
   * (x - mean) / std. Default 0 and 1.
   */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  /**
   * Samples of a batch: no more are in shared memory at a time. Default: all samples are, and none
   * may be stored elsewhere.
   */
  readonly batch?: number | undefined;
}

/** Numbers that leave inputs as they are, one a channel of what a model takes. */
export function unchanged(input: readonly number[]): {
  readonly mean: readonly number[];
  readonly std: readonly number[];
} {
  const channels = input.length === 3 ? input[0] : 1;
  const each = (value: number) => Array.from({ length: channels }, () => value);
  return { mean: each(0), std: each(1) };
}

/**
 * Copies samples into shared memory, all at once or batch by batch. Mean and deviation are taken
 * off in float64; float32 is what is left.
 *
 * @throws InputError for a number that is finite before this and not after it
 */
export function storeSamples(
  memory: Memory,
  parts: readonly SamplePart[],
  options: SampleOptions,
): SampleStore {
  const { features, targetFeatures = 0, mean = [0], std = [1], batch } = options;
  const count = parts.reduce((sum, { inputs }) => sum + inputs.length / features, 0);
  const room = Math.min(count, batch ?? count);
  const bytes = areBytes(parts[0].inputs);
  const labelled = parts.every(({ labels, inputs }) => labels?.length === inputs.length / features);
  const targeted = parts.every(({ targets }) => targets);
  const store: SampleStore = {
    count,
    features,
    format: bytes ? "u8" : "f32",
    inputs: memory.allocate(room * features * (bytes ? 1 : 4)),
    channelSize: features / mean.length,
    affine: bytes ? memory.put(affineOf(mean, std)) : 0,
    labels: labelled ? memory.allocate(room * 4) : 0,
    targets: targeted ? memory.allocate(room * targetFeatures * 4) : 0,
    targetFeatures,
  };
  if (batch !== undefined)
    return { ...store, fetch: fetching(memory, store, parts, { ...options, batch }) };
  let at = 0;
  for (const { inputs, labels, targets } of parts) {
    if (isStored(inputs)) throw new InternalError("inputs that are stored are fetched by batches");
    putSamples(memory, store, at, { inputs, labels, targets }, options);
    at += inputs.length / features;
  }
  return store;
}

/** Samples that are in memory. */
interface SomeSamples extends Omit<SamplePart, "inputs"> {
  readonly inputs: Inputs;
  /** Place of the first of them in what messages speak of. Default 0. */
  readonly from?: number;
}

/** Writes samples to their places, from a place on. */
function putSamples(
  memory: Memory,
  { features, format, inputs: inputsAt, ...store }: SampleStore,
  at: number,
  { inputs, labels, targets, from = 0 }: SomeSamples,
  options: SampleOptions,
): void {
  if (format === "u8") {
    memory.u8(inputsAt + at * features, inputs.length).set(inputs);
  } else {
    const out = memory.f32(inputsAt + at * features * 4, inputs.length);
    normalizeInto(out, inputs, options, from * features);
  }
  if (labels && store.labels) memory.i32(store.labels + at * 4, labels.length).set(labels);
  if (targets && store.targets) {
    const { targetFeatures } = store;
    const stored = memory.f32(store.targets + at * targetFeatures * 4, targets.length);
    storeTargets(stored, targets, options.targetScale);
  }
}

/** Fetches a batch, sample by sample, from the parts that they are in. */
function fetching(
  memory: Memory,
  store: SampleStore,
  parts: readonly SamplePart[],
  options: SampleOptions & { readonly batch: number },
): (indices: Int32Array) => Int32Array {
  const { features, targetFeatures } = options;
  const places = counted(options.batch);
  const ends: number[] = [];
  for (const { inputs } of parts) ends.push((ends.at(-1) ?? 0) + inputs.length / features);
  return (indices) => {
    for (let at = 0; at < indices.length;) {
      const k = ends.findIndex((end) => indices[at] < end);
      const first = ends[k - 1] ?? 0;
      // Most often a batch is of one part.
      const other = indices.subarray(at).findIndex((index) => index < first || index >= ends[k]);
      const count = other < 0 ? indices.length - at : other;
      const rows = indices.subarray(at, at + count).map((index) => index - first);
      const { inputs, labels, targets } = parts[k];
      const read = inputRows(inputs, features, rows);
      rows.forEach((row, j) => {
        const one = {
          inputs: read.subarray(j * features, (j + 1) * features),
          labels: labels?.subarray(row, row + 1),
          targets: targets?.subarray(row * targetFeatures!, (row + 1) * targetFeatures!),
          from: row,
        };
        putSamples(memory, store, at + j, one, options);
      });
      at += count;
    }
    return places.subarray(0, indices.length);
  };
}

function storeTargets(out: Float32Array, targets: Float32Array, scale?: Normalization): void {
  if (!scale) {
    out.set(targets);
    return;
  }
  const { mean, std } = scale;
  targets.forEach((y, k) => (out[k] = (y - mean[k % mean.length]) / std[k % mean.length]));
}

/**
 * Writes (x - mean) / std of samples, taken off in float64; bytes count as x = value / 255.
 *
 * @param out - as long as the inputs
 * @param from - index of the first of them in the array that messages speak of
 * @throws InputError for a number that is finite before this and not after it
 */
export function normalizeInto(
  out: Float32Array,
  inputs: Inputs,
  { features, mean = [0], std = [1] }: SampleOptions,
  from = 0,
): void {
  if (isTypedArray(inputs, "Float32Array") && isUnchanged({ mean, std })) {
    out.set(inputs);
    return;
  }
  const unit = isBytes(inputs) ? 255 : 1;
  const run = features / mean.length;
  // Not a number as soon as one of them is not finite: looked at once, behind the loops.
  let check = 0;
  for (let k = 0, channel = 0; k < inputs.length; channel = (channel + 1) % mean.length) {
    const [m, s] = [mean[channel] * unit, std[channel] * unit];
    for (const end = k + run; k < end; k++) {
      out[k] = (inputs[k] - m) / s;
      check += out[k] - out[k];
    }
  }
  if (check === 0) return;
  const bad = inputs.findIndex((x, k) => Number.isFinite(x) && !Number.isFinite(out[k]));
  if (bad < 0) return;
  const channel = Math.floor((bad % features) / run);
  const as = `(x${unit === 1 ? "" : " / 255"} - ${mean[channel]}) / ${std[channel]}`;
  throw tooLarge(inputs[bad], from + bad, features, as);
}

function isUnchanged({ mean, std }: Normalization): boolean {
  return mean.every((m) => m === 0) && std.every((s) => s === 1);
}

function tooLarge(x: number, index: number, features: number, as: string): InputError {
  const place = `sample ${Math.floor(index / features)}, feature ${index % features}`;
  return new InputError(
    `inputs: ${x} at index ${index} (${place}) is too large for float32, also as ${as}; ` +
      "scale it before",
  );
}

/** Scale and shift of each channel's bytes. */
function affineOf(mean: readonly number[], std: readonly number[]): Float32Array {
  const affine = Float32Array.from([
    ...std.map((s) => 1 / (255 * s)),
    ...mean.map((m, c) => -m / std[c]),
  ]);
  const at = affine.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return affine;
  const channel = at % std.length;
  throw new InputError(
    `inputs: bytes are too large for float32 as (x / 255 - ${mean[channel]}) / ${std[channel]} (channel ${channel})`,
  );
}
