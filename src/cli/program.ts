/**
 * The program that reads a command line. The commands are in commands.ts, each with a file of its
 * own.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands.js";
import { DESCRIPTION, HELP_COMMAND, HELP_OPTION, START, VERSION_OPTION } from "./help.js";

/** The program for a command line: all commands, of which those that it names are filled in. */
export async function programFor(args: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { version: string };
  const program = new Command("bregman")
    .description(DESCRIPTION)
    .version(version, VERSION_OPTION.name, VERSION_OPTION.summary)
    .helpOption(HELP_OPTION.name, HELP_OPTION.summary)
    .helpCommand(HELP_COMMAND.name, HELP_COMMAND.summary)
    // Errors are thrown, and told in one place: main.ts.
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", `\n${START}`);
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary);
    // Only a command that is named can be run, or be asked for its help.
    if (args.includes(name)) (await load())(command);
  }
  return program;
}

/**
 * Runs what a command line asks for.
 *
 * @param retries - how often a command that lacks data may run anew, once they are there
 * @returns the exit code of a help or a version that was shown, or of a download that was stopped;
 *   undefined if a command has run
 * @throws what the command throws; CommanderError for what can't be understood
 */
export async function runProgram(
  args: readonly string[],
  retries = 1,
): Promise<number | undefined> {
  const program = await programFor(args);
  // Of the command that runs: what it was told, if it has the option.
  let yes: boolean | undefined;
  program.hook("preAction", (_program, command) => {
    const has = command.options.some(({ long }) => long === "--yes");
    yes = has ? command.opts()["yes"] === true : undefined;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return undefined;
  } catch (error) {
    const isHelp =
      error instanceof CommanderError &&
      /^commander\.(help|helpDisplayed|version)$/.test(error.code);
    if (isHelp) return error.exitCode;
    if (retries === 0 || error instanceof CommanderError) throw error;
    const { getMissing } = await import("./missing-data.js");
    const exitCode = await getMissing(error, yes);
    return exitCode === 0 ? runProgram(args, retries - 1) : exitCode;
  }
}
