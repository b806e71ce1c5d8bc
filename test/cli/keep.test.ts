/** `keep` and `stop` on the command line: files, summary, report and resume say the same. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { EpochMetrics } from "#bregman/measure/events.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData(160);
const folder = join(temporaryFolder(), "run");
const flags = ["--data-dir", data, "--threads", "1"];
const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const lines = () =>
  readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as EpochMetrics);

describe("a run that keeps the best and stops", () => {
  let stdout: string;
  beforeAll(async () => {
    const adam = { kind: "adam", tau: 0.02 };
    const recipe = tinyRecipe({
      epochs: 60,
      keep: "best",
      stop: { patience: 3 },
      labelSmoothing: 0.2,
      optimizer: { weights: adam, biases: adam },
    });
    const done = await runCli(["train", recipe, "--out", folder, ...flags]);
    expect(done.code).toBe(0);
    ({ stdout } = done);
  });

  it("ends before its last epoch, with the figures of the epoch that is kept", () => {
    const all = lines();
    const last = all.at(-1)!.epoch;
    const best = Math.max(...all.slice(1).map(({ validAccuracy }) => validAccuracy!));
    const kept = all.findLast(({ validAccuracy }) => validAccuracy === best)!;
    const { interrupted, final } = json("result.json");
    expect(last).toBeLessThan(60);
    expect(interrupted).toBe(false);
    expect(final.kept).toBe(kept.epoch);
    const { testAccuracy } = final;
    expect(final.best).toMatchObject({ epoch: kept.epoch, testAccuracy });
    expect(final.density).toBe(kept.density);
    expect(stdout).toMatch(new RegExp(`Stopped +after epoch ${last} of 60`));
    expect(stdout).toMatch(new RegExp(`Kept +epoch ${kept.epoch} `));
    const report = readFileSync(join(folder, "report.html"), "utf8");
    expect(report).toContain(`The network is that of epoch ${kept.epoch}, the best validation.`);
    expect(report).toContain("<h2>Class by class</h2>");
    expect(report).toContain("Column: what it is taken for.");
    expect(final.byClass.confusion).toHaveLength(10);
    expect(report).toContain(`The run stopped after epoch ${last} of 60.`);
  });

  it("is finished for resume; to train on, its recipe must say so", async () => {
    const before = readFileSync(join(folder, "model.safetensors"));
    const again = await runCli(["resume", folder, ...flags]);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("is finished") });
    expect(readFileSync(join(folder, "model.safetensors"))).toEqual(before);
    const recipe = json("recipe.json");
    writeFileSync(join(folder, "recipe.json"), JSON.stringify({ ...recipe, keep: "last" }));
    const changed = await runCli(["resume", folder, ...flags]);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain('what differs: keep ("best", now "last")');
  });
});
