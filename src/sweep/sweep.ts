/**
 * A sweep: the runs of a grid, rung by rung. Which trials go on to a rung is read from the folders
 * of the one before, so that any process that sees them knows it.
 */
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { mkdirSync } from "node:fs";
import { writeFileAtomic } from "../atomic-file.js";
import { rebasePath } from "../data/source.js";
import { InputError, UnusableFileError } from "../errors.js";
import { at } from "../placed.js";
import { readText } from "../read-file.js";
import { readJsonText } from "../recipes/json-text.js";
import { isRecipeFile, readRecipe } from "../recipes/load.js";
import { type Grid, gridSchema } from "./grid-schema.js";
import { ranked, type Reached, type Rung, rungsOf } from "./halving.js";
import { carryOutAny, checkRuns, planRuns, runAll } from "./runs.js";
import type { CarryOutOptions, PlannedRun, RunAllOptions } from "./runs.js";
import { standingOf, type Standing } from "./standing.js";
import { checkOnce, type Trial, trialsOf } from "./trials.js";

export interface Sweep {
  readonly grid: Grid;
  /** Folder that files named in the grid start from. */
  readonly baseDir: string;
  readonly trials: readonly Trial[];
  readonly rungs: readonly Rung[];
  /** Folder of the runs. */
  readonly out: string;
}

/**
 * Reads a grid and plans its sweep.
 *
 * @param out - folder of the runs
 * @throws InputError of one line for each thing that is wrong with it; as readRecipe
 */
export function openSweep(file: string, out: string): Sweep {
  const text = readJsonText(readText(file), file);
  const grid = text.checked(gridSchema, "grid");
  const baseDir = dirname(resolve(file));
  const names = [grid.recipe].flat();
  const recipes = names.map((name) =>
    at(`${file}: recipe`, () =>
      readRecipe(isRecipeFile(name) && !isAbsolute(name) ? join(baseDir, name) : name),
    ),
  );
  const task = basename(file);
  checkOnce(
    task,
    "recipe",
    recipes.map(({ recipe }) => recipe.name),
  );
  if (grid.seeds) checkOnce(task, "seed", grid.seeds);
  const trials = trialsOf(grid, recipes, text);
  const fault = (message: string) => text.fault([{ path: ["recipe"], text: message }], "grid");
  if (trials.some(({ recipe }) => recipe.data.validation === 0))
    throw fault("expected held-out samples, by which the best is chosen, found data.validation 0");
  const epochs = new Set(trials.map(({ recipe }) => recipe.epochs));
  if (grid.strategy.kind === "halving" && epochs.size > 1)
    throw fault(`expected one number of epochs for halving, found ${[...epochs].join(" and ")}`);
  const rungs = rungsOf(grid.strategy, trials.length, trials[0].recipe.epochs);
  return { grid, baseDir, trials, rungs, out };
}

/** The grid in the folder of its runs, from which other processes read it; returns its path. */
export function keepGrid({ grid, baseDir, out }: Sweep): string {
  const path = join(out, "grid.json");
  const rebased = (name: string): string => {
    const path = rebasePath(name, baseDir, out);
    return isRecipeFile(path) ? path : `./${path}`;
  };
  const recipe = [grid.recipe].flat().map((name) => (isRecipeFile(name) ? rebased(name) : name));
  const { $schema: _, ...rest } = grid;
  const content = { ...rest, recipe: typeof grid.recipe === "string" ? recipe[0] : recipe };
  mkdirSync(out, { recursive: true });
  writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
  return path;
}

/** How many runs a rung has. */
export function runCount({ rungs, grid }: Sweep, rung: number): number {
  return rungs[rung].trials * (grid.seeds?.length ?? 1);
}

/**
 * The trials of a rung, those of a later one the best first.
 *
 * @param rung - from 0
 * @throws UnusableFileError if runs of the rung before are missing
 */
export function trialsOfRung(sweep: Sweep, rung: number): readonly Trial[] {
  if (rung === 0) return sweep.trials;
  const before = trialsOfRung(sweep, rung - 1);
  const standings = before.map((trial) => standingsOf(sweep, trial, rung - 1));
  const missing = standings.flat().filter((standing) => standing === undefined).length;
  if (missing > 0) {
    const runs = missing === 1 ? "1 run is" : `${missing} runs are`;
    throw new UnusableFileError(
      `rung ${rung + 1} of ${sweep.out} can't begin: ${runs} missing of rung ${rung}`,
    );
  }
  const reached = standings.map((seeds) => seeds.map((one) => reachedBy(one!)));
  return ranked(before, reached).slice(0, sweep.rungs[rung].trials);
}

