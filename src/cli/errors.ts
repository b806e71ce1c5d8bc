/**
 * What a person sees when something goes wrong: `bregman: ...` on stderr and exit code 1, no stack
 * trace.
 *
 * What the person can mend comes as an error of our own classes (src/errors.ts), or as one of the
 * system: its message is for whoever typed the command. Everything else is a fault of ours and says
 * so: also the engine's and the libraries' own errors, which are made ours where they can be the
 * person's.
 * BREGMAN_DEBUG=1 adds the stack.
 */
import type { CommanderError } from "commander";
import { BregmanError, InternalError } from "../errors.js";
import { isError } from "../kinds.js";

/** The exit code of a command that failed. */
export const FAILURE = 1;

/** The exit code of a command that failed so. */
export function exitCodeOf(error: unknown): number {
  return isOfCommander(error) ? error.exitCode : FAILURE;
}

/** By its code: the library that reads command lines is loaded only to read one. */
function isOfCommander(error: unknown): error is CommanderError {
  return isError(error) && String((error as NodeJS.ErrnoException).code).startsWith("commander.");
}

/**
 * The text of an error, without a line end. One line; only a recipe with several faults has one
 * more line for each.
 *
 * @param debug - adds the stack
 */
export function describeError(error: unknown, debug = false): string {
  const text = `bregman: ${message(error)}`;
  if (!debug || isOfCommander(error)) return text;
  const stack = isError(error) ? error.stack : undefined;
  return stack ? `${text}\n${stack}` : text;
}

function message(error: unknown): string {
  if (isOfCommander(error)) return commanderMessage(error);
  if (!isError(error)) return internal(String(error));
  if (!isForPerson(error)) return internal(error.message || error.name);
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

function isForPerson(error: Error): boolean {
  if (error instanceof BregmanError) return !(error instanceof InternalError);
  const { code, syscall } = error as NodeJS.ErrnoException;
  return typeof code === "string" && typeof syscall === "string";
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
