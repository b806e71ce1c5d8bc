/**
 * What a sweep has come to: table.json, table.csv, and the best recipe as best.json, in its folder.
 * Made of what is there, so that it can be made at any time.
 */
import { join } from "node:path";
import Papa from "papaparse";
import { writeFileAtomic } from "../atomic-file.js";
import type { FinalMetrics } from "../measure/events.js";
import { withRebasedPaths } from "../recipes/paths.js";
import { withSchema } from "../recipes/schema-file.js";
import type { RunResult } from "../runs/run-result.js";
import { figuresOf, type SeedFigures } from "./comparison.js";
import type { Grid } from "./grid-schema.js";
import { type Criterion, criterionOf, ranked } from "./halving.js";
import { planRuns } from "./runs.js";
import { resultIn, type Standing } from "./standing.js";
import { reachedBy, standingsOf, type Sweep, trialsOfRung } from "./sweep.js";
import type { Trial } from "./trials.js";

/** One trial of a sweep: what it was, and how far it has come. */
export interface SweptTrial extends Partial<SeedFigures> {
  /** Folder of its runs, from that of the sweep. */
  readonly place: string;
  readonly recipe: string;
  readonly values: Trial["values"];
  readonly seeds: readonly number[];
  /** The last rung that all of its seeds have come to the end of, from 1. */
  readonly rung: number;
  /** Epochs that were run; absent if a seed has diverged, as are the figures. */
  readonly epochs?: number;
  /** Of this trial a seed has diverged. */
  readonly diverged?: true;
  /** No other trial of as many epochs has a better validation and a lower density. */
  readonly front?: true;
}

/** What table.json holds. */
export interface SweepTable extends Partial<
  Pick<RunResult, "commit" | "machine" | "backend" | "isa" | "threads">
> {
  /** The command that repeats it. */
  readonly command: string;
  readonly grid: Grid;
  /** What the best is chosen by, on the validation samples. */
  readonly by: Criterion;
  /** Trials of which no rung is complete. */
  readonly missing: number;
  /** The best first: of a later rung before those of earlier ones. */
  readonly rows: readonly SweptTrial[];
}

interface Collected {
  readonly trial: Trial;
  readonly rung: number;
  readonly standings: readonly Standing[];
}

/** Sums up what is there of a sweep; undefined if there is nothing. */
export function tableOf(sweep: Sweep, command: string): SweepTable | undefined {
  const found = collected(sweep);
  if (found.length === 0) return undefined;
  const reached = found.map(({ standings }) => standings.map(reachedBy));
  const by = criterionOf(reached.flat().filter((one) => one !== undefined));
  const order = ranked(
    found.map(({ trial }) => trial),
    reached,
  );
  const sorted = order
    .map((trial) => found.find((one) => one.trial === trial)!)
    .sort((a, b) => b.rung - a.rung);
  const rows = withFront(
    sorted.map((one) => rowOf(sweep, one)),
    by,
  );
  const results = found.flatMap(({ trial }) => resultsOf(sweep, trial));
  const { commit, machine, backend, isa, threads } = results.find(Boolean) ?? {};
  return {
    command,
    ...(commit !== undefined && { commit }),
    ...(machine !== undefined && { machine }),
    ...(backend !== undefined && { backend }),
    ...(isa !== undefined && { isa }),
    ...(threads !== undefined && { threads }),
    grid: sweep.grid,
    by,
    missing: sweep.trials.length - found.length,
    rows,
  };
}

/** The trials with the last rung that all of their seeds have come to the end of. */
function collected(sweep: Sweep): Collected[] {
  const found = new Map<Trial, Collected>();
  for (const rung of sweep.rungs.keys()) {
    let trials: readonly Trial[];
    try {
      trials = trialsOfRung(sweep, rung);
    } catch {
      // The rung before is not complete.
      break;
    }
    for (const trial of trials) {
      const standings = standingsOf(sweep, trial, rung).flatMap((one) => one ?? []);
      if (standings.length === (sweep.grid.seeds?.length ?? 1))
        found.set(trial, { trial, rung, standings });
    }
  }
  return [...found.values()];
}

