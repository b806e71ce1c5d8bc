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
/** Runs from one trial to the next; twice as many whenever a trial has changed nothing. */
const PERIOD = 1000;
const LONGEST = 64 * PERIOD;
/**
 * Milliseconds of a run by all threads above which two runs of one thread tell, and none goes
 * untimed: they may be many times as long. They are tried: in a small program it can be the workers
 * that take so long, to wake up.
 */
const LARGE = 5;
/** A trial of one thread ends after its first timed runs if they took so many times as long. */
const HOPELESS = 2;
/** The first timed runs. */
const FIRST = 2;

/**
 * A function that runs the program to its end, as `pool.run` does, in the way that was faster in
 * the last trial.
 */
export function runnerOf(pool: Pool, program: Program): () => void {
  if (pool.threads === 1) return () => pool.run(program);
  let run = 0;
  let period = PERIOD;
  let alone = false;
  let all: number[] = [];
  let one: number[] = [];

  const timed = (byOne: boolean, times: number[], untimed: number) => {
    const start = performance.now();
    pool.run(program, byOne);
    if (run % TRIAL >= untimed) times.push(performance.now() - start);
    run++;
  };
  /** The trial's next run; one that is cut short ends with what is known by then. */
  const tryOut = () => {
    if (run < TRIAL) {
      timed(false, all, UNTIMED);
      return;
    }
    const large = median(all) > LARGE;
    timed(true, one, large ? 0 : UNTIMED);
    const slow = smallest(one) > (large ? 1 : HOPELESS) * median(all);
    if (one.length === FIRST && slow) run = 2 * TRIAL;
    if (run < 2 * TRIAL) return;
    const better = median(one) < median(all);
    period = better === alone ? Math.min(2 * period, LONGEST) : PERIOD;
    alone = better;
  };

  return () => {
    if (run < 2 * TRIAL) {
      tryOut();
      return;
    }
    pool.run(program, alone);
    if (++run < period) return;
    run = 0;
    all = [];
    one = [];
  };
}
