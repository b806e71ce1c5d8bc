/** Ranks that Slurm starts, on a Slurm of the test's own: the bits of one process. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noRanks } from "../support/mpi.js";
import { startSlurm, whyNoSlurm } from "../support/slurm.js";
import { MAIN, runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const why = noRanks ?? whyNoSlurm();
if (why !== undefined) process.stderr.write(`Ranks of Slurm are not tested: ${why}\n`);

test.skipIf(why !== undefined)(
  "srun --mpi=pmix",
  async () => {
    const slurm = await startSlurm(temporaryFolder());
    try {
      const folder = temporaryFolder();
      const options = ["--data-dir", tinyData(150, 30), "--json"];
      const recipe = tinyRecipe({ microBatches: 2, epochs: 2 });
      const out = join(folder, "slurm");
      const args = ["--mpi=pmix", "--ntasks=2", process.execPath, MAIN];
      const command = [...args, "train", recipe, "--out", out, ...options];
      const srun = spawn("srun", command, { env: { ...process.env, ...slurm.env } });
      let text = "";
      for (const stream of [srun.stdout, srun.stderr])
        stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      const code = await new Promise((resolve) => srun.on("close", resolve));
      expect([code, text]).toEqual([0, expect.stringContaining("2 ranks share out the 2 parts")]);
      const alone = join(folder, "alone");
      expect((await runCli(["train", recipe, "--out", alone, ...options])).code).toBe(0);
      const [a, b] = [out, alone].map((run) => readFileSync(join(run, "model.safetensors")));
      expect(a.equals(b)).toBe(true);
    } finally {
      await slurm.stop();
    }
  },
  180_000,
);
