/**
 * A run as a line of the table, from little: of metrics.jsonl its end is read, however long it is.
 */
import { statSync } from "node:fs";
import * as z from "../bundled/zod.js";
import { writerOf } from "../folder-lock.js";
import { parseJson } from "../json.js";
import type { EpochMetrics } from "../measure/events.js";
import { readParts } from "../read-file.js";
import { checked, parseEpoch, parsePartialResult, type PartialResult } from "../runs/run-schema.js";
import { withoutUndefined } from "../without-undefined.js";
import { pathInside, textInside } from "./inside.js";
import type { RunState, RunSummary } from "./messages.js";

/** What of a recipe is shown in the table. */
const recipeSchema = z.looseObject({
  name: z.string().exactOptional(),
  seed: z.number().exactOptional(),
  epochs: z.number().exactOptional(),
  optimizer: z.looseObject({ weights: z.looseObject({ kind: z.string() }) }).exactOptional(),
});

/** Of a file's end, first; more where its last line is longer. */
const TAIL = 16_384;

/**
 * The summary of a run as it is now.
 *
 * @param root - the dashboard's folder
 * @param id - of the run within it
 */
export function summaryOf(root: string, id: string): RunSummary {
  const faults: string[] = [];
  const tryTo = <Value>(work: () => Value): Value | undefined => {
    try {
      return work();
    } catch (error) {
      faults.push((error as Error).message);
      return undefined;
    }
  };
  const recipe = tryTo(() => jsonOf(root, id)) ?? {};
  const metrics = pathInside(root, `${id}/metrics.jsonl`);
  const last = metrics === undefined ? undefined : tryTo(() => lastLine(metrics));
  const result = tryTo(() => resultOf(root, id));
  const changed = touchedAt(metrics) ?? touchedAt(pathInside(root, id)) ?? 0;
  const { state, isHere, fault } = stateOf(root, id, result, changed);
  const final = result?.final;
  return withoutUndefined<RunSummary>({
    id,
    recipe: recipe.name ?? "run",
    state,
    fault: fault ?? faults[0],
    isHere,
    seed: recipe.seed,
    epochs: recipe.epochs,
    optimizer: recipe.optimizer?.weights.kind,
    epoch: last?.epoch,
    density: final?.density ?? last?.density,
    trainAccuracy: final?.trainAccuracy ?? last?.trainAccuracy,
    validAccuracy: final?.validAccuracy ?? last?.validAccuracy,
    testAccuracy: final?.testAccuracy,
    validLoss: final?.validLoss ?? last?.validLoss,
    seconds: final?.seconds ?? last?.seconds,
    multiplications: final?.flopDensity ?? shareOfLinear(last),
    changed: Math.round(changed),
  });
}

/** When a file or folder was touched, in milliseconds; undefined if it is not there. */
export function touchedAt(path: string | undefined): number | undefined {
  return path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function jsonOf(root: string, id: string): z.infer<typeof recipeSchema> {
  const place = `${id}/recipe.json`;
  const text = textInside(root, place);
  return text === undefined ? {} : checked(recipeSchema, parseJson(text, place), place);
}

/** A result of the run, if it has come to one. */
export function resultOf(root: string, id: string): PartialResult | undefined {
  const place = `${id}/result.json`;
  const text = textInside(root, place);
  return text === undefined ? undefined : parsePartialResult(text, place);
}

/** The last whole line of metrics; undefined if there is none yet. */
function lastLine(path: string): EpochMetrics | undefined {
  return readParts(path, (read, size) => {
    for (let length = Math.min(size, TAIL); ; length = Math.min(size, 4 * length)) {
      const bytes = new Uint8Array(length);
      read(size - length, bytes);
      const end = bytes.lastIndexOf(10);
      const start = end < 1 ? -1 : bytes.lastIndexOf(10, end - 1);
      if (end >= 0 && (start >= 0 || length === size)) {
        const line = new TextDecoder().decode(bytes.subarray(start + 1, end));
        return parseEpoch(line, `${path}, last line`);
      }
      if (length === size) return undefined;
    }
  });
}

/** Where all layers are linear each weight is one multiplication. */
function shareOfLinear(line: EpochMetrics | undefined): number | undefined {
  return line?.layers.every(({ shape }) => shape.length === 2) ? line.density : undefined;
}

function stateOf(
  root: string,
  id: string,
  result: PartialResult | undefined,
  changed: number,
): { state: RunState; isHere?: boolean; fault?: string | undefined } {
  const folder = pathInside(root, id);
  const writer = folder === undefined ? undefined : writerOf(folder);
  if (writer) return { state: "running", isHere: writer.isHere };
  if (pathInside(root, `${id}/diverged.json`) !== undefined)
    return { state: "failed", fault: "its loss was not finite" };
  if (result && result.interrupted !== true) return { state: "finished" };
  const fault = result ? undefined : faultInLog(root, id, changed);
  return fault === undefined ? { state: "stopped" } : { state: "failed", fault };
}

/** The file beside a run's folder that has what its process said, if it was started from here. */
export function logPlace(id: string): string {
  return id === "." ? "dashboard.log" : `${id}.log`;
}

/** What a log ends with, if that is an error and nothing was written into the run after it. */
function faultInLog(root: string, id: string, changed: number): string | undefined {
  const path = pathInside(root, logPlace(id));
  return path !== undefined && (touchedAt(path) ?? 0) >= changed ? lastError(path) : undefined;
}

/** The error that a log ends with; undefined if it ends otherwise. */
export function lastError(path: string): string | undefined {
  const text = readParts(path, (read, size) => {
    const bytes = new Uint8Array(Math.min(size, TAIL));
    read(size - bytes.length, bytes);
    return new TextDecoder().decode(bytes);
  });
  const [, fault] = /(?:^|\n)bregman: ([^\n]+)\n*$/.exec(text) ?? [];
  return fault?.trim();
}
