/** The options of every command that computes: where the data are, and on what to compute. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { folder, integer, oneOf } from "./options.js";

/** On what to compute. */
export interface PoolFlags {
  readonly threads?: number;
  readonly backend?: "native" | "wasm";
}

export interface ComputingFlags extends PoolFlags {
  readonly dataDir?: string;
}

/** The words of a command that computes the same way. */
export function computingArguments({
  backend,
  dataDir,
  threads,
}: {
  readonly [Key in keyof ComputingFlags]: ComputingFlags[Key] | undefined;
}): string[] {
  return [
    ...(backend === undefined ? [] : ["--backend", backend]),
    ...(dataDir === undefined ? [] : ["--data-dir", dataDir]),
    ...(threads === undefined ? [] : ["--threads", String(threads)]),
  ];
}

/** Adds the options of {@link ComputingFlags}. */
export function addComputingOptions(command: Command): Command {
  const withData = command.option(
    "--data-dir <folder>",
    "where the files of the data are (default: where the recipe says, or for a set " +
      "known by name $BREGMAN_DATA, else what `bregman data` downloaded, else the npm " +
      "package where there is one)",
    folder("--data-dir"),
  );
  return addPoolOptions(withData, "one a core, at most 8");
}

/** Adds --yes, see missing-data.ts. */
export function addYesOption(command: Command): Command {
  return command.option(
    "--yes",
    "download a data set that has a name and is not here, without asking",
  );
}

/**
 * Adds the options of {@link PoolFlags}.
 *
 * @param most - how many threads there are unless it is said
 */
export function addPoolOptions(command: Command, most: string): Command {
  return command
    .option("--threads <n>", `threads to compute with (default: ${most})`, threads)
    .option(
      "--backend <name>",
      "native or wasm (default: native where it is built)",
      oneOf("--backend", ["native", "wasm"]),
    );
}

/**
 * As many threads as there are cores, at most: more would only wait for each other. The results are
 * the same.
 */
function threads(text: string): number {
  const wanted = integer("--threads", 1, 256)(text);
  const cores = availableParallelism();
  if (wanted <= cores) return wanted;
  const these =
    cores === 1
      ? "1 core, so that 1 thread computes"
      : `${cores} cores, so that ${cores} threads compute`;
  process.stderr.write(`--threads ${wanted}: this machine has ${these}\n`);
  return cores;
}
