/**
 * A recipe run from beginning to end, with a run folder that can be read, and the run resumed, at
 * any moment.
 *
 *     recipe.json           the recipe, defaults filled in, paths from here
 *     metrics.jsonl         one line an epoch, epoch 0 first, each written when it is known
 *     checkpoint-*          the last two checkpoints, see checkpoint.ts
 *     model.safetensors     the graph, final parameters and buffers, float32: see export/model-file.ts
 *     result.json           the summary, in the format of results/
 *     pictures/mistake-*    the surest mistakes, see mistake-pictures.ts
 *     lock.json             while it runs: who writes here, see folder-lock.ts
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import type { AnyDataset } from "../data/dataset.js";
import { UnusableFileError } from "../errors.js";
import { MODEL_FILE, saveModel } from "../export/model-file.js";
import { type FolderLock, LOCK_FILE, lockFolder } from "../folder-lock.js";
import { parseJson } from "../json.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { Model } from "../nn/model.js";
import type { Ranks } from "../ranks/ranks.js";
import { readText } from "../read-file.js";
import { buildModel } from "../recipes/build.js";
import { withOnnxModel } from "../recipes/onnx-model.js";
import { withAbsolutePaths, withRebasedPaths } from "../recipes/paths.js";
import { withSchema } from "../recipes/schema-file.js";
import type { Recipe } from "../recipes/schema.js";
import { startEntry } from "../recipes/start-schema.js";
import { currentCommit } from "./checkout.js";
import type { EpochMetrics, FinalMetrics, TrainEvent } from "../measure/events.js";
import { fitOptionsOf } from "./recipe-options.js";
import type { FitOptions } from "../train/fit-options.js";
import { checkpointNames } from "./checkpoint.js";
import { openKeeper } from "./checkpoint-keeper.js";
import { inParts, ranksNote } from "./parts-of-ranks.js";
import { dataOfRun, RECIPE_FILE, recipeIdentity } from "./run-recipe.js";
import { copyResult, resultOf, type Beginning } from "./run-result.js";
import type { OpenKeeper } from "../train/keeper.js";
import { trainModel } from "../train/train-model.js";
import type { NetworkInTraining } from "../engine/network-in-training.js";

export interface RunOptions {
  /**
   * Run folder; made if it is not there, refused if there is something in it (unless the run is
   * resumed).
   */
  readonly out: string;
  /**
   * Goes on with the run in `out`, from its newest usable checkpoint or, before the first, from the
   * beginning. Lines of metrics after the checkpoint are written anew. Default false.
   */
  readonly resume?: boolean | undefined;
  /**
   * Longest time between two checkpoints, in seconds; there is one at the end of each epoch too.
   * Default 60.
   */
  readonly checkpointSeconds?: number | undefined;
  /** Folder that relative paths of the recipe start from. Default: the working folder. */
  readonly baseDir?: string | undefined;
  /**
   * Where the files of the data are; default: see loadDataset, and for one's own where the recipe
   * says.
   */
  readonly dataDir?: string | undefined;
  readonly threads?: number | undefined;
  readonly backend?: "native" | "wasm" | "auto" | undefined;
  /** Also writes `<resultsDir>/<recipe>/seed-<n>.json`. */
  readonly resultsDir?: string | undefined;
  /**
   * The command that repeats the run, for the result files; a resumed run keeps that of its
   * checkpoint.
   */
  readonly command: string;
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
  /** See fit. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** See fit: called for epoch 0 and after each epoch. */
  readonly observe?: ((epoch: number, network: NetworkInTraining) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const METRICS_FILE = "metrics.jsonl";
const RESULT_FILE = "result.json";

const OPTIONS: OptionKeys<RunOptions> = {
  out: 1,
  baseDir: 1,
  resume: 1,
  checkpointSeconds: 1,
  dataDir: 1,
  threads: 1,
  backend: 1,
  resultsDir: 1,
  command: 1,
  onEvent: 1,
  onWarning: 1,
  observe: 1,
  signal: 1,
};

/**
 * Trains by a recipe and fills a run folder. After an abort by `signal` the folder holds the model
 * as it is then, and the result is marked as interrupted.
 *
 * @throws UnusableFileError if `out` is a folder with something in it, can't be resumed, or is in
 *   use by another process; also if it can't be written
 */
export function runRecipe(recipe: Recipe, options: RunOptions): Promise<FinalMetrics> {
  return runByRanks(recipe, options);
}

/**
 * The same by several processes.
 *
 * @param ranks - those that train along, see follow.ts; this is the first of them
 */
export async function runByRanks(
  recipe: Recipe,
  options: RunOptions,
  ranks?: Ranks,
): Promise<FinalMetrics> {
  knownOptions("runRecipe", options, OPTIONS);
  const { out, baseDir = ".", resume = false, dataDir } = options;
  const given = withOnnxModel(ranks ? inParts(recipe, ranks, resume) : recipe, baseDir);
  const here = withAbsolutePaths(given, baseDir);
  const data = dataOfRun(here, { dataDir });
  const model = buildModel(given.model);
  const startable = withoutLostStart(here, options);
  const training = fitOptionsOf(startable);
  if (!resume) makeRunFolder(out);
  const lock = lockFolder(out);
  try {
    if (!resume) {
      // Once more: another may have been faster.
      checkEmpty(out);
      writeRecipe(out, withRebasedPaths(given, baseDir, out));
    }
    if (ranks) {
      ranks.signal = options.signal;
      ranks.shareText(JSON.stringify(startable));
    }
    return await runLocked({ recipe: given, model, data, training, options, ranks, lock });
  } finally {
    lock.release();
  }
}

interface LockedRun {
  readonly recipe: Recipe;
  readonly model: Model;
  readonly data: AnyDataset;
  /** What `fit` is told by the recipe. */
  readonly training: FitOptions;
  readonly options: RunOptions;
  readonly ranks: Ranks | undefined;
  readonly lock: FolderLock;
}

/** The run in its folder, which has its recipe.json and is nobody else's. */
async function runLocked(run: LockedRun): Promise<FinalMetrics> {
  const { recipe, model, data, options, ranks, lock } = run;
  const { out, resume = false, resultsDir, onEvent } = options;
  const recipeFile = join(out, RECIPE_FILE);
  // What is there, not what is given: a later version of bregman may have more defaults to fill in.
  const recipeText = readText(recipeFile);
  const beginning = beginningOf(options);
  let start: Extract<TrainEvent, { type: "start" }> | undefined;
  let end: Extract<TrainEvent, { type: "end" }> | undefined;
  const open: OpenKeeper = (checkpoint, ofModel, ofData, setting) =>
    openKeeper(checkpoint, ofModel, ofData, setting, { lock, ranks });
  const fitOptions: FitOptions = {
    ...trainingOptions(run),
    checkpoint: {
      folder: out,
      resume,
      everySeconds: options.checkpointSeconds,
      identity: { [RECIPE_FILE]: recipeIdentity(recipeText, recipeFile) },
      about: { ...beginning },
    },
    onEvent(event) {
      if (event.type !== "step" && event.type !== "note") lock.check();
      if (event.type === "start") {
        start = event;
        writeStart(out, event);
        const known = parseJson(recipeText, recipeFile) as Recipe;
        if (known.epochs !== recipe.epochs) writeRecipe(out, { ...known, epochs: recipe.epochs });
      }
      if (event.type === "epoch")
        appendFileSync(join(out, METRICS_FILE), metricsLine(event.metrics));
      if (event.type === "end") end = event;
      else onEvent?.(event);
      if (event.type === "start" && ranks)
        onEvent?.({ type: "note", text: ranksNote(recipe, ranks) });
    },
  };
  const training = trainModel(model, data, fitOptions, open, ranks);
  const result = await training.catch((error: unknown) => {
    // A run that never began leaves nothing: the folder can be used again once the recipe is right.
    if (!resume && start === undefined) rmSync(recipeFile, { force: true });
    throw error;
  });
  saveModel(
    join(out, MODEL_FILE),
    { model, ...result },
    { recipe: recipe.name, seed: String(recipe.seed) },
  );
  const text = `${JSON.stringify(resultOf(recipe, result, start!, beginning), null, 2)}\n`;
  writeFileAtomic(join(out, RESULT_FILE), text);
  const { writeMistakes } = await import("./mistake-pictures.js");
  writeMistakes(out, data, result.final.mistakes);
  if (resultsDir !== undefined && !result.interrupted) copyResult(resultsDir, recipe, text);
  // Only now: whoever hears "end" finds the folder complete.
  onEvent?.(end!);
  return result.final;
}

/** A run that goes on from a checkpoint does without the file that it started from. */
function withoutLostStart({ start, ...recipe }: Recipe, { resume, out }: RunOptions): Recipe {
  if (start === undefined) return recipe;
  const isLost = resume && !existsSync(startEntry(start).file) && checkpointNames(out).length > 0;
  return isLost ? recipe : { ...recipe, start };
}

function beginningOf({ command }: RunOptions): Beginning {
  const commit = currentCommit();
  return { command, ...(commit !== undefined && { commit }) };
}

/** What the loop is told, beside its checkpoints and who hears of it. */
function trainingOptions({ training, options, lock }: LockedRun): FitOptions {
  const { threads, backend, observe, signal, onWarning } = options;
  return {
    ...training,
    threads,
    backend,
    observe(epoch, network) {
      lock.check();
      observe?.(epoch, network);
    },
    signal,
    onWarning,
  };
}

/** The metrics of a run that begins, or goes on. */
function writeStart(
  out: string,
  { initial, resumed }: Extract<TrainEvent, { type: "start" }>,
): void {
  const known = [initial, ...(resumed?.epochs ?? [])];
  writeFileAtomic(join(out, METRICS_FILE), known.map(metricsLine).join(""));
  // The result of a run that was stopped says no more what is in the folder.
  rmSync(join(out, RESULT_FILE), { force: true });
}

function metricsLine(metrics: EpochMetrics): string {
  return `${JSON.stringify(metrics)}\n`;
}

function writeRecipe(out: string, content: object): void {
  writeFileAtomic(join(out, RECIPE_FILE), `${JSON.stringify(withSchema(content, out), null, 2)}\n`);
}

function makeRunFolder(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
  } catch (cause) {
    throw new UnusableFileError(
      `could not make the run folder ${out}: ${(cause as Error).message}`,
      { cause },
    );
  }
  checkEmpty(out);
}

/**
 * @throws UnusableFileError if there is more in a run folder than a lock, which another run may
 *   hold or a kill have left
 */
function checkEmpty(out: string): void {
  if (readdirSync(out).every((name) => name === LOCK_FILE)) return;
  throw new UnusableFileError(
    `the run folder ${out} is not empty: name another with --out, or remove it`,
  );
}
