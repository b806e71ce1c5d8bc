/**
 * Whether a program is run by all threads or by one alone: a small one loses more at the barrier behind each op than the other
 * threads win. The bits are the same either way, so both are tried, and now and then again: machines have other work too.
 */
import type { Pool } from "./pool.js";
import type { Program } from "./program.js";

/** Runs of one way in a trial, of which the first are not timed: workers have to wake up first, or to go to sleep. */
const TRIAL = 8;
const UNTIMED = 3;
/** Runs from one trial to the next. */
const PERIOD = 1000;
/** Milliseconds that a run by all threads takes if it is too large for one thread to be tried. */
const LARGE = 1;

/** A function that runs the program to its end, as `pool.run` does, in the way that has been faster. */
export function runnerOf(pool: Pool, program: Program): () => void {
  if (pool.threads === 1) return () => pool.run(program);
  let run = 0;
  let alone = false;
  let best = { all: Infinity, alone: Infinity };

  const tryOut = (way: "all" | "alone") => {
    const start = performance.now();
    pool.run(program, way === "alone");
    const time = performance.now() - start;
    if (run % TRIAL >= UNTIMED) best[way] = Math.min(best[way], time);
    run++;
    const hopeless = way === "all" ? best.all < Infinity && best.all > LARGE : time > 2 * best.all;
    if (hopeless) run = 2 * TRIAL;
    alone = best.alone < best.all;
  };

  return () => {
    if (run < 2 * TRIAL) {
      tryOut(run < TRIAL ? "all" : "alone");
      return;
    }
    pool.run(program, alone);
    if (++run < PERIOD) return;
    run = 0;
    best = { all: Infinity, alone: Infinity };
  };
}
