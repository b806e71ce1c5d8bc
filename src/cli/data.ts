/**
 * `bregman data`: downloads a data set from where its makers or keepers offer it; without a name,
 * lists them.
 */
import { join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../errors.js";
import { largest } from "../extremes.js";
import { dataRoot, download, type DownloadFlags } from "./download.js";
import { defineInspect } from "./inspect.js";
import { folder } from "./options.js";

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
    .action(async (name: string | undefined, flags: DownloadFlags) => {
      if (name === undefined) await list();
      else process.exitCode = await downloadByName(name, flags);
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

/** Runs the command and returns the exit code. */
async function downloadByName(name: string, flags: DownloadFlags): Promise<number> {
  const { datasetNames } = await import("../data/names.js");
  const known = datasetNames.find((candidate) => candidate === name);
  if (known === undefined) {
    const { didYouMean } = await import("../nearest.js");
    throw new InputError(
      `unknown data set "${name}"${didYouMean(name, datasetNames)}; known: ${datasetNames.join(", ")}`,
    );
  }
  const exitCode = await download(known, flags);
  if (exitCode !== 0) return exitCode;
  const root = await dataRoot(flags);
  process.stdout.write(`${join(root, known)}\n`);
  // Where it is looked for without being told needs no words.
  if (flags.out !== undefined) process.stderr.write(`Use it with --data-dir ${root}\n`);
  return 0;
}
