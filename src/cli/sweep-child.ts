/** A run of a sweep in a process of its own, so that several compute at a time. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UnusableFileError } from "../errors.js";
import type { SweepOptions } from "../sweep/sweep.js";
import type { RunEvent } from "../sweep/runs.js";
import type { TrainEvent } from "../measure/events.js";
import { computingArguments, type ComputingFlags } from "./computing.js";

/**
 * Carries out runs by `bregman sweep --task`. A process whose parent has gone finds nobody who
 * reads what it says: it stops, and keeps its run.
 *
 * @param grid - path of the grid, in the folder of its runs
 */
export function elsewhere(
  grid: string,
  out: string,
  flags: ComputingFlags,
): NonNullable<SweepOptions["elsewhere"]> {
  const options = ["--out", out, ...computingArguments(flags)];
  return async ({ rung, task }, onEvent, signal) => {
    const args = [
      fileURLToPath(new URL("main.js", import.meta.url)),
      "sweep",
      grid,
      ...options,
      `--rung=${rung + 1}`,
      `--task=${task}`,
      "--json",
    ];
    // Not of our group: Ctrl-C is for us, who pass it on once.
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stop = () => void child.kill("SIGTERM");
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as TrainEvent | RunEvent;
      // Where the run is now we see ourselves.
      if (event.type !== "done") onEvent(event);
    });
    try {
      const code = await new Promise<number | string | null>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (exit, by) => resolve(exit ?? by));
      });
      if (code === 0 || signal.aborted) return;
      const fault = said
        .trim()
        .split("\n")
        .at(-1)!
        .replace(/^bregman: /, "");
      throw new UnusableFileError(fault || `a run of the sweep ended with ${code}`);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };
}
