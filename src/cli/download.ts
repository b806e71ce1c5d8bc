/** Downloads a data set for a person who watches: what `bregman data` does, and what it offers. */
import { join } from "node:path";
import type { DatasetName } from "../data/names.js";
import { UnusableFileError } from "../errors.js";
import { isError } from "../kinds.js";
import { createStopper } from "./stop.js";

export interface DownloadFlags {
  readonly out?: string | undefined;
  readonly from?: string | undefined;
}

/** The folder that gets a subfolder for each set. */
export async function dataRoot({ out }: DownloadFlags): Promise<string> {
  const { cacheFolder } = await import("../data/data-dir.js");
  return out ?? (process.env["BREGMAN_DATA"] || cacheFolder());
}

/**
 * Downloads into the set's folder.
 *
 * @returns the exit code: 0, or that of the signal which ended it
 * @throws as `fetchDataset`; a download that fails says which other way there is
 */
export async function download(name: DatasetName, flags: DownloadFlags): Promise<number> {
  const { fetchDataset } = await import("../data/fetch-dataset.js");
  const { PUBLISHED } = await import("../data/published.js");
  const { createDownloadProgress } = await import("./download-progress.js");
  const folder = join(await dataRoot(flags), name);
  const progress = createDownloadProgress(process.stderr);
  const stopper = createStopper(() => {}, progress.close);
  const { signal } = stopper;
  try {
    await fetchDataset(name, folder, { from: flags.from, signal, onEvent: progress.onEvent });
    return 0;
  } catch (error) {
    progress.close();
    if (stopper.exitCode !== undefined) {
      process.stderr.write("Stopped; the same command goes on from here.\n");
      return stopper.exitCode;
    }
    const { otherwise } = PUBLISHED[name];
    const isFetch = isError(error) && (error as NodeJS.ErrnoException).code === "ERR_DOWNLOAD";
    if (!isFetch || otherwise === undefined) throw error;
    throw new UnusableFileError(`${error.message}; or ${otherwise}`, { cause: error });
  } finally {
    progress.close();
    stopper.close();
  }
}
