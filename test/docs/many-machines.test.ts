/**
 * The commands of docs/many-machines.md: those of mpirun run where it is, those of Slurm and of
 * installing are read by pages.test.ts alone.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MAIN, runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { inlineCode, shellWords } from "../support/doc-commands.js";
import { allBlocks, changed } from "../support/doc-examples.js";
import { noRanks, runRanks } from "../support/mpi.js";

const PAGE = "docs/many-machines.md";
const [block] = allBlocks(PAGE, "sh");
const lines = block.code.trimEnd().split("\n").map(shellWords);

test("the block installs, trains by mpirun and by Slurm, and goes on", () => {
  expect(lines.map(([program]) => program)).toEqual([
    "apt",
    "npm",
    "mpirun",
    "mpirun",
    "srun",
    "mpirun",
  ]);
});

test("a step is estimated from the counts of a recipe", async () => {
  const [line] = inlineCode(PAGE).filter((code) => code.startsWith("bregman plan"));
  const args = shellWords(changed(line, ["<recipe>", "mnist-quick"])).slice(1);
  const { code, stdout } = await runCli(args);
  expect([code, stdout]).toEqual([0, expect.stringContaining("8 ranks")]);
});

describe.skipIf(noRanks !== undefined)(
  noRanks === undefined ? "by mpirun" : `by mpirun (skipped: ${noRanks})`,
  { timeout: 180_000 },
  () => {
    test("the ranks of the page train, and another number of them goes on", async () => {
      const run = join(temporaryFolder(), "run");
      const data = tinyData(200, 40);
      const recipe = tinyRecipe({ microBatches: 4, epochs: 1 });
      const [train, , , resume] = lines.filter(([program]) => program !== "apt").slice(1);
      const started = async (words: string[], ...more: string[]) => {
        const [, option, count, name, ...args] = words;
        expect([option, name]).toEqual(["-np", "bregman"]);
        const places = args.map((word) => (word === "runs/<run>" ? run : word));
        const here = places.map((word) => (word === "mnist-quick" ? recipe : word));
        // Two at most, to spare the machine.
        const { code, stderr } = await runRanks(Math.min(2, Number(count)), [
          MAIN,
          ...here,
          ...more,
        ]);
        expect([code, stderr]).toEqual([0, ""]);
      };
      await started(train, "--out", run, "--data-dir", data, "--json");
      await started(resume, "--epochs", "2", "--data-dir", data, "--json");
      const metrics = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
      expect(metrics).toHaveLength(3);
    });
  },
);
