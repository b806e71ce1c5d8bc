/**
 * Our own figures for the rows of the paper's table. They come with the package in a file that the
 * build writes from results/, so that no figure is typed.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UnusableFileError } from "../errors.js";
import { KEEP_EXTERNAL, packageFile } from "../package-file.js";
import { readText } from "../read-file.js";
import type { RowFigures } from "./row-figures.js";

/** From the root of the package. */
export const PUBLISHED_FILE = "dist/published-figures.json";

/**
 * The figures by the name of the recipe.
 *
 * @throws UnusableFileError if the file is not beside the code
 */
export function publishedFigures(): Readonly<Record<string, RowFigures>> {
  const file = packageFile(PUBLISHED_FILE);
  if (!file || !existsSync(file)) {
    throw new UnusableFileError(
      `the figures that come with bregman are not beside its code; ${KEEP_EXTERNAL}`,
    );
  }
  return JSON.parse(readText(fileURLToPath(file))) as Record<string, RowFigures>;
}
