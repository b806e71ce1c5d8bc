/** A run that has come to its end, opened to work with its network. */
import { existsSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UnusableFileError } from "../errors.js";
import { loadModel, MODEL_FILE } from "../export/model-file.js";
import { isOnnx, loadOnnx } from "../export/onnx/onnx-file.js";
import type { Network } from "../nn/network.js";
import { buildModel } from "../recipes/build.js";
import type { Recipe } from "../recipes/schema.js";
import { readRunRecipe, RECIPE_FILE } from "./run-recipe.js";

export interface SavedRun {
  readonly folder: string;
  /** Path of the network's file. */
  readonly file: string;
  readonly recipe: Recipe;
  readonly network: Network;
}

/**
 * Opens a run: its `model.safetensors`, or another network in its folder.
 *
 * @param path - a run folder, or a file in one
 * @throws UnusableFileError if there is no such run, or no network in it; also if a file is damaged
 * @example
 * const { network, recipe } = openRun("runs/first");
 */
export function openRun(path: string): SavedRun {
  const stats = statsOf(path);
  if (!stats)
    throw new UnusableFileError(`cannot read a run from ${path}: there is no such folder`);
  const [folder, file] = stats.isDirectory()
    ? [path, join(path, MODEL_FILE)]
    : [dirname(path), path];
  const recipe = readRunRecipe(folder);
  if (!existsSync(file)) {
    throw new UnusableFileError(
      `cannot read a network from ${folder}: it has no ${MODEL_FILE}; the run has not ` +
        `come to its end (\`bregman resume ${folder}\` goes on)`,
    );
  }
  return { folder, file, recipe, network: loadModel(file, { model: buildModel(recipe.model) }) };
}

/** A network to work with: of a run, or in a file by itself, of which no recipe is known. */
export type OpenedNetwork = Pick<SavedRun, "file" | "network"> & Partial<Pick<SavedRun, "recipe">>;

/**
 * Opens a network: as {@link openRun}, or in a file that is not in a run folder, also one of ONNX.
 *
 * @throws UnusableFileError as openRun; also if there is nothing of that name
 * @example
 * const { network } = openNetwork("small.safetensors");
 */
export function openNetwork(path: string): OpenedNetwork {
  const stats = statsOf(path);
  if (!stats)
    throw new UnusableFileError(
      `cannot read a network from ${path}: there is no such run folder or file`,
    );
  const isRun = stats.isDirectory() || existsSync(join(dirname(path), RECIPE_FILE));
  return isRun && !isOnnx(path)
    ? openRun(path)
    : { file: path, network: isOnnx(path) ? loadOnnx(path) : loadModel(path) };
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new UnusableFileError(`cannot read a run from ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * The file beside it for what is made of a network: model.safetensors, -small.safetensors ->
 * model-small.safetensors.
 */
export function derivedFile(file: string, ending: string): string {
  return join(dirname(file), `${networkName(file)}${ending}`);
}

/** The name of a network's file without its ending. */
export function networkName(file: string): string {
  return basename(file).replace(/\.(safetensors|onnx)$/, "");
}
