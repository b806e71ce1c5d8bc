/** How long the steps of an epoch take, evaluations not counted, as the events of a run tell it. */
import type { TrainEvent } from "../measure/events.js";
import type { Scalar } from "./scalars.js";

export interface StepClock {
  /** To be called with each event. */
  look(event: TrainEvent): void;
  /**
   * Seconds a step, mean over the epoch's events, of the epoch that has just ended. None where the
   * epoch was too short to say.
   */
  scalars(): Scalar[];
}

/** A clock for one run. */
export function createStepClock(): StepClock {
  /** Those of the epoch under way; the first may hold the evaluation before it. */
  let times: number[] = [];
  let epoch = 0;
  return {
    look(event) {
      if (event.type !== "step") return;
      if (event.epoch !== epoch) times = [];
      epoch = event.epoch;
      times.push(1 / event.stepsPerSecond);
    },
    scalars() {
      const [, ...whole] = times;
      times = [];
      if (whole.length === 0) return [];
      const mean = whole.reduce((sum, seconds) => sum + seconds, 0) / whole.length;
      return [["seconds/step", mean]];
    },
  };
}
