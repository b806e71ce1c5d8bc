/** `bregman sweep --kubernetes`: the next rung of a sweep as the manifest of an indexed Job. */
import { basename, join, relative, resolve, sep } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { InputError } from "../errors.js";
import { jobManifest } from "../sweep/kubernetes.js";
import { checkRuns, planRuns } from "../sweep/runs.js";
import { keepGrid, missingTasks, runCount, type Sweep } from "../sweep/sweep.js";
import { computingArguments } from "./computing.js";
import type { SweepFlags } from "./sweep.js";

/**
 * Writes the manifest of the first rung of which something is missing.
 *
 * @returns what was done, for people; undefined if nothing is missing
 * @throws InputError if the runs would not be in the working folder, which the pods have
 */
export async function writeJob(sweep: Sweep, flags: SweepFlags): Promise<string | undefined> {
  const { rungs, trials, grid: said, out } = sweep;
  const folder = relative("", resolve(out));
  if (folder.split(sep)[0] === ".." || resolve(folder) === folder)
    throw new InputError(
      `--out must be within the working folder, which the pods have too, found ${out}`,
    );
  await checkRuns("sweep", planRuns(trials, said.seeds, out));
  const rung = [...rungs.keys()].find((k) => missingTasks(sweep, k).length > 0);
  if (rung === undefined) return undefined;
  const grid = keepGrid(sweep);
  const { kubernetes: image, threads = 1, atOnce, backend, dataDir } = flags;
  const part = rungs.length > 1 ? `-rung-${rung + 1}` : "";
  const manifest = jobManifest({
    name: `bregman-${basename(out)}${part}`,
    image: image!,
    // Those that are finished end at once.
    tasks: runCount(sweep, rung),
    atOnce,
    threads,
    command: [
      "bregman",
      "sweep",
      grid,
      "--out",
      out,
      ...computingArguments({ backend, dataDir, threads }),
      "--rung",
      String(rung + 1),
    ],
  });
  const path = join(out, "job.json");
  writeFileAtomic(path, `${JSON.stringify(manifest, null, 2)}\n`);
  const left = missingTasks(sweep, rung).length;
  const runs = left === 1 ? "1 run" : `${left} runs`;
  const of = rungs.length > 1 ? ` of rung ${rung + 1} of ${rungs.length}` : "";
  return `${path}: ${runs}${of}\nkubectl apply -f ${path}\nThe same command again when it has ended.`;
}
