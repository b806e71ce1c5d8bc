/** One line a run on stderr; on a terminal, below them, the epoch of the run under way. */
import { largest } from "../extremes.js";
import type { PlannedRun, RunAllOptions } from "../sweep/runs.js";
import type { Standing } from "../sweep/standing.js";
import { createStopper } from "./stop.js";
import { canRedraw } from "./terminal.js";

/** What is shown of several runs. */
export interface RunsView {
  line(text: string): void;
  clear(): void;
  readonly onRun: NonNullable<RunAllOptions["onRun"]>;
}

/**
 * Shows runs as they come to their ends.
 *
 * @param labels - of all trials, for the width of their column
 * @param total - how many runs there are
 */
export function createRunsView(labels: readonly string[], total: number): RunsView {
  const stream = process.stderr;
  const redraws = canRedraw(stream);
  const width = largest(labels.map(({ length }) => length));
  let done = 0;
  const clear = () => {
    if (redraws) stream.write("\r\x1b[K");
  };
  const line = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  const onRun: RunsView["onRun"] = (
    { trial: { label }, recipe: { seed, epochs } }: PlannedRun,
    event,
  ) => {
    const head =
      `${String(Math.min(done + 1, total)).padStart(String(total).length)}/${total}  ` +
      `${label.padEnd(width)}  seed ${seed}`;
    if (event.type === "note") line(event.text);
    if (event.type === "warning") line(`${label}, seed ${seed}: warning: ${event.text}`);
    if (event.type === "epoch" && redraws) {
      clear();
      stream.write(`${head}  epoch ${event.metrics.epoch} of ${epochs}`);
    }
    if (event.type !== "done") return;
    line(`${head}${figures(event.standing, event.kept)}`);
    done++;
  };
  return { line, clear, onRun };
}

/**
 * Carries out runs that a signal stops, which the view that there is then says.
 *
 * @param removeOut - takes away the folder that was made for them, if they fail
 * @returns the exit code
 */
export async function untilStopped(
  view: () => RunsView,
  removeOut: () => void,
  runs: (signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const stopper = createStopper(
    () =>
      view().line(
        "Stopping after this step; the same command goes on from here. Ctrl-C again stops at once.",
      ),
    () => view().clear(),
  );
  try {
    await runs(stopper.signal);
  } catch (error) {
    view().clear();
    removeOut();
    throw error;
  } finally {
    stopper.close();
  }
  return stopper.exitCode ?? 0;
}

function figures(standing: Standing, kept: boolean): string {
  if (standing.kind === "diverged") return "  diverged";
  const { testAccuracy, testLoss, validAccuracy, validLoss, density, seconds } =
    standing.kind === "finished"
      ? standing.result.final
      : // Which trials go on is decided by the validation.
        { ...standing.line, testAccuracy: undefined, testLoss: undefined };
  const shownLoss = testLoss ?? validLoss;
  const reached =
    testAccuracy !== undefined
      ? `  test${percent(testAccuracy)}`
      : validAccuracy !== undefined
        ? `  validation${percent(validAccuracy)}`
        : shownLoss !== undefined
          ? `  loss ${shownLoss.toFixed(5)}`
          : "";
  const how = kept ? "finished before" : `${seconds.toFixed(1)} s`;
  return `${reached}  density${percent(density)}  ${how}`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`.padStart(9);
}
