/**
 * The program's help: what stands in it, and its text without the library that reads command lines,
 * which takes longer to load than to answer. Where lines are to be broken the library does it.
 */
import { largest } from "../extremes.js";
import { COMMANDS } from "./commands.js";

export const DESCRIPTION = "Trains neural networks that are sparse from the first step.";
export const VERSION_OPTION = { name: "-v, --version", summary: "print the version" };
export const HELP_OPTION = { name: "-h, --help", summary: "show this help" };
export const HELP_COMMAND = { name: "help [command]", summary: "show the help of a command" };
export const START = "Start here:\n  bregman train mnist-quick";

/** Columns of a terminal, or of what takes our output and has none: no line is longer. */
const WIDTH = 80;

/**
 * What `bregman` answers to these arguments, if it is the program's help and no line of it must be
 * broken; else undefined.
 *
 * @param columns - of the terminal; undefined without one
 */
export function quickHelp(args: readonly string[], columns?: number): string | undefined {
  const asks = args.length === 1 && ["-h", "--help", "help"].includes(args[0]);
  return asks && (columns ?? WIDTH) >= WIDTH ? helpText() : undefined;
}

function helpText(): string {
  const commands = [...COMMANDS, HELP_COMMAND];
  const options = [VERSION_OPTION, HELP_OPTION];
  const width = largest([...commands, ...options].map(({ name }) => name.length));
  const list = (items: readonly { readonly name: string; readonly summary: string }[]) =>
    items.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join("");
  return [
    "Usage: bregman [options] [command]\n",
    `${DESCRIPTION}\n`,
    `Options:\n${list(options)}`,
    `Commands:\n${list(commands)}`,
    `${START}\n`,
  ].join("\n");
}
