/**
 * Whether the time of a step may be compared with that of a dense one: only where the ratio is a
 * statement about the network.
 *
 * Of a small network most of a step is no multiplication (the batch is fetched, threads meet,
 * patterns are brought up to date), and so short a time is at the mercy of whatever else the
 * machine does. What such a network costs to store and to run is known exactly, and is said in any
 * case.
 */
import type { Savings } from "../measure/events.js";

/** Operations of a dense step, its two gradients included: some 10 ms of a core's time. */
const LEAST_FLOPS = 1e9;
/** Seconds of a dense step. At most 14 of them were timed. */
const LEAST_DENSE_STEP = 0.01;
/** Seconds of all steps of the run. */
const LEAST_TRAINING = 1;

/**
 * Time of a dense step / time of a step; undefined where it was not measured, or says nothing of
 * the network.
 */
export function speedUp(saved: Savings): number | undefined {
  const { steps, trainingFlops, trainingFlopDensity, stepSeconds, denseStepSeconds } = saved;
  if (denseStepSeconds === undefined || denseStepSeconds < LEAST_DENSE_STEP) return undefined;
  if (stepSeconds * steps < LEAST_TRAINING) return undefined;
  const denseFlops = trainingFlops / trainingFlopDensity / steps;
  return denseFlops >= LEAST_FLOPS ? denseStepSeconds / stepSeconds : undefined;
}
