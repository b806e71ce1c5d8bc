/**
 * What a person sees when something goes wrong: `bregman: ...` on stderr and exit code 1, no stack
 * trace.
 *
 * Bad input comes as RangeError, TypeError, SyntaxError or an error of the system (with `code`):
 * its message is for whoever typed the command. Everything else is a fault of ours and says so.
 * BREGMAN_DEBUG=1 adds the stack.
 */
import { CommanderError } from "commander";
import { isError, isErrorNamed } from "../kinds.js";

/** The exit code of a command that failed. */
export const FAILURE = 1;

/**
 * The text of an error, without a line end. One line; only a recipe with several faults has one
 * more line for each.
 *
 * @param debug - adds the stack
 */
export function describeError(error: unknown, debug = false): string {
  const text = `bregman: ${message(error)}`;
  if (!debug || error instanceof CommanderError) return text;
  const stack = isError(error) ? error.stack : undefined;
  return stack ? `${text}\n${stack}` : text;
}

function message(error: unknown): string {
  if (error instanceof CommanderError) return commanderMessage(error);
  if (!isError(error)) return internal(String(error));
  if (!isBadInput(error)) return internal(error.message || error.name);
  const system = systemMessage(error);
  return system ?? compact(error.message);
}

/**
 * `error: unknown option '--epoch'` + `(Did you mean --epochs?)` on a line of its own, as one line
 * of ours.
 */
function commanderMessage(error: CommanderError): string {
  const text = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  return text.replace("(Did you mean", "(did you mean");
}

function internal(text: string): string {
  return `internal error: ${compact(text, true)} (set BREGMAN_DEBUG=1 to see where)`;
}

/**
 * Several lines are a heading with its list: kept if the list is one, joined if it has a single
 * item.
 */
function compact(text: string, always = false): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length > 2 && !always) return lines.join("\n");
  return lines
    .map((line) => line.trim())
    .join(": ")
    .replace(/:: /g, ": ");
}

function isBadInput(error: Error): boolean {
  // The engine's own TypeErrors and RangeErrors are slips in our code, whatever their class.
  if (
    /^Cannot (read|set) propert|is not a function|is not iterable|Maximum call stack/.test(
      error.message,
    )
  )
    return false;
  const ours = isErrorNamed(error, "RangeError", "DivergedError", "TypeError", "SyntaxError");
  return ours || hasCode(error) || hasCode(error.cause);
}

/**
 * Node's own words, "ENOENT: no such file or directory, open '/x'", turned around: what, where,
 * why.
 */
function systemMessage(error: Error): string | undefined {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (!code || !syscall || !path) return undefined;
  const reason = /^[A-Z0-9]+: (.*), \w+ '/.exec(error.message)?.[1] ?? code;
  return `could not ${syscall} ${path}: ${reason}`;
}

function hasCode(value: unknown): boolean {
  return typeof (value as NodeJS.ErrnoException | undefined)?.code === "string";
}
