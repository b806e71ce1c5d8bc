/**
 * `bregman path` on a tiny run: the table, the files, a run that was stopped, bad input in one
 * line.
 */
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "#bregman/export/safetensors.js";
import type { BirthPath } from "#bregman/report/birth-path.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData(200, 60);
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const train = async (recipe: string, ...more: string[]) => {
  const out = join(temporaryFolder(), "run");
  await runCli(["train", recipe, "--data-dir", data, "--out", out, "--threads", "1", ...more]);
  return out;
};

describe("bregman path", () => {
  it("says when each weight of the model was born, and shows it", async () => {
    const out = await train(tinyRecipe());
    const { code, stdout, stderr } = await runCli(["path", out]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trimEnd().endsWith(join(out, "path.html"))).toBe(true);
    const path = json(join(out, "path.json")) as BirthPath;
    expect(path).toMatchObject({ recipe: "tiny", seed: 0, epoch: 3 });
    const { tensors } = readSafetensors(join(out, "model.safetensors"));
    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
    for (const { layer, alive, births, deaths, nonZeros } of path.layers) {
      const theta = [...(tensors.get(`${layer}.weight`)!.data as Float32Array)];
      expect(alive.index).toEqual(theta.flatMap((w, k) => (w === 0 ? [] : [k])));
      expect(alive.epoch.every((epoch) => epoch >= 0 && epoch <= 3)).toBe(true);
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
      expect(sum(births) - sum(deaths)).toBe(nonZeros);
      expect(births).toHaveLength(lines.length);
    }
    expect(path.layers.map(({ layer }) => layer)).toEqual(["linear1", "linear2"]);
    const page = readFileSync(join(out, "path.html"), "utf8");
    expect(page).toContain("The inputs as they came into use");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    const svg = readFileSync(join(out, "path.svg"), "utf8");
    for (const { layer, survivors } of path.layers) {
      expect(svg).toContain(`${layer}, before training: ${survivors[0]} of its weights`);
    }
  });

  it("shows a run that was killed, and one whose first layer is a convolution without pictures of it", async () => {
    const out = join(temporaryFolder(), "run");
    let sent = false;
    const args = ["train", tinyRecipe(), "--data-dir", data, "--out", out, "--epochs", "100000"];
    await runCli(args, {
      onOutput(text, kill) {
        if (sent || !/\n +3 /.test(text)) return;
        sent = true;
        kill("SIGKILL");
      },
    });
    const { code } = await runCli(["path", out]);
    expect(code).toBe(0);
    expect((json(join(out, "path.json")) as BirthPath).epoch).toBeGreaterThanOrEqual(2);

    const layers = [
      { kind: "conv2d", out: 4, kernel: 3 },
      { kind: "flatten" },
      { kind: "linear", out: 10 },
    ];
    const conv = await train(
      tinyRecipe({ model: { kind: "layers", input: [1, 28, 28], layers }, epochs: 1 }),
    );
    expect((await runCli(["path", conv])).code).toBe(0);
    expect(readFileSync(join(conv, "path.html"), "utf8")).not.toContain(
      "The inputs as they came into use",
    );
    expect((json(join(conv, "path.json")) as BirthPath).layers[0].shape).toEqual([4, 1, 3, 3]);
  });

  it("refuses what is no run, or has no births, in one line", async () => {
    const empty = temporaryFolder();
    const none = await runCli(["path", empty]);
    expect([none.code, none.stderr]).toEqual([
      1,
      `bregman: cannot read a run from ${empty}: it has no recipe.json (is it a run folder?)\n`,
    ]);
    const out = await train(tinyRecipe({ epochs: 1 }));
    const checkpoints = readdirSync(out).filter((name) => name.startsWith("checkpoint-"));
    for (const name of checkpoints) truncateSync(join(out, name), 100);
    const damaged = await runCli(["path", out]);
    expect(damaged.code).toBe(1);
    expect(damaged.stderr).toMatch(
      /^bregman: could not show the path of .*: births are kept in its checkpoints, and checkpoint-.* is damaged[^\n]*\n$/,
    );
    for (const name of checkpoints) rmSync(join(out, name));
    const { code, stderr } = await runCli(["path", out]);
    expect([code, stderr]).toEqual([
      1,
      `bregman: could not show the path of ${out}: births are kept in its checkpoints, and there is none\n`,
    ]);
    expect(existsSync(join(out, "path.json"))).toBe(false);
  });
});
