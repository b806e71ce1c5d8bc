#!/usr/bin/env node
/** The `bregman` command: it answers at once where it can, else it loads the program. */
import { describeError, exitCodeOf, FAILURE } from "./errors.js";
import { quickHelp } from "./help.js";
import { isReaderGone } from "./stop.js";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read our output (`| head`) has seen enough. A run under way listens too, and keeps
    // itself first.
    if (isReaderGone(error) || stream.listenerCount("error") > 1) return;
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(FAILURE);
  });
}

const args = process.argv.slice(2);
const { isTTY, columns } = process.stdout;
const help = quickHelp(args, isTTY ? columns : undefined);
if (help === undefined) {
  try {
    const { runProgram } = await import("./program.js");
    const shown = await runProgram(args);
    if (shown !== undefined) process.exit(shown);
  } catch (error) {
    process.stderr.write(`${describeError(error, process.env.BREGMAN_DEBUG === "1")}\n`);
    // Not exitCode alone: a thread that was left behind must not keep a failed command alive.
    process.exit(exitCodeOf(error));
  }
} else process.stdout.write(help);
