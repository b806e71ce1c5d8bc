/** Where data files are looked for: the folder a caller names, else the environment's BREGMAN_DATA. */

export interface DataOptions {
  /**
   * Folder with the files of the data set, or with a subfolder named after it, so that one folder serves several data
   * sets. Default: the environment variable BREGMAN_DATA if set and not empty, else what the data set says.
   */
  readonly dataDir?: string | undefined;
}

/** The folder to read from and who named it, or undefined if nobody did. */
export function chosenFolder({ dataDir }: DataOptions): { folder: string; source: string } | undefined {
  if (dataDir !== undefined) return { folder: dataDir, source: "--data-dir" };
  const fromEnvironment = process.env["BREGMAN_DATA"];
  return fromEnvironment ? { folder: fromEnvironment, source: "BREGMAN_DATA" } : undefined;
}
