/**
 * A data set from streams of batches: anything that can be iterated, also asynchronously (a
 * generator over files, a database cursor, a loader of another library).
 *
 * Training visits the samples in another order each epoch, so all of them must be at hand: the
 * batches are copied into one array. Memory: the samples twice while the array is put together,
 * once after that, and once more in the shared memory of a run. Bytes take a quarter of what floats
 * take.
 */
import { size } from "../shape-size.js";
import { InputError } from "../errors.js";
import { INPUT_KINDS, type Inputs, isBytes, isInputs } from "../inputs.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { joined } from "../joined.js";
import { isTypedArray, kindOf } from "../kinds.js";
import { type ArraysOptions, type ArraysPart, type Dataset, fromArrays } from "./dataset.js";
import { asLabels, copiedLabels, type LabelList, type Labels } from "./labels.js";

/**
 * Samples with labels to classify, or with targets to come near to. All of it is copied at once, so
 * arrays may be used again.
 */
export type Batch = LabelledBatch | TargetBatch;

export interface LabelledBatch {
  /** [count, features] row-major; bytes mean value / 255. */
  readonly inputs: Inputs;
  /** [count] whole numbers below 65535. */
  readonly labels: LabelList;
  /** As in {@link TargetBatch}. */
  readonly targets?: Float32Array;
}

export interface TargetBatch {
  /** [count, features] row-major; bytes mean value / 255. */
  readonly inputs: Inputs;
  readonly labels?: undefined;
  /** [count, target features] row-major; all batches have them, or none. */
  readonly targets: Float32Array;
}

/** What is iterated over. */
export type BatchStream = AsyncIterable<Batch> | Iterable<Batch>;

export interface FromBatchesOptions extends Omit<ArraysOptions, "train" | "test" | "name"> {
  readonly train: BatchStream;
  /** Default: none. */
  readonly test?: BatchStream | undefined;
  /** Takes so many training samples and stops: needed for streams without an end. Default: all. */
  readonly trainSamples?: number | undefined;
  /** As trainSamples, for the test samples. */
  readonly testSamples?: number | undefined;
  /** Default "batches". */
  readonly name?: string | undefined;
}

const OPTIONS: OptionKeys<FromBatchesOptions> = {
  train: 1,
  test: 1,
  shape: 1,
  trainSamples: 1,
  testSamples: 1,
  classes: 1,
  name: 1,
  labelNames: 1,
  targetNames: 1,
  normalizeTargets: 1,
  mean: 1,
  std: 1,
};

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
 * @example
 * // Targets in place of labels: y = x0 + x1.
 * const sums = [{ inputs: Float32Array.of(1, 2, 3, 4), targets: Float32Array.of(3, 7) }];
 * const regression = await fromBatches({ shape: [2], train: sums });
 *
 * @throws InputError if a batch is of another kind than the first, or its inputs, labels and
 * targets don't fit together; also for a label that is no whole number below 65535, a stream
 * without samples, or one with fewer than were asked for; otherwise as `fromArrays`. What the
 * stream throws goes through.
 */
export async function fromBatches(options: FromBatchesOptions): Promise<Dataset> {
  const {
    train,
    test,
    trainSamples,
    testSamples,
    name = "batches",
    ...facts
  } = knownOptions("fromBatches", options, OPTIONS);
  const features = size(options.shape);
  return fromArrays({
    ...facts,
    name,
    train: await collect("train", train, features, trainSamples),
    ...(test === undefined ? {} : { test: await collect("test", test, features, testSamples) }),
  });
}