/** Seed by seed. */
function resultsOf({ grid, out }: Sweep, trial: Trial): (RunResult | undefined)[] {
  return planRuns([trial], grid.seeds, out).map(({ folder }) => {
    try {
      return resultIn(folder);
    } catch {
      // Damaged: its line of metrics has the figures that count.
      return undefined;
    }
  });
}

function rowOf(sweep: Sweep, { trial, rung, standings }: Collected): SweptTrial {
  const { place, recipe, values } = trial;
  const seeds = sweep.grid.seeds ?? [recipe.seed];
  const row = { place, recipe: recipe.name, values, seeds, rung: rung + 1 };
  if (standings.some(({ kind }) => kind === "diverged")) return { ...row, diverged: true };
  const results = resultsOf(sweep, trial);
  const finals = standings.map((standing, k): Partial<FinalMetrics> => {
    if (standing.kind === "finished") return standing.result.final;
    const { line } = standing as Extract<Standing, { kind: "reached" }>;
    const result = results[k];
    // A run that has gone on since has the result of another epoch.
    return result?.epochs.at(-1)?.epoch === line.epoch ? result.final : line;
  });
  const [first] = standings;
  const epochs =
    first.kind === "reached"
      ? first.line.epoch
      : (first as Extract<Standing, { kind: "finished" }>).result.epochs.at(-1)!.epoch!;
  return { ...row, epochs, ...figuresOf(finals) };
}

/** Marks the trials of the last rung that no other beats both ways. */
function withFront(rows: readonly SweptTrial[], by: Criterion): SweptTrial[] {
  const sign = by === "validLoss" ? -1 : 1;
  const last = rows[0]?.rung;
  const points = rows.map(({ rung, density, [by]: shown }) =>
    rung === last && density && shown
      ? { density: density.mean, merit: sign * shown.mean }
      : undefined,
  );
  return rows.map((row, k) => {
    const own = points[k];
    if (!own) return row;
    const isBeaten = points.some(
      (other) =>
        other !== undefined &&
        other.merit >= own.merit &&
        other.density <= own.density &&
        (other.merit > own.merit || other.density < own.density),
    );
    return isBeaten ? row : { ...row, front: true };
  });
}

/** Figures of table.csv: mean and deviation of each. */
const COLUMNS = [
  "validAccuracy",
  "validLoss",
  "testAccuracy",
  "testLoss",
  "ssim",
  "density",
  "kernelDensity",
  "flopDensity",
  "seconds",
] as const satisfies readonly (keyof SeedFigures)[];

/** Writes table.json, table.csv and best.json into the folder of a sweep. */
export function writeTable(sweep: Sweep, table: SweepTable): void {
  const { out, trials } = sweep;
  writeFileAtomic(join(out, "table.json"), `${JSON.stringify(table, null, 2)}\n`);
  writeFileAtomic(join(out, "table.csv"), csvOf(table));
  const best = table.rows.find(({ diverged }) => !diverged);
  if (!best) return;
  const { recipe, baseDir } = trials.find(({ place }) => place === best.place)!;
  const rebased = withRebasedPaths({ ...recipe, seed: best.seeds[0] }, baseDir, out);
  const content = withSchema(rebased, out);
  writeFileAtomic(join(out, "best.json"), `${JSON.stringify(content, null, 2)}\n`);
}

function csvOf({ rows }: SweepTable): string {
  const figures = COLUMNS.filter((key) => rows.some((row) => row[key]));
  const lines = rows.map((row) => ({
    place: row.place,
    recipe: row.recipe,
    ...Object.fromEntries(
      Object.entries(row.values).map(([field, value]) => [
        field,
        typeof value === "object" ? JSON.stringify(value) : value,
      ]),
    ),
    seeds: row.seeds.join(" "),
    rung: row.rung,
    epochs: row.epochs,
    diverged: row.diverged ?? false,
    front: row.front ?? false,
    ...Object.fromEntries(
      figures.flatMap((key) => [
        [key, row[key]?.mean],
        [`${key} deviation`, row[key]?.deviation],
      ]),
    ),
  }));
  return `${Papa.unparse(lines, { newline: "\n" })}\n`;
}
