/**
 * Runs the built `bregman` command in a child process, as a user would, and collects what it says.
 */
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The command as it was built. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Of another copy than the one of the project. */
  main?: string;
  /** Working folder; default: a new one. */
  cwd?: string;
  env?: Record<string, string>;
  /** What comes in on standard input; default: nothing. */
  input?: Uint8Array | string | undefined;
  /** Closes our end of stdout or stderr once its text matches, as `| head` does. */
  readUntil?: RegExp;
  /** Called once the process runs, to send signals at moments of one's own. */
  onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /**
   * Called with all of stdout and stderr so far, whenever there is more, to send signals at the
   * right moment.
   */
  onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A new folder under the system's temporary one. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "bregman-cli-"));
}

/** Runs `bregman` with arguments until it exits. */
export function runCli(args: readonly string[], options: CliOptions = {}) {
  const { main = MAIN, cwd = temporaryFolder(), env = {}, input = "" } = options;
  const { readUntil, onStart, onOutput } = options;
  // Not the test runner's own wishes about colours.
  const { FORCE_COLOR: _, NO_COLOR: __, BREGMAN_DEBUG: ___, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...inherited, ...env } });
  // A command that does not read it may be gone before it is written.
  child.stdin.on("error", () => {}).end(input);
  onStart?.((signal) => child.kill(signal));
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      if (readUntil?.test(text[name])) child[name].destroy();
      onOutput?.(text.stdout + text.stderr, (signal) => child.kill(signal));
    });
  }
  return new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...text }));
  });
}
