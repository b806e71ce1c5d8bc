/** The paths in a recipe: those of its data, and of the network it starts from. */
import { mapPaths, rebasePath, resolvePaths } from "../data/source.js";
import { resolve } from "node:path";
import type { Recipe } from "./schema.js";

/** What of a recipe has paths in it. */
type WithPaths = Pick<Recipe, "data"> & Partial<Pick<Recipe, "start">>;

/** The same recipe with its paths absolute; relative ones start from a folder. */
export function withAbsolutePaths<R extends WithPaths>(recipe: R, baseDir: string): R {
  return {
    ...recipe,
    data: resolvePaths(recipe.data, baseDir),
    ...mapStart(recipe, (path) => resolve(baseDir, path)),
  };
}

/** The same recipe for a file in another folder: see rebasePath. */
export function withRebasedPaths<R extends WithPaths>(recipe: R, from: string, to: string): R {
  const rebased = (path: string) => rebasePath(path, from, to);
  return { ...recipe, data: mapPaths(recipe.data, rebased), ...mapStart(recipe, rebased) };
}

/** The start of a recipe with its path mapped; nothing if it has none. */
export function mapStart(
  { start }: Partial<Pick<Recipe, "start">>,
  map: (path: string) => string,
): Partial<Pick<Recipe, "start">> {
  if (start === undefined) return {};
  if (typeof start === "string") return { start: map(start) };
  return { start: { ...start, file: map(start.file) } };
}
