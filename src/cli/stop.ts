/**
 * Ctrl-C and its like, also the hang-up of a terminal that is closed. The first signal asks the run
 * to stop after the step under way; the second ends the process at once. Exit codes as shells have
 * them: 128 + the signal's number. Where output can't be written any more the run is stopped, and
 * kept, too.
 */

import { describeError, FAILURE } from "./errors.js";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
/** A reader of our output that has gone (`| head`) stops the run too. */
const BROKEN_PIPE = 141;

/**
 * Whether a write failed because nobody reads any more: the other end of the pipe, or the terminal,
 * is closed.
 */
export function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === "EPIPE" || code === "EIO";
}

export interface Stopper {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** What the process should exit with; undefined while no signal came. */
  readonly exitCode: number | undefined;
  /** Gives the signals back. */
  close(): void;
}

/**
 * Listens for signals until `close`.
 *
 * @param onFirst - called at the first signal
 * @param onSecond - called before the process exits at the second
 */
export function createStopper(onFirst: () => void, onSecond: () => void): Stopper {
  const controller = new AbortController();
  let exitCode: number | undefined;
  // A terminal that closes breaks the pipe too, before or after its signal: that is one wish to
  // stop, not two.
  let signalled = false;
  const onSignal = (name: NodeJS.Signals) => {
    const code = SIGNALS[name as keyof typeof SIGNALS];
    if (signalled) {
      onSecond();
      process.exit(code);
    }
    signalled = true;
    exitCode = code;
    onFirst();
    controller.abort();
  };
  const onPipe = (error: NodeJS.ErrnoException) => {
    const isFirst = exitCode === undefined;
    exitCode ??= isReaderGone(error) ? BROKEN_PIPE : FAILURE;
    if (isFirst && exitCode === FAILURE) process.stderr.write(`${describeError(error)}\n`);
    controller.abort();
  };
  const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  for (const name of names) process.on(name, onSignal);
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.on("error", onPipe);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    close() {
      for (const name of names) process.off(name, onSignal);
      for (const stream of streams) stream.off("error", onPipe);
    },
  };
}
