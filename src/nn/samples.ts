/**
 * Samples in shared memory, from which the gather kernels fetch batches by index.
 *
 * A uint8 image stays uint8 (a quarter of the memory); it is normalised while it is fetched: x = u8
 * * scale + shift.
 */
import { InputError } from "../errors.js";
import { type Inputs, isBytes } from "../inputs.js";
import { isTypedArray } from "../kinds.js";
import type { Normalization } from "../normalization.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import { tensorArgs, type PlacedTensor } from "./tensor.js";

export interface SampleStore {
  readonly count: number;
  readonly features: number;
  readonly format: "u8" | "f32";
  /** [count, features], uint8 or float32. */
  readonly inputs: number;
  /** f32 [2, channels]: scale and shift of each channel; 0 for float32 inputs. */
  readonly affine: number;
  /** Features of one channel. */
  readonly channelSize: number;
  /** i32 [count] class numbers, or 0. */
  readonly labels: number;
  /** f32 [count, targetFeatures] for the squared error, or 0. */
  readonly targets: number;
  readonly targetFeatures: number;
}

/** A run of samples, e.g. the training set; several are stored one after the other. */
export interface SamplePart {
  /** Row-major [count, features]; of bytes in all parts, or in none. */
  readonly inputs: Inputs;
  readonly labels?: Uint8Array | Uint16Array | Int32Array;
  /** Row-major [count, targetFeatures], for the squared error. */
  readonly targets?: Float32Array;
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
 * Copies samples into shared memory. Mean and deviation are taken off in float64; float32 is what
 * is left.
 *
 * @throws InputError for a number that is finite before this and not after it
 */
export function storeSamples(
  memory: Memory,
  parts: readonly SamplePart[],
  options: SampleOptions,
): SampleStore {
  const { features, targetFeatures = 0, targetScale, mean = [0], std = [1] } = options;
  const channelSize = features / mean.length;
  const count = parts.reduce((sum, { inputs }) => sum + inputs.length / features, 0);
  const bytes = isBytes(parts[0].inputs);
  const labelled = parts.every(({ labels, inputs }) => labels?.length === inputs.length / features);
  const targeted = parts.every(({ targets }) => targets);
  const place = memory.allocate(count * features * (bytes ? 1 : 4));
  const labelPlace = labelled ? memory.allocate(count * 4) : 0;
  const targetPlace = targeted ? memory.allocate(count * targetFeatures * 4) : 0;
  let at = 0;
  for (const { inputs, labels, targets } of parts) {
    if (bytes) {
      memory.u8(place + at * features, inputs.length).set(inputs);
    } else {
      normalizeInto(memory.f32(place + at * features * 4, inputs.length), inputs, {
        features,
        mean,
        std,
      });
    }
    if (labels && labelled) memory.i32(labelPlace + at * 4, labels.length).set(labels);
    if (targets && targeted) {
      const stored = memory.f32(targetPlace + at * targetFeatures * 4, targets.length);
      storeTargets(stored, targets, targetScale);
    }
    at += inputs.length / features;
  }
  return {
    count,
    features,
    format: bytes ? "u8" : "f32",
    inputs: place,
    channelSize,
    affine: bytes ? memory.put(affineOf(mean, std)) : 0,
    labels: labelPlace,
    targets: targetPlace,
    targetFeatures,
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

export interface GatherPlaces {
  readonly tiles: number;
  /** i32 [tiles * T], -1 = no sample. */
  readonly indices: number;
  /** i32 [tiles * T][AUGMENT_WORDS]: see plan-data.ts; or 0. */
  readonly augment: number;
  /** Where the samples go. Float32 samples go to a tensor without border. */
  readonly out: PlacedTensor;
  /** The samples are images, [channels, height, width]. */
  readonly image: boolean;
  /** f32 [tiles * T][rowStride], or 0. Flat samples only. */
  readonly rowsOut: number;
  readonly rowStride: number;
}

/**
 * The ops that fetch a batch.
 *
 * @throws InputError if images of bytes have another number of channels than the model takes
 */
export function gatherOps(store: SampleStore, at: GatherPlaces): Op[] {
  const { tiles, indices, augment, out, image, rowsOut, rowStride } = at;
  const { inputs: data, features, affine, channelSize } = store;
  if (store.format === "f32") {
    return [
      op("gatherF32", tiles, { data, indices, out: out.offset, rowsOut, features, rowStride }),
    ];
  }
  if (!image) {
    return [
      op("gatherU8", tiles, {
        data,
        indices,
        affine,
        out: out.offset,
        rowsOut,
        features,
        channelSize,
        rowStride,
      }),
    ];
  }
  const { channels, height, width } = out;
  if (features !== channels * channelSize) {
    throw new InputError(
      `expected bytes of ${channels} channels, found ${features / channelSize}: state the shape of the samples`,
    );
  }
  const places = { data, indices, affine, augment, out: tensorArgs(out) };
  return [op("gatherImagesU8", tiles, { ...places, tiles, channels, height, width })];
}
