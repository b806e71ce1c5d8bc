// Builds the addon for training on several machines (docs/many-machines.md) with node-gyp and
// mpicc, the compiler of an MPI, which has to be there: npm run build:mpi
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rebuild } from "./node-gyp.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "build/Release");

function buildAndInstall() {
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(root, "build/tmp-"));
  try {
    cpSync(join(root, "mpi"), folder, { recursive: true });
    rebuild(folder, { ...process.env, CC: "mpicc", LINK: "mpicc" });
    renameSync(join(folder, "build/Release/bregman_mpi.node"), join(target, "bregman_mpi.node"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  if (spawnSync("mpicc", ["--version"]).error) {
    throw new Error("there is no mpicc here; on Debian: apt install openmpi-bin libopenmpi-dev");
  }
  buildAndInstall();
  console.log("bregman: addon for MPI built");
} catch (error) {
  const log = error.log ? `${error.log}\n` : "";
  console.error(`${log}bregman: cannot build the addon for MPI: ${error.message}`);
  process.exitCode = 1;
}