/** What the runs of a trial have come to in a rung, seed by seed. */
export function standingsOf(
  { grid, rungs, out }: Sweep,
  trial: Trial,
  rung: number,
): (Standing | undefined)[] {
  const runs = planRuns([trial], grid.seeds, out);
  return runs.map(({ folder }) => standingOf(folder, rungs[rung].until));
}

/** What a run has come to on the validation samples; undefined if it has diverged. */
export function reachedBy(standing: Standing): Reached | undefined {
  if (standing.kind === "diverged") return undefined;
  return standing.kind === "reached" ? standing.line : standing.result.final;
}

/** The runs of a rung. @throws as {@link trialsOfRung} */
export function runsOfRung(sweep: Sweep, rung: number): PlannedRun[] {
  return planRuns(trialsOfRung(sweep, rung), sweep.grid.seeds, sweep.out);
}

/** Where a run is in a sweep. */
export interface SweepTask {
  readonly rung: number;
  /** Its number among the runs of the rung, from 0. */
  readonly task: number;
}

export interface SweepOptions
  extends
    Pick<CarryOutOptions, "dataDir" | "threads" | "backend" | "signal">,
    Pick<RunAllOptions, "atOnce" | "onRun"> {
  /** Called before each rung. */
  readonly onRung?: ((rung: number, runs: readonly PlannedRun[]) => void) | undefined;
  /** Carries out a run in another process. Default: in this one. */
  readonly elsewhere?:
    | ((
        place: SweepTask,
        onEvent: Parameters<RunAllOptions["start"]>[1],
        signal: AbortSignal,
      ) => Promise<void>)
    | undefined;
}

/**
 * Carries out what is missing of a sweep.
 *
 * @returns whether all is there; false if `signal` stopped it
 * @throws what a run throws, with its trial and seed; except that a run may diverge
 */
export async function runSweep(sweep: Sweep, options: SweepOptions): Promise<boolean> {
  const { atOnce, onRun, onRung, elsewhere, ...computing } = options;
  const { out } = sweep;
  await checkRuns("sweep", planRuns(sweep.trials, sweep.grid.seeds, out));
  for (const [rung, { until }] of sweep.rungs.entries()) {
    const runs = runsOfRung(sweep, rung);
    onRung?.(rung, runs);
    const done = await runAll(runs, {
      atOnce,
      until,
      onRun,
      signal: computing.signal,
      start: (run, onEvent, signal) =>
        elsewhere
          ? elsewhere({ rung, task: runs.indexOf(run) }, onEvent, signal)
          : carryOutAny(run, { ...computing, out, until, signal, onEvent }),
    });
    if (!done) return false;
  }
  return true;
}

/**
 * The run of a task, and where it stops.
 *
 * @throws InputError if there is no such task; as {@link trialsOfRung}
 */
export function runOfTask(
  sweep: Sweep,
  { rung, task }: SweepTask,
): { readonly run: PlannedRun; readonly until: number | undefined } {
  if (rung >= sweep.rungs.length) {
    const allowed = sweep.rungs.length === 1 ? "1" : `an integer from 1 to ${sweep.rungs.length}`;
    throw new InputError(`--rung must be ${allowed} for this grid, found ${rung + 1}`);
  }
  const count = runCount(sweep, rung);
  if (task >= count) {
    const where = sweep.rungs.length === 1 ? "this grid" : `rung ${rung + 1} of this grid`;
    throw new InputError(
      `--task must be an integer from 0 to ${count - 1} for ${where}, found ${task}`,
    );
  }
  return { run: runsOfRung(sweep, rung)[task], until: sweep.rungs[rung].until };
}

/** The numbers of the tasks of a rung that have something left to do. */
export function missingTasks(sweep: Sweep, rung: number): number[] {
  const { until } = sweep.rungs[rung];
  return runsOfRung(sweep, rung).flatMap(({ folder }, k) => (standingOf(folder, until) ? [] : [k]));
}
