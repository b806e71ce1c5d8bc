/** Finds one's own files after they, or the recipe that names them, have been moved. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, parse, relative, resolve, sep } from "node:path";
import { UnusableFileError } from "../errors.js";
import { mapPaths, pathsOf, type DataSource, type OwnSource } from "./source.js";

/**
 * The same source with its files in another folder, under as much of their paths as is there:
 * `data/train.csv` may be `<folder>/data/train.csv` or `<folder>/train.csv`. Files that lay apart
 * still do.
 *
 * @param source - with absolute paths
 * @throws UnusableFileError if the files are not all there
 */
export function inFolder<Source extends OwnSource>(source: Source, folder: string): Source {
  const paths = pathsOf(source);
  const common = commonFolder(paths);
  const names = relative(parse(common).root, common).split(sep);
  const found = names
    .map((_, k) => names.slice(k))
    .concat([[]])
    .map((kept) => mapPaths(source, (path) => join(folder, kept.join(sep), relative(common, path))))
    .find(isThere);
  if (found) return found;
  // A folder of images or sounds may be named itself.
  const [first] = paths;
  if (
    (source.kind === "imageFolder" || source.kind === "soundFolder") &&
    paths.every((path) => isWithin(first, path)) &&
    existsSync(folder)
  ) {
    return mapPaths(source, (path) => join(folder, relative(first, path)));
  }
  const tails = paths.map((path) => relative(common, path));
  throw new UnusableFileError(`could not find ${tails.join(", ")} in ${folder} (--data-dir)`);
}

/**
 * The same source with absolute paths. Where relative ones lead nowhere, since the recipe's folder
 * was moved up or down within a larger one, the files are looked for from each of the folders above
 * it.
 */
export function fromMoved<Source extends DataSource>(source: Source, baseDir: string): Source {
  return foundFrom(baseDir, (map) => mapPaths(source, map), isThere);
}

/** A path made absolute as those of a source are. */
export function pathFromMoved(path: string, baseDir: string): string {
  return foundFrom(baseDir, (map) => map(path), existsSync);
}

/** What is made of absolute paths, from a folder or one above it, whichever is there first. */
function foundFrom<Found>(
  baseDir: string,
  withPaths: (map: (path: string) => string) => Found,
  isFound: (found: Found) => boolean,
): Found {
  const here = withPaths((path) => resolve(baseDir, path));
  if (isFound(here)) return here;
  const above: string[] = [];
  for (let at = resolve(baseDir); dirname(at) !== at; at = dirname(at)) above.push(dirname(at));
  const down = (path: string) => path.replace(/^(?:\.\.[\\/])+/, "");
  return (
    above
      .map((folder) => withPaths((path) => (isAbsolute(path) ? path : resolve(folder, down(path)))))
      .find(isFound) ?? here
  );
}

function isThere(source: DataSource): boolean {
  return pathsOf(source).every((path) => existsSync(path));
}

/** The innermost folder that all these paths lead out of, downwards. */
function commonFolder(paths: readonly string[]): string {
  let common = dirname(paths[0]);
  const isBelow = (path: string) => path !== common && isWithin(common, path);
  while (!paths.every(isBelow) && dirname(common) !== common) common = dirname(common);
  return common;
}

function isWithin(folder: string, path: string): boolean {
  return relative(folder, path).split(sep)[0] !== "..";
}
