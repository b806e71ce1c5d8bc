/**
 * Reads what a run left in its folder: recipe.json, metrics.jsonl, result.json and pictures/, for the report.
 *
 * A run that was interrupted, or is still going, has no result.json, fewer lines and perhaps half a last line: all of
 * that is read as far as it goes. Only a folder without recipe.json or metrics.jsonl is no run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EpochMetrics, FinalMetrics } from "../train/events.js";

/** result.json as far as the report uses it; every field may be missing. */
export interface RunResult {
  readonly command?: string;
  readonly commit?: string;
  readonly machine?: unknown;
  readonly backend?: string;
  readonly isa?: string;
  readonly threads?: number;
  readonly samples?: { readonly train: number; readonly valid: number; readonly test: number };
  readonly interrupted?: boolean;
  readonly final?: Partial<FinalMetrics>;
}

export interface WeightPicture {
  readonly epoch: number;
  readonly png: Uint8Array;
}

export interface Run {
  readonly folder: string;
  readonly name: string;
  readonly recipe: Readonly<Record<string, unknown>>;
  /** In order of epochs; perhaps empty. */
  readonly epochs: readonly EpochMetrics[];
  readonly result?: RunResult;
  /** In order of epochs. */
  readonly pictures: readonly WeightPicture[];
}

/**
 * Reads a run folder.
 *
 * @throws RangeError if the folder is not there, or has no recipe.json or metrics.jsonl
 * @throws SyntaxError if one of the files is damaged (save for a last line of metrics.jsonl cut short)
 */
export function readRun(folder: string): Run {
  const recipeText = read(folder, "recipe.json");
  const metricsText = read(folder, "metrics.jsonl");
  if (recipeText === undefined || metricsText === undefined) {
    const missing = recipeText === undefined ? "recipe.json" : "metrics.jsonl";
    throw new RangeError(`cannot read a run from ${folder}: it has no ${missing} (is it a run folder?)`);
  }
  const recipe = parseObject(recipeText, join(folder, "recipe.json"));
  const resultText = read(folder, "result.json");
  return {
    folder,
    name: typeof recipe.name === "string" ? recipe.name : "run",
    recipe,
    epochs: parseMetrics(metricsText, join(folder, "metrics.jsonl")),
    pictures: readPictures(join(folder, "pictures")),
    ...(resultText !== undefined && { result: parseObject(resultText, join(folder, "result.json")) as RunResult }),
  };
}

function parseMetrics(text: string, path: string): EpochMetrics[] {
  const lines = text.split("\n");
  const epochs: EpochMetrics[] = [];
  lines.forEach((line, k) => {
    if (line.trim() === "") return;
    try {
      epochs.push(parseEpoch(line));
    } catch (error) {
      // A run that was killed may have left half a line, always the last and without its line end.
      if (k === lines.length - 1) return;
      throw new SyntaxError(`cannot read ${path}, line ${k + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
  return epochs;
}

function parseEpoch(line: string): EpochMetrics {
  const value = JSON.parse(line) as Partial<EpochMetrics> | null;
  const fits =
    typeof value?.epoch === "number" && typeof value.density === "number" && Array.isArray(value.layers ?? []);
  if (!fits) throw new SyntaxError("expected an object with the numbers epoch and density");
  return { layers: [], births: 0, deaths: 0, tau: Number.NaN, regularizer: 0, seconds: 0, ...value } as EpochMetrics;
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`cannot read ${path}: expected a JSON object`);
  }
  return value as Record<string, unknown>;
}

function readPictures(folder: string): WeightPicture[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // a run without pictures, e.g. one whose input is no image
  }
  return names
    .flatMap((name) => {
      const match = /^epoch-(\d+)\.png$/.exec(name);
      return match ? [{ epoch: Number(match[1]), png: readFileSync(join(folder, name)) }] : [];
    })
    .sort((a, b) => a.epoch - b.epoch);
}

/** The text of a file of the folder, or undefined if there is none. */
function read(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
