/**
 * A data set from streams of batches: anything that can be iterated, also asynchronously (a generator over files, a
 * database cursor, a loader of another library).
 *
 * Training visits the samples in another order each epoch, so all of them must be at hand: the batches are copied into one
 * array. Memory: the samples twice while the array is put together, once after that, and once more in the shared memory
 * of a run. Bytes take a quarter of what floats take.
 */
import { type ArraysOptions, type Dataset, fromArrays } from "./dataset.js";

export interface Batch {
  /** [count, features] row-major; bytes mean value / 255. Copied at once, so the array may be used again. */
  readonly inputs: Uint8Array | Float32Array;
  /** [count] whole numbers below 256. */
  readonly labels: ArrayLike<number>;
}

/** What is iterated over. */
export type BatchStream = AsyncIterable<Batch> | Iterable<Batch>;

export interface FromBatchesOptions extends Omit<ArraysOptions, "train" | "test" | "name"> {
  readonly train: BatchStream;
  /** Default: none. */
  readonly test?: BatchStream;
  /** Takes so many training samples and stops: needed for streams without an end. Default: all. */
  readonly trainSamples?: number;
  /** As trainSamples, for the test samples. */
  readonly testSamples?: number;
  /** Default "batches". */
  readonly name?: string;
}

/**
 * Collects batches into a data set.
 *
 * @example
 * async function* batches() {
 *   for (let k = 0; k < 3; k++) yield { inputs: new Float32Array([k, k, -k, -k]), labels: [0, 1] };
 * }
 * const data = await fromBatches({ shape: [2], train: batches() });
 * data.train.count; // 6
 *
 * @throws TypeError if a batch is of another kind than the first, or its inputs and labels don't fit together; RangeError
 * for a label that is no whole number below 256, a stream without samples, or one with fewer than were asked for;
 * otherwise as `fromArrays`. What the stream throws goes through.
 */
export async function fromBatches(options: FromBatchesOptions): Promise<Dataset> {
  const { train, test, trainSamples, testSamples, name = "batches", ...facts } = options;
  const features = options.shape.reduce((product, n) => product * n, 1);
  return fromArrays({
    ...facts,
    name,
    train: await collect("train", train, features, trainSamples),
    ...(test === undefined ? {} : { test: await collect("test", test, features, testSamples) }),
  });
}

async function collect(where: string, batches: BatchStream, features: number, most = Number.POSITIVE_INFINITY) {
  if (most !== Number.POSITIVE_INFINITY && (!Number.isInteger(most) || most < 1)) {
    throw new RangeError(`${where}Samples must be a positive integer, found ${most}`);
  }
  const chunks: { inputs: Uint8Array | Float32Array; labels: Uint8Array }[] = [];
  let count = 0;
  let k = 0;
  for await (const batch of batches) {
    const taken = checked(`batch ${k++} of ${where}`, batch, features, chunks[0]?.inputs);
    const some = Math.min(taken.labels.length, most - count);
    chunks.push({ inputs: taken.inputs.slice(0, some * features), labels: taken.labels.subarray(0, some) });
    count += some;
    // Leaving the loop closes the stream.
    if (count === most) break;
  }
  if (count === 0) throw new RangeError(`${where}: expected one sample or more, found none`);
  if (most !== Number.POSITIVE_INFINITY && count < most) {
    throw new RangeError(`${where}: expected ${most} samples, found ${count} before the end of the batches`);
  }
  const isBytes = chunks[0].inputs instanceof Uint8Array;
  const inputs = isBytes ? new Uint8Array(count * features) : new Float32Array(count * features);
  const labels = new Uint8Array(count);
  let at = 0;
  for (const chunk of chunks) {
    inputs.set(chunk.inputs, at * features);
    labels.set(chunk.labels, at);
    at += chunk.labels.length;
  }
  return { inputs, labels };
}

function checked(where: string, { inputs, labels }: Batch, features: number, first: Batch["inputs"] | undefined) {
  if (!(inputs instanceof Uint8Array || inputs instanceof Float32Array)) {
    throw new TypeError(`${where}: inputs must be a Uint8Array or a Float32Array, found ${kindOf(inputs)}`);
  }
  if (first !== undefined && kindOf(first) !== kindOf(inputs)) {
    throw new TypeError(`${where}: inputs must be a ${kindOf(first)} as in the first batch, found ${kindOf(inputs)}`);
  }
  if (typeof labels?.length !== "number" || inputs.length !== labels.length * features) {
    throw new TypeError(
      `${where}: inputs must have ${labels?.length ?? "as many labels"} x ${features} features, found ${inputs.length} elements`,
    );
  }
  const whole = Uint8Array.from(labels);
  for (let k = 0; k < whole.length; k++) {
    if (whole[k] !== labels[k]) {
      throw new RangeError(`${where}: label ${labels[k]} at index ${k}: labels must be whole numbers from 0 to 255`);
    }
  }
  // Not inputs.slice() on a Buffer, which would be a view.
  return { inputs: inputs instanceof Uint8Array ? new Uint8Array(inputs) : inputs, labels: whole };
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return "Uint8Array"; // also a Buffer
  if (value === null || value === undefined) return String(value);
  return (value as object).constructor?.name ?? typeof value;
}
