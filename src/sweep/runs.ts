/**
 * The runs of a sweep: trials with seeds, each a run folder like any other,
 *
 *     <out>/<recipe>/seed-<n>/               of a recipe as it is
 *     <out>/<recipe>/<values>/seed-<n>/      of one with values put in
 *
 * A run that is finished is not repeated, and one that broke off goes on from its last checkpoint,
 * so that the same call can be made again and again until all is there.
 */
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { DivergedError, UnusableFileError } from "../errors.js";
import type { EpochMetrics, TrainEvent } from "../measure/events.js";
import { ownFolder, ownPath } from "../own-folder.js";
import { placed } from "../placed.js";
import { buildModel } from "../recipes/build.js";
import { adjusted, repeatingArguments } from "../recipes/load.js";
import { withOnnxModel } from "../recipes/onnx-model.js";
import { withAbsolutePaths } from "../recipes/paths.js";
import type { Recipe } from "../recipes/schema.js";
import { fitOptionsOf } from "../runs/recipe-options.js";
import { runRecipe, type RunOptions } from "../runs/run.js";
import { readRunRecipe, RECIPE_FILE } from "../runs/run-recipe.js";
import { prepare } from "../train/prepare.js";
import { keepDiverged, keepReached, standingOf, type Standing } from "./standing.js";
import type { Trial } from "./trials.js";

/** One run of a sweep. */
export interface PlannedRun {
  readonly trial: Trial;
  /** The trial's, with the run's seed. */
  readonly recipe: Recipe;
  /** Folder that its relative paths start from. */
  readonly baseDir: string;
  readonly folder: string;
}

/** What becomes of a run, beside the events of its training. */
export type RunEvent = {
  readonly type: "done";
  /** It was finished before. */
  readonly kept: boolean;
  readonly standing: Standing;
};

/** Seed by seed, so that a sweep that is stopped early compares all. */
export function planRuns(
  trials: readonly Trial[],
  seeds: readonly number[] | undefined,
  out: string,
): PlannedRun[] {
  const each = (trial: Trial, seed: number): PlannedRun => {
    const { recipe: given, baseDir, place } = trial;
    const recipe = adjusted(withOnnxModel(given, baseDir), { seed });
    return { trial, recipe, baseDir, folder: join(out, place, `seed-${seed}`) };
  };
  if (!seeds) return trials.map((trial) => each(trial, trial.recipe.seed));
  return seeds.flatMap((seed) => trials.map((trial) => each(trial, seed)));
}

/**
 * Tells what can't be before the first run, not after hours.
 *
 * @param task - for the message: "compare"
 * @throws UnusableFileError if a folder holds a run of another recipe, or of another version of it;
 *   what `fit` throws for a model and options that don't fit each other
 */
export async function checkRuns(task: string, runs: readonly PlannedRun[]): Promise<void> {
  for (const run of runs) checkFolder(task, run);
  const left = runs.filter(({ folder }) => !standingOf(folder));
  for (const { recipe, baseDir } of new Map(left.map((run) => [run.recipe.name, run])).values()) {
    const whole = withAbsolutePaths(recipe, baseDir);
    const prepared = async () => prepare(buildModel(recipe.model), fitOptionsOf(whole));
    await prepared().catch((error: unknown) => {
      throw placed(error, recipe.name);
    });
  }
}

function checkFolder(task: string, { recipe: given, baseDir, folder }: PlannedRun): void {
  if (!existsSync(join(folder, RECIPE_FILE))) return;
  const found = readRunRecipe(folder);
  const recipe = withAbsolutePaths(given, baseDir);
  const keys = [...new Set([...Object.keys(recipe), ...Object.keys(found)])] as (keyof Recipe)[];
  const differs = keys.filter((key) => !isDeepStrictEqual(found[key], recipe[key]));
  if (differs.length === 0) return;
  throw new UnusableFileError(
    `${task}: ${folder} holds a run of another recipe; what differs: ` +
      `${differs.join(", ")}; name another folder with --out`,
  );
}

