/** What a run of a sweep has come to, read from its folder. */
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import type { EpochMetrics } from "../measure/events.js";
import { readTextIfThere } from "../read-file.js";
import type { RunResult } from "../runs/run-result.js";
import { parseEpoch, parseResult } from "../runs/run-schema.js";

/** A run that has come to its end, or to the epoch that was asked for, or has diverged. */
export type Standing =
  | { readonly kind: "finished"; readonly result: RunResult }
  | { readonly kind: "reached"; readonly line: EpochMetrics }
  | { readonly kind: "diverged" };

/** In the folder of a run whose loss was not finite: what it said. */
const DIVERGED_FILE = "diverged.json";

/**
 * In the folder of a run that has come to the end of a rung: its metrics there. That it was a whole
 * epoch metrics.jsonl does not say.
 */
const rungFile = (epoch: number) => `rung-${epoch}.json`;

/**
 * What a run has come to; undefined while there is something left to do.
 *
 * @param until - epoch that is far enough; default: the end of the run
 */
export function standingOf(folder: string, until?: number): Standing | undefined {
  try {
    if (readTextIfThere(join(folder, DIVERGED_FILE)) !== undefined) return { kind: "diverged" };
    if (until !== undefined) {
      const file = join(folder, rungFile(until));
      const text = readTextIfThere(file);
      if (text !== undefined) return { kind: "reached", line: parseEpoch(text, file) };
    }
    const result = resultIn(folder);
    return !result || result.interrupted ? undefined : { kind: "finished", result };
  } catch {
    // Not there, or damaged: the run goes on from its last checkpoint and writes it anew.
    return undefined;
  }
}

/** The result of a run, also of one that is not at its end. @throws as parseResult */
export function resultIn(folder: string): RunResult | undefined {
  const file = join(folder, "result.json");
  const text = readTextIfThere(file);
  return text === undefined ? undefined : parseResult(text, file);
}

/** Keeps that a run has come to the end of an epoch, with its metrics. */
export function keepReached(folder: string, line: EpochMetrics): void {
  writeFileAtomic(join(folder, rungFile(line.epoch)), `${JSON.stringify(line)}\n`);
}

/** Keeps that a run has diverged: the same run would do so again. */
export function keepDiverged(folder: string, message: string): void {
  writeFileAtomic(join(folder, DIVERGED_FILE), `${JSON.stringify({ message })}\n`);
}
