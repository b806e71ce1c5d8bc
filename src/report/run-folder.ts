/**
 * Reads what a run left in its folder: recipe.json, metrics.jsonl, result.json and pictures/, for
 * the report.
 *
 * A run that was interrupted, or is still going, has no result.json, fewer lines and perhaps half a
 * last line: all of that is read as far as it goes. Only a folder without recipe.json or
 * metrics.jsonl is no run.
 */
import { join } from "node:path";
import * as z from "../bundled/zod.js";
import { UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import { filesOf } from "../own-folder.js";
import { readBytes, readTextIfThere } from "../read-file.js";
import type { EpochMetrics } from "../measure/events.js";
import { mistakeFile } from "../runs/mistake-pictures.js";
import { checked, parseEpoch, parsePartialResult, type PartialResult } from "../runs/run-schema.js";

/** What of a recipe is shown beside its text. */
const recipeSchema = z.looseObject({
  name: z.string().exactOptional(),
  description: z.string().exactOptional(),
  epochs: z.number().exactOptional(),
  seed: z.number().exactOptional(),
});
export type RunRecipe = z.infer<typeof recipeSchema>;

export interface WeightPicture {
  readonly epoch: number;
  readonly png: Uint8Array;
}

export interface Run {
  readonly folder: string;
  readonly name: string;
  /** As it is in the file, perhaps of another version. */
  readonly recipe: RunRecipe;
  /** In order of epochs; perhaps empty. */
  readonly epochs: readonly EpochMetrics[];
  readonly result?: PartialResult;
  /** In order of epochs. */
  readonly pictures: readonly WeightPicture[];
  /** Of the result's mistakes, each in its place; undefined where there is none. */
  readonly mistakes: readonly (Uint8Array | undefined)[];
}

/**
 * Reads a run folder.
 *
 * @throws UnusableFileError if the folder is not there, or has no recipe.json or metrics.jsonl
 * @throws UnusableFileError of one line if one of the files is damaged (save for a last line of
 *   metrics.jsonl cut short)
 * @throws UnusableFileError if a file can't be read
 */
export function readRun(folder: string): Run {
  const [recipeFile, metricsFile, resultFile] = ["recipe.json", "metrics.jsonl", "result.json"].map(
    (name) => join(folder, name),
  );
  const recipeText = readTextIfThere(recipeFile);
  const metricsText = readTextIfThere(metricsFile);
  if (recipeText === undefined || metricsText === undefined) {
    const missing = recipeText === undefined ? "recipe.json" : "metrics.jsonl";
    throw new UnusableFileError(
      `cannot read a run from ${folder}: it has no ${missing} (is it a run folder?)`,
    );
  }
  const content = checked(recipeSchema, parseJson(recipeText, recipeFile), recipeFile);
  const { $schema: _, ...recipe } = content;
  const resultText = readTextIfThere(resultFile);
  const result = resultText === undefined ? undefined : parsePartialResult(resultText, resultFile);
  const files = filesOf(folder, "pictures");
  return {
    folder,
    name: recipe.name ?? "run",
    recipe,
    epochs: parseMetrics(metricsText, metricsFile),
    pictures: readPictures(folder, files),
    mistakes: (result?.final?.mistakes ?? []).map((_, k) =>
      files.includes(mistakeFile(k)) ? readPng(folder, mistakeFile(k)) : undefined,
    ),
    ...(result && { result }),
  };
}

/**
 * The lines of metrics.jsonl. @throws UnusableFileError of one line if one is damaged, but for a
 * last one cut short
 */
export function parseMetrics(text: string, path: string): EpochMetrics[] {
  const lines = text.split("\n");
  return lines.flatMap((line, k) => {
    if (line.trim() === "") return [];
    try {
      return [parseEpoch(line, `${path}, line ${k + 1}`)];
    } catch (error) {
      // A run that was killed may have left half a line, always the last and without its line end.
      if (k === lines.length - 1) return [];
      throw error;
    }
  });
}

/** What every PNG file begins with. */
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A picture of a run; undefined if it is none. */
function readPng(run: string, name: string): Uint8Array | undefined {
  const png = readBytes(join(run, "pictures", name));
  return PNG.every((byte, k) => png[k] === byte) ? png : undefined;
}

/** The pictures of a run's weights; none where it has none, e.g. because its input is no image. */
function readPictures(run: string, files: readonly string[]): WeightPicture[] {
  return files
    .flatMap((name) => {
      const match = /^epoch-(\d+)\.png$/.exec(name);
      const png = match && readPng(run, name);
      return png ? [{ epoch: Number(match[1]), png }] : [];
    })
    .sort((a, b) => a.epoch - b.epoch);
}
