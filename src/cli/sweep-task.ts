/** One run of a sweep by its number: what a task of a cluster, or another process, carries out. */
import { writeReport } from "../report/report.js";
import { carryOutAny, checkRuns, runAll } from "../sweep/runs.js";
import { runOfTask, type Sweep, type SweepTask } from "../sweep/sweep.js";
import { createRunsView } from "./runs-view.js";
import { createStopper } from "./stop.js";
import type { SweepFlags } from "./sweep.js";

/** Carries the run out and returns the exit code; 0 for one that has come to its end before. */
export async function carryOutTask(
  sweep: Sweep,
  place: SweepTask,
  { json = false, threads, backend, dataDir }: SweepFlags,
): Promise<number> {
  const { run, until } = runOfTask(sweep, place);
  const view = createRunsView([run.trial.label], 1);
  const say = json ? () => {} : view.line;
  const stopper = createStopper(
    () => say("Stopping after this step; the run is kept."),
    view.clear,
  );
  const { out } = sweep;
  try {
    await checkRuns("sweep", [run]);
    await runAll([run], {
      until,
      signal: stopper.signal,
      onRun(_, event) {
        if (event.type === "end") writeReport(run.folder);
        if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
        else view.onRun(run, event);
      },
      start: (one, onEvent, signal) =>
        carryOutAny(one, { out, until, threads, backend, dataDir, signal, onEvent }),
    });
    view.clear();
  } finally {
    stopper.close();
  }
  return stopper.exitCode ?? 0;
}
