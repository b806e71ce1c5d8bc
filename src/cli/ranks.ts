/**
 * A command that trains, started once or, by MPI, as several ranks: the first does all that one
 * process would, the others compute.
 */
import { availableParallelism, cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Ranks } from "../ranks/ranks.js";
import { ranksHere, startedRanks } from "../ranks/started.js";
import type { ComputingFlags } from "./computing.js";
import { createStopper } from "./stop.js";

/** Time for the first rank to tell what all have met with, in milliseconds. */
const FIRST = 1000;

/**
 * Runs `lead` in the first rank and follows it in the others; the exit code.
 *
 * @param lead - is given the ranks, if there are several
 */
export async function asRank<Flags extends ComputingFlags>(
  flags: Flags,
  lead: (flags: Flags, ranks?: Ranks) => Promise<number>,
): Promise<number> {
  if (startedRanks() === 1) return lead(flags);
  const { joinRanks } = await import("../ranks/mpi.js");
  const ranks = joinRanks();
  let finished = false;
  // A rank that leaves early takes the others along: they would wait for ever.
  process.once("exit", (code) => {
    if (!finished) ranks.abort(code || 1);
  });
  const own = { ...flags, threads: flags.threads ?? threadsOfRank() };
  const code = ranks.rank === 0 ? await lead(own, ranks) : await follow(own, ranks);
  finished = true;
  ranks.finish();
  return code;
}

async function follow(flags: ComputingFlags, ranks: Ranks): Promise<number> {
  const stopper = createStopper(
    () => {},
    () => {},
  );
  ranks.signal = stopper.signal;
  try {
    const { followRun } = await import("../runs/follow.js");
    await followRun(ranks, flags);
  } catch (error) {
    // The first rank has met with it too, and tells it.
    if (ranks.failed) return 0;
    await delay(FIRST);
    (error as Error).message = `rank ${ranks.rank}: ${(error as Error).message}`;
    throw error;
  } finally {
    stopper.close();
  }
  return 0;
}

/** The cores that a rank was given or, where it may use all of the machine, its share of them. */
function threadsOfRank(): number {
  const cores = availableParallelism();
  const own = cores < cpus().length ? cores : Math.floor(cores / ranksHere());
  return Math.min(8, Math.max(1, own));
}
