/** The other programs that `train` and `resume` tell of a run. */
import { basename, join, resolve } from "node:path";
import type { Listener } from "../track/listener.js";
import { makeWritable } from "./out-folder.js";

export interface TrackingFlags {
  readonly tensorboard?: string;
}

/** The run that is told of. */
export interface TrackedRun {
  /** The run folder. */
  readonly folder: string;
  readonly resume: boolean;
}

/**
 * Prepares what the flags ask for.
 *
 * @throws InputError if the run can't be told of; nothing is written then
 */
export async function openTracking(
  { tensorboard }: TrackingFlags,
  { folder, resume }: TrackedRun,
): Promise<Listener> {
  const listeners: Listener[] = [];
  if (tensorboard !== undefined) {
    const { tensorBoard } = await import("../track/tensorboard/tensorboard.js");
    const events = join(tensorboard, basename(resolve(folder)));
    listeners.push(tensorBoard(events, { resume }));
    // Takes away what it made, if nothing comes of it.
    makeWritable(events, "folder of events")();
  }
  return {
    onEvent: (event) => listeners.forEach((listener) => listener.onEvent(event)),
    observe: (epoch, trainer) => listeners.forEach((listener) => listener.observe(epoch, trainer)),
  };
}
