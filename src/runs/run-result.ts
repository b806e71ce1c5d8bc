/** What a run has come to, in numbers: result.json, and results/<recipe>/seed-<n>.json. */
import { mkdirSync } from "node:fs";
import { cpus, type CpuInfo } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import type { EpochMetrics, FinalMetrics, TrainEvent } from "../measure/events.js";
import type { Recipe } from "../recipes/schema.js";
import { thin } from "../thin.js";
import type { FitResult } from "../train/train-model.js";

/** What result.json and results/<recipe>/seed-<n>.json hold. */
export interface RunResult {
  readonly recipe: string;
  readonly seed: number;
  readonly command: string;
  /**
   * Commit of the project's checkout when the run began, if it is one; "-dirty" behind it if files
   * were changed.
   */
  readonly commit?: string;
  readonly machine: string;
  readonly backend: string;
  readonly isa: string;
  readonly threads: number;
  readonly samples: { readonly train: number; readonly valid: number; readonly test: number };
  readonly interrupted: boolean;
  /** At most 120 of them, evenly spread, first and last included. */
  readonly epochs: readonly Partial<EpochMetrics>[];
  readonly final: FinalMetrics;
}

const MOST_EPOCH_ROWS = 120;

/** Where a run began: the command that did it, and the commit of the project's checkout. */
export interface Beginning {
  readonly command: string;
  readonly commit?: string;
}

/**
 * The result of a run.
 *
 * @param start - what it said when it began, or last went on
 * @param beginning - of a run that was not resumed
 */
export function resultOf(
  { name, seed }: Recipe,
  { interrupted, epochs, final }: FitResult,
  start: Extract<TrainEvent, { type: "start" }>,
  beginning: Beginning,
): RunResult {
  const { about, lengths } = start.resumed ?? { about: beginning, lengths: [] };
  const { backend, isa, threads, samples } = start;
  return {
    recipe: name,
    seed,
    command: [
      about.command,
      ...lengths.slice(1).map((length) => `bregman resume <run> --epochs ${length}`),
    ].join(" && "),
    ...(about.commit !== undefined && { commit: about.commit }),
    machine: machine(),
    backend,
    isa,
    threads,
    samples,
    interrupted,
    epochs: thin(epochs, MOST_EPOCH_ROWS).map(epochRow),
    final,
  };
}

/** What of an epoch stands in a result. */
function epochRow(metrics: EpochMetrics): Partial<EpochMetrics> {
  const { epoch, trainLoss, trainAccuracy, validAccuracy } = metrics;
  const { validSsim, validMae, validR2, density, regularizer, seconds } = metrics;
  return {
    epoch,
    trainLoss,
    trainAccuracy,
    validAccuracy,
    validSsim,
    validMae,
    validR2,
    density,
    regularizer,
    seconds,
  } as Partial<EpochMetrics>;
}

/**
 * Writes `<resultsDir>/<recipe>/seed-<n>.json`. @throws UnusableFileError if it can't be written
 */
export function copyResult(resultsDir: string, { name, seed }: Recipe, text: string): void {
  const folder = join(resultsDir, name);
  mkdirSync(folder, { recursive: true });
  writeFileAtomic(join(folder, `seed-${seed}.json`), text);
}

function machine(): string {
  const cores: CpuInfo[] = cpus();
  return `${cores[0]?.model.trim() ?? "unknown processor"}, ${cores.length} cores, node ${process.version}`;
}
