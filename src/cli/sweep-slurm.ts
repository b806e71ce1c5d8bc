/** `bregman sweep --slurm`: what is missing of a sweep as job arrays, an array a rung. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileAtomic } from "../atomic-file.js";
import { UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import { readTextIfThere } from "../read-file.js";
import { checkRuns, planRuns } from "../sweep/runs.js";
import { arrayScript, collectScript } from "../sweep/slurm.js";
import { keepGrid, missingTasks, runCount, type Sweep } from "../sweep/sweep.js";
import { computingArguments } from "./computing.js";
import { quoted } from "./options.js";
import type { SweepFlags } from "./sweep.js";

/**
 * Writes the scripts of what is missing and submits them, each rung after the one before, and last
 * the job that makes table and report.
 *
 * @returns what was done, for people; undefined if nothing is missing
 * @throws UnusableFileError if jobs of this sweep are in the queue, or sbatch refuses
 */
export async function submit(sweep: Sweep, flags: SweepFlags): Promise<string | undefined> {
  await checkRuns("sweep", planRuns(sweep.trials, sweep.grid.seeds, sweep.out));
  const first = firstRung(sweep);
  if (!first) return undefined;
  const logs = resolve(sweep.out, "slurm");
  const jobsFile = join(logs, "jobs.json");
  checkQueue(jobsFile);
  const grid = keepGrid(sweep);
  mkdirSync(logs, { recursive: true });
  const { slurm, threads, backend, dataDir } = flags;
  const shared = {
    name: `bregman-${basename(sweep.out)}`.replace(/[^\w.-]+/g, "-"),
    logs,
    options: typeof slurm === "string" ? slurm : undefined,
  };
  const main = fileURLToPath(new URL("main.js", import.meta.url));
  const words = [process.execPath, main, "sweep", resolve(grid), "--out", resolve(sweep.out)];
  // How many threads a task has, its script says.
  const computing = computingArguments({ backend, dataDir: dataDir && resolve(dataDir) });
  const jobs: string[] = [];
  const told: string[] = [];
  const send = (file: string, script: string) => {
    const path = join(logs, file);
    writeFileAtomic(path, script);
    const id = sbatch(path, jobs.at(-1));
    jobs.push(id);
    writeFileAtomic(jobsFile, `${JSON.stringify(jobs)}\n`);
    return id;
  };
  for (let rung = first.rung; rung < sweep.rungs.length; rung++) {
    const count = runCount(sweep, rung);
    const tasks = rung === first.rung ? first.tasks : [...Array(count).keys()];
    const command = quoted([...words, ...computing, "--rung", String(rung + 1)]);
    const job = { ...shared, tasks, atOnce: flags.atOnce, threads, command };
    const id = send(`rung-${rung + 1}.sh`, arrayScript(job));
    const runs = tasks.length === 1 ? "1 run" : `${tasks.length} runs`;
    told.push(`job ${id}: ${runs}${sweep.rungs.length > 1 ? ` of rung ${rung + 1}` : ""}`);
  }
  const id = send("table.sh", collectScript({ ...shared, command: quoted(words) }));
  return [...told, `job ${id}: table and report`].join("\n");
}

/** The first rung of which something is missing, and what. */
function firstRung(sweep: Sweep): { rung: number; tasks: number[] } | undefined {
  for (const rung of sweep.rungs.keys()) {
    const tasks = missingTasks(sweep, rung);
    if (tasks.length > 0) return { rung, tasks };
  }
  return undefined;
}

/** @throws UnusableFileError if jobs that were submitted before wait or run */
function checkQueue(jobsFile: string): void {
  const jobs = parseJson(readTextIfThere(jobsFile) ?? "[]", jobsFile);
  if (!Array.isArray(jobs) || jobs.length === 0) return;
  // Slurm forgets jobs that have ended, and calls the numbers invalid: these are not in the queue.
  const queued = jobs.filter((job) => {
    const { status, stdout } = spawnSync("squeue", ["--noheader", `--jobs=${job}`], {
      encoding: "utf8",
    });
    return status === 0 && stdout.trim() !== "";
  });
  if (queued.length === 0) return;
  throw new UnusableFileError(
    `jobs of this sweep are in the queue still: ${queued.join(", ")}; wait for them, or scancel them`,
  );
}

/** Submits a script, to begin when another job has ended; returns the job's number. */
function sbatch(script: string, after: string | undefined): string {
  const args = [
    "--parsable",
    ...(after === undefined ? [] : [`--dependency=afterany:${after}`]),
    script,
  ];
  const { error, status, stdout, stderr } = spawnSync("sbatch", args, { encoding: "utf8" });
  if (error !== undefined || status !== 0) {
    const isMissing = (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
    const why = isMissing
      ? "there is no sbatch on this machine"
      : (error?.message ?? stderr.trim());
    throw new UnusableFileError(`could not submit ${script}: ${why.replaceAll("\n", " ")}`);
  }
  return stdout.trim().split(";")[0];
}
