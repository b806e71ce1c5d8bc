/**
 * Keeps other processes' work out of the figures on a shared machine (Linux; elsewhere nothing is
 * known and nothing waited for).
 */
import { readFileSync } from "node:fs";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** Share of the machine that others may use and it still counts as quiet. */
const QUIET = 0.08;
const LOOK_MS = 300;
/** Milliseconds of a tick in /proc/stat. */
const TICK_MS = 10;

/**
 * Milliseconds all cores have been busy since the start of the machine, or null where that is not
 * to be had.
 */
function busyMs() {
  try {
    const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
      .split("\n")[0]
      .trim()
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return (user + nice + system + irq + softirq + steal) * TICK_MS;
  } catch {
    return null;
  }
}

/** Share of the machine in use since `start`, `own` milliseconds of CPU time not counted. */
function usedSince(/** @type {{ busy: number | null, at: number }} */ start, own = 0) {
  const busy = busyMs();
  if (busy === null || start.busy === null) return 0;
  return Math.max(0, busy - start.busy - own) / ((performance.now() - start.at) * os.cpus().length);
}

const look = () => ({ busy: busyMs(), at: performance.now() });

/** Waits until nobody else computes, at most `patience` seconds. */
async function untilQuiet(/** @type {number} */ patience) {
  const end = performance.now() + patience * 1000;
  do {
    const start = look();
    await sleep(LOOK_MS);
    if (usedSince(start) < QUIET) return;
  } while (performance.now() < end);
}

/**
 * Runs `measure` when the machine is quiet, and again if others have come in meanwhile; of several
 * tries the least disturbed counts.
 * @template {{ cpuMs: number } | null} T
 * @param {() => Promise<T>} measure its `cpuMs`: CPU time that was its own
 * @param {object} options
 * @param {number} options.patience seconds to wait for quiet, in all tries together; 0: measures
 *   once, at once
 * @returns {Promise<T>}
 */
export async function inQuiet(measure, { patience }) {
  if (patience === 0) return measure();
  const end = performance.now() + patience * 1000;
  let best;
  do {
    await untilQuiet((end - performance.now()) / 1000);
    const start = look();
    const report = await measure();
    if (report === null) return report;
    const others = usedSince(start, report.cpuMs);
    if (best === undefined || others < best.others) best = { others, report };
  } while (best.others > QUIET && performance.now() < end);
  return best.report;
}
