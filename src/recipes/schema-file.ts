/**
 * `"$schema"` of the recipes that we write: it leads editors to the JSON schema in the package,
 * dist/recipe.schema.json, which is that of the version that reads the recipe.
 */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { packageFile } from "../package-file.js";

const FILE = "dist/recipe.schema.json";

/** A recipe with its `"$schema"`, as it is to stand in a file of this folder. */
export function withSchema<R extends object>(recipe: R, folder: string): R & { $schema?: string } {
  const $schema = schemaFrom(folder);
  // It comes first, and is ours, whatever the recipe had.
  return $schema === undefined ? recipe : Object.assign({ $schema }, recipe, { $schema });
}

/**
 * The path of the schema from a folder: of the bregman that is installed there, or above it, else
 * of this one. undefined in a bundle, which does not know where it is.
 */
export function schemaFrom(folder: string): string | undefined {
  const own = packageFile(FILE);
  const file = installedAt(resolve(folder)) ?? (own && fileURLToPath(own));
  if (file === undefined) return undefined;
  const path = relative(resolve(folder), file);
  // Another drive.
  if (isAbsolute(path)) return pathToFileURL(path).href;
  const parts = path.replaceAll("\\", "/");
  return parts.startsWith(".") ? parts : `./${parts}`;
}

/** Links are kept: the path stays right when a package manager moves what they lead to. */
function installedAt(folder: string): string | undefined {
  const file = join(folder, "node_modules/bregman", FILE);
  if (existsSync(file)) return file;
  const above = dirname(folder);
  return above === folder ? undefined : installedAt(above);
}
