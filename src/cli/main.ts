#!/usr/bin/env node
/**
 * The `bregman` command. Each command has a file of its own and loads what it needs only when it
 * runs.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addCompare } from "./compare.js";
import { addData } from "./data.js";
import { describeError, FAILURE } from "./errors.js";
import { addExport } from "./export.js";
import { addPath } from "./path.js";
import { addPlan } from "./plan.js";
import { addPrune } from "./prune.js";
import { addRecipes } from "./recipes.js";
import { addReport } from "./report.js";
import { addResume } from "./resume.js";
import { isReaderGone } from "./stop.js";
import { addSimplify } from "./simplify.js";
import { addTrain } from "./train.js";

async function main(args: readonly string[]): Promise<void> {
  const { version } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as {
    version: string;
  };
  const program = new Command("bregman")
    .description("Trains neural networks that are sparse from the first step.")
    .version(version, "-v, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    // Errors are thrown, and told in one place: below.
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", "\nStart here:\n  bregman train mnist-quick");
  addTrain(program);
  addResume(program);
  addRecipes(program);
  addCompare(program);
  addPlan(program);
  addData(program);
  addReport(program);
  addPath(program);
  addSimplify(program);
  addPrune(program);
  addExport(program);
  await program.parseAsync([...args], { from: "user" });
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read our output (`| head`) has seen enough. A run under way listens too, and keeps
    // itself first.
    if (isReaderGone(error) || stream.listenerCount("error") > 1) return;
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(FAILURE);
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isHelp =
    error instanceof CommanderError && /^commander\.(help|helpDisplayed|version)$/.test(error.code);
  if (!isHelp) process.stderr.write(`${describeError(error, process.env.BREGMAN_DEBUG === "1")}\n`);
  // Not exitCode alone: a thread that was left behind must not keep a failed command alive.
  process.exit(error instanceof CommanderError ? error.exitCode : FAILURE);
}
