/**
 * What the library warns of while a test runs. A warning that the test does not take fails it: so
 * the tests are quiet, and none is overheard.
 */
import { afterEach, expect } from "vitest";

const heard: string[] = [];
const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;

process.emitWarning = ((warning: string | Error, ...more: unknown[]) => {
  if (more[0] === "BregmanWarning") heard.push(String(warning));
  else emit(warning, ...more);
}) as typeof process.emitWarning;

/** The warnings up to now, for the test to look at. */
export function takeWarnings(): string[] {
  return heard.splice(0);
}

/** Takes the warnings up to now: some at least, and all of one kind. */
export function expectWarnings(kind: RegExp): void {
  expect(heard).not.toEqual([]);
  allowWarnings(kind);
}

/** Takes the warnings up to now: of one kind, if there are any. */
export function allowWarnings(kind: RegExp): void {
  expect(takeWarnings().filter((warning) => !kind.test(warning))).toEqual([]);
}

afterEach(() => {
  expect(takeWarnings(), "warnings that the test does not expect").toEqual([]);
});