async function collect(
  where: string,
  batches: BatchStream,
  features: number,
  most = Number.POSITIVE_INFINITY,
): Promise<ArraysPart> {
  if (most !== Number.POSITIVE_INFINITY && (!Number.isInteger(most) || most < 1)) {
    throw new InputError(`${where}Samples must be a positive integer, found ${most}`);
  }
  const chunks: Chunk[] = [];
  let count = 0;
  for await (const batch of batches) {
    const chunk = checked(`batch ${chunks.length} of ${where}`, batch, features, chunks[0]);
    const some = Math.min(chunk.count, most - count);
    const width = chunk.targets && chunk.count ? chunk.targets.length / chunk.count : 0;
    chunks.push({
      count: some,
      inputs: chunk.inputs.slice(0, some * features),
      labels: chunk.labels?.slice(0, some),
      targets: chunk.targets?.slice(0, some * width),
    });
    count += some;
    // Leaving the loop closes the stream.
    if (count === most) break;
  }
  if (count === 0) throw new InputError(`${where}: expected one sample or more, found none`);
  if (most !== Number.POSITIVE_INFINITY && count < most) {
    throw new InputError(
      `${where}: expected ${most} samples, found ${count} before the end of the batches`,
    );
  }
  const [labels, targets] = [
    chunks.flatMap((chunk) => chunk.labels ?? []),
    chunks.flatMap((chunk) => chunk.targets ?? []),
  ];
  return {
    inputs: joinedInputs(chunks.map(({ inputs }) => inputs)),
    // Of a part without targets there are labels, and the other way round.
    ...(labels.length > 0 && { labels: joinedLabels(labels) }),
    ...(targets.length > 0 && { targets: joined(targets, Float32Array) }),
  } as ArraysPart;
}

/** Lists of labels, one after the other. */
function joinedLabels(parts: readonly Labels[]): Labels {
  const isWide = parts.some((part) => isTypedArray(part, "Uint16Array"));
  return isWide ? joined(parts, Uint16Array) : joined(parts, Uint8Array);
}

function joinedInputs(parts: readonly Inputs[]): Inputs {
  if (isBytes(parts[0])) return joined(parts, Uint8Array);
  return isTypedArray(parts[0], "Float32Array")
    ? joined(parts, Float32Array)
    : joined(parts, Float64Array);
}

/** A batch as it is kept until all have come. */
interface Chunk {
  readonly count: number;
  readonly inputs: Inputs;
  readonly labels: Labels | undefined;
  readonly targets: Float32Array | undefined;
}

/** The batch, with its own memory where a slice would share it. */
function checked(
  where: string,
  { inputs, labels, targets }: Batch,
  features: number,
  first?: Chunk,
): Chunk {
  if (!isInputs(inputs))
    throw new InputError(`${where}: inputs must be ${INPUT_KINDS}, found ${kindOf(inputs)}`);
  if (first !== undefined && kindOf(first.inputs) !== kindOf(inputs)) {
    throw new InputError(
      `${where}: inputs must be a ${kindOf(first.inputs)} as in the first batch, found ${kindOf(inputs)}`,
    );
  }
  if (targets !== undefined && !isTypedArray(targets, "Float32Array")) {
    throw new InputError(`${where}: targets must be a Float32Array, found ${kindOf(targets)}`);
  }
  const count = labels?.length ?? (targets && Math.floor(inputs.length / features));
  if (typeof count !== "number" || inputs.length !== count * features) {
    throw new InputError(
      `${where}: inputs must have ${count ?? "as many labels"} x ${features} features, found ${inputs.length} elements`,
    );
  }
  checkAlike(where, "targets", targets, first);
  checkAlike(where, "labels", labels, first);
  checkTargets(where, targets, count, first);
  // A Buffer's slice would be a view.
  const own = isBytes(inputs) ? new Uint8Array(inputs) : inputs;
  return {
    count,
    inputs: own,
    labels: labels && copiedLabels(asLabels(labels, where)),
    targets,
  };
}

function checkAlike(
  where: string,
  key: "labels" | "targets",
  value: unknown,
  first: Chunk | undefined,
): void {
  if (first === undefined || (first[key] === undefined) === (value === undefined)) return;
  const [wanted, found] = first[key] === undefined ? [`no ${key}`, "some"] : [key, "none"];
  throw new InputError(`${where}: expected ${wanted} as in the first batch, found ${found}`);
}

/** As many features a target as in the first batch; an empty batch says nothing of them. */
function checkTargets(
  where: string,
  targets: Float32Array | undefined,
  count: number,
  first: Chunk | undefined,
): void {
  if (!targets) return;
  const width = first?.count ? first.targets!.length / first.count : undefined;
  const fits =
    width === undefined ? targets.length % (count || 1) === 0 : targets.length === count * width;
  if (fits && (count > 0 ? targets.length > 0 : targets.length === 0)) return;
  throw new InputError(
    `${where}: targets must have ${width ?? "the same number of"} features for each ` +
      `of the ${count} samples, found ${targets.length} elements`,
  );
}
