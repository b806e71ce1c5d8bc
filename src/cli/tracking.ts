/** The other programs that `train` and `resume` tell of a run. */
import { basename, join, resolve } from "node:path";
import type { Recipe } from "../recipes/schema.js";
import type { Listener } from "../track/listener.js";
import { makeWritable } from "./out-folder.js";

export interface TrackingFlags {
  readonly tensorboard?: string;
  readonly mlflow?: string;
}

/** The run that is told of. */
export interface TrackedRun {
  readonly recipe: Recipe;
  /** The run folder. */
  readonly folder: string;
  readonly resume: boolean;
}

export interface Tracking extends Listener {
  /**
   * To be called when the run is over, or has broken off, and its report is there. A second call
   * does nothing.
   */
  end(): Promise<void>;
}

/**
 * Prepares what the flags ask for.
 *
 * @param onWarning - takes what they could not be told, a line each
 * @throws InputError or UnusableFileError if the run can't be told of; nothing is written then
 */
export async function openTracking(
  { tensorboard, mlflow }: TrackingFlags,
  run: TrackedRun,
  onWarning: (text: string) => void,
): Promise<Tracking> {
  const { folder, resume } = run;
  const listeners: Listener[] = [];
  const ends: (() => Promise<void>)[] = [];
  if (mlflow !== undefined) {
    const { openMlflow } = await import("./mlflow-run.js");
    const { listener, end } = await openMlflow(mlflow, run, onWarning);
    listeners.push(listener);
    ends.push(end);
  }
  if (tensorboard !== undefined) {
    const { tensorBoard } = await import("../track/tensorboard/tensorboard.js");
    const events = join(tensorboard, basename(resolve(folder)));
    listeners.push(tensorBoard(events, { resume }));
    // Takes away what it made, if nothing comes of it.
    makeWritable(events, "folder of events")();
  }
  return {
    onEvent: (event) => listeners.forEach((listener) => listener.onEvent(event)),
    observe: (epoch, network) => listeners.forEach((listener) => listener.observe(epoch, network)),
    async end() {
      for (const end of ends.splice(0)) await end();
    },
  };
}
