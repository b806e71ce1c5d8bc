/**
 * Samples in shared memory, from which the gather kernels fetch batches by index.
 *
 * A uint8 image stays uint8 (a quarter of the memory); it is normalised while it is fetched: x = u8
 * * scale + shift.
 */
import { InputError } from "../errors.js";
import { op, type Op } from "../runtime/kernel-table.js";
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
  /**
   * Of samples that are not in shared memory all at once: puts those of a batch there, and says
   * where. They stay until the next batch is fetched.
   */
  readonly fetch?: (indices: Int32Array) => Int32Array;
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
