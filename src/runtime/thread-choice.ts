/**
 * Whether a program is run by all threads or by one alone: a small one loses more at the barrier
 * behind each op than the other threads win. The bits are the same either way, so both are tried,
 * and now and then again: machines have other work too.
 */
import { smallest } from "../extremes.js";
import { median } from "../median.js";
import type { Pool } from "./pool.js";
import type { Program } from "./program.js";

/** Runs of one way in a trial, first by all threads, then alone. */
export const TRIAL = 8;
/**
 * So many of them are not timed: workers have to wake up first, or to go to sleep, and wasm is slow
 * until it is compiled.
 */
const UNTIMED = 3;
/** Runs from one trial to the next. */
const PERIOD = 1000;
/** Milliseconds of a run by all threads above which one thread is not tried. */
const LARGE = 5;
/** A trial of one thread ends after its first timed runs if they took so many times as long. */
const HOPELESS = 2;

/**
 * A function that runs the program to its end, as `pool.run` does, in the way that was faster in
 * the last trial.
 */
export function runnerOf(pool: Pool, program: Program): () => void {
  if (pool.threads === 1) return () => pool.run(program);
  let run = 0;
  let alone = false;
  let all: number[] = [];
  let one: number[] = [];

  const timed = (byOne: boolean, times: number[]) => {
    const start = performance.now();
    pool.run(program, byOne);
    if (run % TRIAL >= UNTIMED) times.push(performance.now() - start);
    run++;
  };
  /** The trial's next run; of one that is cut short nothing follows but that all threads do it. */
  const tryOut = () => {
    if (run < TRIAL) {
      timed(false, all);
      if (run === TRIAL && !alone && median(all) > LARGE) run = 2 * TRIAL;
      return;
    }
    timed(true, one);
    const hopeless = one.length === 2 && smallest(one) > HOPELESS * median(all);
    if (hopeless) run = 2 * TRIAL;
    if (run === 2 * TRIAL) alone = !hopeless && median(one) < median(all);
  };

  return () => {
    if (run < 2 * TRIAL) {
      tryOut();
      return;
    }
    pool.run(program, alone);
    if (++run < PERIOD) return;
    run = 0;
    all = [];
    one = [];
  };
}
