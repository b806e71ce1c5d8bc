/**
 * `bregman export --format tensorboard`: a run as it lies in its folder, as events for TensorBoard.
 * Of weights there is what the folder keeps: those of the first layer at a few epochs, and all of
 * them, with v, at the last checkpoint, or without v in the network.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors.js";
import { loadModel, MODEL_FILE } from "../export/model-file.js";
import type { Tensor } from "../export/safetensors-format.js";
import { ownFolder } from "../own-folder.js";
import { readRun, type Run } from "../report/run-folder.js";
import { newestCheckpoint } from "../runs/checkpoint.js";
import { finalScalars } from "../track/scalars.js";
import { createEventFile, eventFiles } from "../track/tensorboard/event-file.js";
import type { SummaryValue } from "../track/tensorboard/event-proto.js";
import { pictureValue, scalarValues } from "../track/tensorboard/summaries.js";
import {
  addLines,
  dualHistogram,
  pictureTag,
  weightHistogram,
} from "../track/tensorboard/tensorboard.js";
import { keptWeights } from "./film-folder.js";

const FOLDER = "tensorboard";

/**
 * Writes the events of a run into a folder within its own, in place of those that are there, and
 * returns the path of the file.
 *
 * @throws InputError if `run` is no folder; UnusableFileError as readRun, or if it can't be written
 */
export function exportTensorBoard(run: string): string {
  if (!(statSync(run, { throwIfNoEntry: false })?.isDirectory() ?? true))
    throw new InputError(`--format tensorboard is for a run folder, found the file ${run}`);
  const read = readRun(run);
  const folder = ownFolder(run, FOLDER);
  for (const name of eventFiles(folder)) rmSync(join(folder, name));
  const end = statSync(join(run, "metrics.jsonl")).mtimeMs / 1000;
  const [first] = read.epochs;
  const last = read.epochs.at(-1);
  const timeOf = (epoch: number) => {
    const line = read.epochs.find((candidate) => candidate.epoch === epoch);
    return end - (last?.seconds ?? 0) + (line ?? last)!.seconds;
  };
  const file = createEventFile(folder, 0, first ? timeOf(first.epoch) : end);
  addLines(file, read.epochs, end);
  if (!last) return file.path;
  for (const [epoch, values] of weightsOf(run, read)) file.add(epoch, values, timeOf(epoch));
  file.add(last.epoch, scalarValues(finalScalars(read.result?.final ?? {})), end);
  return file.path;
}

/** What is kept of weights, by epochs in their order. */
function weightsOf(run: string, { epochs }: Run): [epoch: number, values: SummaryValue[]][] {
  const { epoch: last, layers } = epochs.at(-1)!;
  const names = layers.map(({ name }) => `${name}.weight`);
  const values = new Map<number, SummaryValue[]>();
  for (const { epoch, shape, theta } of keptWeights(run)) {
    if (epoch > last || names.length === 0) continue;
    values.set(epoch, [
      ...weightHistogram(names[0], theta),
      ...pictureValue(pictureTag(names[0]), shape, theta),
    ]);
  }
  const { epoch, tensors } = lastTensors(run, last);
  const all = names.flatMap((name) => {
    const [theta, v] = ["theta", "v"].map((kind) => tensors.get(`${kind}/${name}`)?.data);
    if (!theta) return [];
    return [
      ...weightHistogram(name, theta as Float32Array),
      ...(v && isOther(v, theta) ? dualHistogram(name, v as Float32Array) : []),
    ];
  });
  const pictures = (values.get(epoch) ?? []).filter((value) => value.image !== undefined);
  if (all.length > 0) values.set(epoch, [...all, ...pictures]);
  return [...values].sort(([a], [b]) => a - b);
}

/** The tensors of the newest checkpoint, else those of the network. */
function lastTensors(
  run: string,
  last: number,
): { readonly epoch: number; readonly tensors: ReadonlyMap<string, Pick<Tensor, "data">> } {
  const { checkpoint } = newestCheckpoint(run);
  if (checkpoint) {
    const { tensors, progress } = checkpoint;
    return { epoch: progress.epochs.at(-1)!.epoch, tensors };
  }
  const file = join(run, MODEL_FILE);
  const network = existsSync(file) ? loadModel(file).parameters : [];
  const tensors = [...network].map(([name, values]) => [`theta/${name}`, values] as const);
  return { epoch: last, tensors: new Map(tensors) };
}

/** Optimizers whose theta is their v keep it twice. */
function isOther(v: Tensor["data"], theta: Tensor["data"]): boolean {
  return v.some((value, k) => value !== theta[k]);
}
