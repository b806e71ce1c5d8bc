#!/usr/bin/env node
/** The `bregman` command. The commands are in commands.ts, each with a file of its own. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands.js";
import { describeError, FAILURE } from "./errors.js";
import { isReaderGone } from "./stop.js";

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
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary);
    // Only a command that is named can be run, or be asked for its help.
    if (args.includes(name)) (await load())(command);
  }
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
