/**
 * Ctrl-C and its like. The first signal asks the run to stop after the step under way; the second ends the process at
 * once. Exit codes as shells have them: 128 + the signal's number.
 */

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
/** A reader of our output that has gone (`| head`) stops the run too. */
const BROKEN_PIPE = 141;

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
  const onSignal = (name: NodeJS.Signals) => {
    const code = SIGNALS[name as keyof typeof SIGNALS];
    if (exitCode !== undefined) {
      onSecond();
      process.exit(code);
    }
    exitCode = code;
    onFirst();
    controller.abort();
  };
  const onPipe = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    exitCode ??= BROKEN_PIPE;
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
