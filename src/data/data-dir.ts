/**
 * Where data files are looked for: the folder a caller names, else the environment's BREGMAN_DATA,
 * else the cache folder, where `bregman data` puts what it downloads.
 */
import { UnusableFileError } from "../errors.js";
import { isError } from "../kinds.js";
import type { OptionKeys } from "../known-options.js";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { DatasetName } from "./names.js";
import { PUBLISHED } from "./published.js";

export interface DataOptions {
  /**
   * Folder with the files of the data set, or with a subfolder named after it, so that one folder
   * serves several data sets. Default: the environment variable BREGMAN_DATA if set and not empty,
   * else what `bregman data` downloaded, else what the data set says. Of one's own files: the
   * folder that holds them, under as much of their paths as is there. Default: where their paths
   * lead.
   */
  readonly dataDir?: string | undefined;
}

/** Known keys of {@link DataOptions}. */
export const DATA_OPTIONS: OptionKeys<DataOptions> = { dataDir: 1 };

/** A folder to read from, and who named it, for error messages. */
export interface ChosenFolder {
  readonly folder: string;
  readonly source: string;
}

/** The folder to read from, or undefined if nobody named one. */
export function chosenFolder({ dataDir }: DataOptions): ChosenFolder | undefined {
  if (dataDir !== undefined) return { folder: dataDir, source: "--data-dir" };
  const fromEnvironment = process.env["BREGMAN_DATA"];
  return fromEnvironment ? { folder: fromEnvironment, source: "BREGMAN_DATA" } : undefined;
}

/**
 * The folder with this data set in the cache, or undefined if it is not there in full: never
 * downloaded, or broken off.
 */
export function downloadedFolder(name: DatasetName): ChosenFolder | undefined {
  const folder = join(cacheFolder(), name);
  const { files, tree } = PUBLISHED[name];
  const wanted = tree ? [tree.folder] : files.map((file) => file.name);
  const isWhole = wanted.every((file) =>
    [file, `${file}.gz`].some((spelling) => existsSync(join(folder, spelling))),
  );
  return isWhole ? { folder, source: "downloaded" } : undefined;
}

/**
 * Where downloaded and decoded data sets are kept: `bregman` in $XDG_CACHE_HOME, else in
 * %LOCALAPPDATA% on Windows and in ~/.cache elsewhere.
 */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  // The XDG specification wants relative paths ignored.
  if (xdg && isAbsolute(xdg)) return join(xdg, "bregman");
  return process.platform === "win32" && local
    ? join(local, "bregman", "cache")
    : join(homedir(), ".cache", "bregman");
}

/** The error of a loader that found no files, with all ways to get them. */
export function missingData(name: DatasetName): Error {
  const { otherwise } = PUBLISHED[name];
  const ways = [
    `run \`bregman data ${name}\``,
    ...(otherwise === undefined ? [] : [otherwise]),
    "give the folder of its files by --data-dir or BREGMAN_DATA",
  ];
  const error = new UnusableFileError(`could not find ${name}: ${ways.join(", or ")}`);
  return Object.assign(error, { missing: name });
}

/** The name of the set that a {@link missingData} is about; undefined of any other error. */
export function missingName(error: unknown): DatasetName | undefined {
  return isError(error) ? (error as { missing?: DatasetName }).missing : undefined;
}