export interface CarryOutOptions extends Pick<
  RunOptions,
  "dataDir" | "threads" | "backend" | "signal"
> {
  /** Folder of the sweep. */
  readonly out: string;
  /** The epoch after which the run stops for now; default: at its end. */
  readonly until?: number | undefined;
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
}

/**
 * Begins a run or goes on with it. It has the recipe's number of epochs from the beginning, so that
 * one that stops after a few and goes on later has the bits of one that never stopped.
 *
 * @throws whatever a run throws, with its recipe and seed
 */
export async function carryOut(run: PlannedRun, options: CarryOutOptions): Promise<void> {
  const { recipe, baseDir, folder } = run;
  const { out, until, signal, onEvent, ...computing } = options;
  const known = existsSync(join(folder, RECIPE_FILE));
  makeParents(out, folder);
  const pause = new AbortController();
  const stopped = either(signal, pause.signal);
  let reached: EpochMetrics | undefined;
  const look = (line: EpochMetrics | undefined) => {
    // An epoch that a signal cut short has a line too, and does not count.
    if (line === undefined || line.epoch !== until || stopped.aborted) return;
    reached = line;
    pause.abort();
  };
  try {
    await runRecipe(recipe, {
      ...computing,
      out: folder,
      baseDir,
      resume: known,
      command: ["bregman", ...repeatingArguments(recipe)].join(" "),
      signal: stopped,
      onEvent(event) {
        if (event.type === "start") look(event.resumed?.epochs.at(-1));
        if (event.type === "epoch") look(event.metrics);
        onEvent?.(event);
      },
      // Told as an event.
      onWarning: () => {},
    });
  } catch (error) {
    throw placed(error, `${run.trial.label}, seed ${recipe.seed}`);
  }
  if (reached) keepReached(folder, reached);
}

/** {@link carryOut}; a loss that is not finite is what the run has come to, and is kept. */
export async function carryOutAny(run: PlannedRun, options: CarryOutOptions): Promise<void> {
  try {
    await carryOut(run, options);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    keepDiverged(run.folder, error.message);
  }
}

/** The folders between that of the sweep and that of a run, none of them a link. */
function makeParents(out: string, folder: string): void {
  const names = relative(out, folder).split(sep);
  names.slice(0, -1).reduce(ownFolder, out);
  ownPath(dirname(folder), names.at(-1)!);
}

export interface RunAllOptions {
  /** Runs at a time, default 1. */
  readonly atOnce?: number | undefined;
  /** See {@link CarryOutOptions}. */
  readonly until?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called before and after each run, and with its events. */
  readonly onRun?: ((run: PlannedRun, event: TrainEvent | RunEvent) => void) | undefined;
  /** Begins a run or goes on with it, here or in another process. */
  readonly start: (
    run: PlannedRun,
    onEvent: (event: TrainEvent) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

/**
 * Carries out the runs that are not finished yet, so many at a time.
 *
 * @returns what they have come to; undefined if `signal` stopped them before the end
 * @throws what the first run throws that fails; those beside it are stopped, and kept
 */
export async function runAll(
  runs: readonly PlannedRun[],
  { atOnce = 1, until, signal, onRun, start }: RunAllOptions,
): Promise<Standing[] | undefined> {
  const stopper = new AbortController();
  const stopped = either(signal, stopper.signal);
  const found: Standing[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const work = async () => {
    while (next < runs.length && !stopped.aborted) {
      const k = next++;
      const run = runs[k];
      const before = standingOf(run.folder, until);
      if (!before) await start(run, (event) => onRun?.(run, event), stopped);
      const standing = before ?? standingOf(run.folder, until);
      // Stopped.
      if (!standing) return;
      found[k] = standing;
      onRun?.(run, { type: "done", kept: before !== undefined, standing });
    }
  };
  const safely = async () => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
      stopper.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, runs.length) }, safely));
  if (failures.length > 0) throw failures[0];
  return Object.keys(found).length === runs.length ? found : undefined;
}

/** Aborted when one of two is. */
function either(signal: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return signal ? AbortSignal.any([signal, own]) : own;
}
