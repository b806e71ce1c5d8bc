/**
 * A command that lacks a data set known by name: on a terminal it asks whether to download it, with
 * --yes it does so unasked, elsewhere it says what to run.
 */
import { createInterface } from "node:readline/promises";
import { join } from "node:path";
import type { DatasetName } from "../data/names.js";
import { UnusableFileError } from "../errors.js";
import { startedRanks } from "../ranks/started.js";
import { dataRoot, download } from "./download.js";

/**
 * Gets what the command lacked.
 *
 * @param error - what ended the command
 * @param yes - what the command was told of --yes; undefined if it has no such option
 * @returns 0 once the data are there and the command can run anew, another exit code where the
 *   download was stopped
 * @throws `error` where it is about something else, or where nobody wants a download
 */
export async function getMissing(error: unknown, yes: boolean | undefined): Promise<number> {
  const { missingName } = await import("../data/data-dir.js");
  const name = missingName(error);
  // Ranks of MPI have left each other by now.
  if (name === undefined || startedRanks() > 1) throw error;
  if (!yes && !(await agrees(name))) {
    if (yes === undefined || isTerminal()) throw error;
    const { message } = error as Error;
    throw new UnusableFileError(`${message}; --yes downloads it`, { cause: error });
  }
  return download(name, {});
}

/** Whether there is somebody to ask. */
function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

async function agrees(name: DatasetName): Promise<boolean> {
  if (!isTerminal()) return false;
  const { PUBLISHED } = await import("../data/published.js");
  const { bytes } = await import("../report/format.js");
  const { downloads, addresses } = PUBLISHED[name];
  const size = bytes(downloads.reduce((sum, file) => sum + file.bytes, 0));
  const folder = join(await dataRoot({}), name);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const question =
    `The data set ${name} is not here yet.\n` +
    `Download ${size} from ${new URL(addresses[0]).host} to ${folder}? [Y/n] `;
  // Ctrl-C and Ctrl-D say no.
  const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("no")));
  try {
    const answer = await Promise.race([lines.question(question), closed]);
    return /^(y|yes|)$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
