/** Starts ranks with mpirun, where it and the addon for MPI are there. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ADDON = fileURLToPath(new URL("../../build/Release/bregman_mpi.node", import.meta.url));

/** Why there can be no ranks; undefined where there can. */
export const noRanks =
  spawnSync("mpirun", ["--version"]).error !== undefined
    ? "mpirun is not installed (on Debian: openmpi-bin)"
    : existsSync(ADDON)
      ? undefined
      : "the addon for MPI is not built (npm run build:mpi)";
if (noRanks !== undefined) process.stderr.write(`Training by ranks is not tested: ${noRanks}\n`);

export interface RanksResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program of Node as so many ranks.
 *
 * @param onOutput - called with all that was printed so far, whenever there is more, and the
 *   process of mpirun
 */
export function runRanks(
  count: number,
  args: readonly string[],
  onOutput: (text: string, pid: number) => void = () => {},
): Promise<RanksResult> {
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env;
  const all = ["--oversubscribe", "-np", String(count), process.execPath, ...args];
  const child = spawn("mpirun", all, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" },
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      onOutput(text.stdout + text.stderr, child.pid!);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...text }));
  });
}
