/**
 * `bregman data`: downloads a data set from where its makers or keepers offer it; without a name,
 * lists them.
 */
import { join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../errors.js";
import { largest } from "../extremes.js";
import { defineInspect } from "./inspect.js";
import { folder } from "./options.js";
import { createStopper } from "./stop.js";

interface DataFlags {
  readonly out?: string;
  readonly from?: string;
}

/** What the command says and takes. */
export function defineData(command: Command): void {
  defineInspect(command.command("inspect"));
  command
    .description(
      "Downloads a data set, checks it, and puts it where `bregman train` finds it. Broken off, it goes on from there.",
    )
    .argument("[name]", "name of a data set; without it, they are listed")
    .option(
      "--out <folder>",
      "folder that gets a subfolder with the files (default: $BREGMAN_DATA, or the cache folder)",
      folder("--out"),
    )
    .option("--from <url>", "address of a mirror that has the files under their usual names")
    .addHelpText(
      "after",
      "\nThe proxy of HTTP_PROXY and HTTPS_PROXY is used, other than for the hosts of " +
        "NO_PROXY.\n\nExample:\n  bregman data cifar10 --out data\n  bregman train " +
        "my-recipe.json --data-dir data",
    )
    .action(async (name: string | undefined, flags: DataFlags) => {
      if (name === undefined) await list();
      else process.exitCode = await download(name, flags);
    });
}

async function list(): Promise<void> {
  const { PUBLISHED } = await import("../data/published.js");
  const { bytes } = await import("../report/format.js");
  const { painter } = await import("./paint.js");
  const paint = painter(process.stdout);
  const sets = Object.entries(PUBLISHED);
  const width = largest(sets.map(([name]) => name.length));
  for (const [name, { description, downloads, addresses }] of sets) {
    const size = bytes(downloads.reduce((sum, file) => sum + file.bytes, 0));
    const from = new URL(addresses[0]).host;
    process.stdout.write(
      `${paint("bold", name.padEnd(width))}  ${description} ${paint("dim", `(${size} from ${from})`)}\n`,
    );
  }
}

/** Runs the download and returns the exit code. */
async function download(name: string, { out, from }: DataFlags): Promise<number> {
  const { datasetNames } = await import("../data/names.js");
  const known = datasetNames.find((candidate) => candidate === name);
  if (known === undefined) {
    const { didYouMean } = await import("../nearest.js");
    throw new InputError(
      `unknown data set "${name}"${didYouMean(name, datasetNames)}; known: ${datasetNames.join(", ")}`,
    );
  }
  const { cacheFolder } = await import("../data/data-dir.js");
  const { fetchDataset } = await import("../data/fetch-dataset.js");
  const { createDownloadProgress } = await import("./download-progress.js");
  const root = out ?? (process.env["BREGMAN_DATA"] || cacheFolder());
  const folder = join(root, known);
  const progress = createDownloadProgress(process.stderr);
  const stopper = createStopper(() => {}, progress.close);
  try {
    await fetchDataset(known, folder, { from, signal: stopper.signal, onEvent: progress.onEvent });
  } catch (error) {
    progress.close();
    if (stopper.exitCode === undefined) throw error;
    process.stderr.write("Stopped; the same command goes on from here.\n");
    return stopper.exitCode;
  } finally {
    stopper.close();
  }
  progress.close();
  process.stdout.write(`${folder}\n`);
  // Where it is looked for without being told needs no words.
  if (out !== undefined) process.stderr.write(`Use it with --data-dir ${root}\n`);
  return 0;
}
