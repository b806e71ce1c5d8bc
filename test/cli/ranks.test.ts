/** `bregman train` and `resume` by several ranks, as mpirun starts them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ranksHere, startedRanks } from "#bregman/ranks/started.js";
import { noRanks, runRanks } from "../support/mpi.js";
import { MAIN, runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const ours = (text: string) => text.split("\n").filter((line) => line.startsWith("bregman:"));

/** Processes that a process has started. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").map(Number);
}

describe.skipIf(noRanks !== undefined)("ranks", { timeout: 180_000 }, () => {
  const folder = temporaryFolder();
  const data = tinyData(200, 40);
  const options = ["--data-dir", data, "--json"];
  const recipe = tinyRecipe({ microBatches: 4, freeze: 3, epochs: 12 });

  test("a rank is killed, and the run goes on with another number of them to the same bits", async () => {
    const [run, whole] = [join(folder, "killed"), join(folder, "whole")];
    let killed = false;
    const { code, stderr } = await runRanks(
      3,
      [MAIN, "train", recipe, "--out", run, ...options],
      (text, pid) => {
        if (killed || !text.includes('"epoch":3,')) return;
        killed = true;
        process.kill(childrenOf(pid)[1], "SIGKILL");
      },
    );
    expect(code).not.toBe(0);
    expect(stderr.match(/exited on signal 9 \(Killed\)/g)).toHaveLength(1);
    expect(ours(stderr)).toEqual([]);
    const goesOn = await runRanks(2, [MAIN, "resume", run, ...options]);
    expect([goesOn.code, goesOn.stderr]).toEqual([0, ""]);
    const alone = await runCli(["train", recipe, "--out", whole, ...options]);
    expect(alone.code).toBe(0);
    const [a, b] = [run, whole].map((path) => {
      const lines = readFileSync(join(path, "metrics.jsonl"), "utf8");
      const metrics = lines.replace(/"seconds":[\d.]+/g, "");
      return [metrics, readFileSync(join(path, "model.safetensors")).toString("base64")];
    });
    expect(a).toEqual(b);
    const finished = await runRanks(2, [MAIN, "resume", run, ...options]);
    expect([finished.code, finished.stdout]).toEqual([0, expect.stringContaining("is finished")]);
  });

  test("a recipe that does not say in how many parts is computed in one for each rank", async () => {
    const out = join(folder, "parts");
    const plain = tinyRecipe({ epochs: 1 });
    const { code, stdout } = await runRanks(2, [MAIN, "train", plain, "--out", out, ...options]);
    expect(code).toBe(0);
    expect(stdout).toContain("2 ranks share out the 2 parts of a batch");
    expect(JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"))).toMatchObject({
      microBatches: 2,
    });
  });

  test.each<[string, object, string]>([
    ["too few parts", { microBatches: 2 }, "3 ranks can't share 2 parts of a batch: expected"],
    ["a small batch", { batchSize: 2 }, "3 ranks can't share a batch of 2 samples: expected"],
    [
      "a loss that is not finite",
      { optimizer: { weights: { kind: "sgd", tau: 1e30 }, biases: { kind: "sgd", tau: 1e30 } } },
      "the loss is NaN at step ",
    ],
  ])("%s: one line, from one rank", async (_, changes, message) => {
    const out = join(temporaryFolder(), "run");
    const bad = tinyRecipe({ epochs: 1, ...changes });
    const { code, stderr } = await runRanks(3, [MAIN, "train", bad, "--out", out, ...options]);
    expect(code).toBe(1);
    const lines = ours(stderr);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(message);
  });

  /** The command, where the second rank is told something else at the end. */
  const otherwise = (last: string) => [
    "--input-type=module",
    "-e",
    `process.argv.splice(1, 0, "main");
      if (process.env.OMPI_COMM_WORLD_RANK === "1") process.argv.splice(-1, 1, "${last}");
      await import(${JSON.stringify(MAIN)});`,
  ];
  const fresh = () => ["train", recipe, "--out", join(temporaryFolder(), "run")];

  test("a rank that can't go on says which one it is, and ends the others", async () => {
    const args = [...otherwise("/nowhere"), ...fresh(), "--data-dir", data];
    const { code, stderr } = await runRanks(2, args);
    expect(code).toBe(1);
    expect(ours(stderr)).toEqual([expect.stringMatching(/^bregman: rank 1: .*nowhere/)]);
  });

  test("ranks that would not have the same bits don't begin", async () => {
    const args = [...otherwise("wasm"), ...fresh(), "--data-dir", data, "--backend", "native"];
    const { code, stderr } = await runRanks(2, args);
    expect(code).toBe(1);
    const told = /^bregman: all ranks need the same backend: rank 0 has native .*, rank 1 wasm/;
    expect(ours(stderr)).toEqual([expect.stringMatching(told)]);
    const otherData = tinyData(201, 40);
    const more = [...otherwise(otherData), ...fresh(), "--data-dir", data];
    const second = await runRanks(2, more);
    expect(second.code).toBe(1);
    const what = /^bregman: all ranks need the same data: rank 0 has \w+, rank 1 \w+$/;
    expect(ours(second.stderr)).toEqual([expect.stringMatching(what)]);
  });
});

test("a process knows how many ranks were started", () => {
  expect(startedRanks({})).toBe(1);
  expect(startedRanks({ OMPI_COMM_WORLD_SIZE: "2" })).toBe(2);
  expect(startedRanks({ PMI_SIZE: "3" })).toBe(3);
  expect(startedRanks({ SLURM_STEP_NUM_TASKS: "4" })).toBe(1);
  expect(startedRanks({ SLURM_STEP_NUM_TASKS: "4", PMIX_RANK: "0" })).toBe(4);
  expect(ranksHere({ OMPI_COMM_WORLD_LOCAL_SIZE: "2" })).toBe(2);
});
