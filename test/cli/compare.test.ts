/**
 * `bregman compare` with tiny runs: the table, what is left behind, going on after a stop, bad
 * input in one line.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Comparison } from "#bregman/sweep/comparison.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData(200, 60);
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const biases = { kind: "sgd", tau: 0.1 };
const start = { weights: { density: 0.1, count: "exact" } };
const rigl = tinyRecipe({
  name: "tiny-rigl",
  init: start,
  optimizer: { weights: { kind: "rigL", tau: 0.1, every: 2 }, biases },
});
const prune = tinyRecipe({
  name: "tiny-prune",
  optimizer: {
    weights: { kind: "magnitudePruning", tau: 0.1, density: 0.1, start: 0.5, end: 0.5 },
    biases,
  },
});
const compare = (out: string, ...more: string[]) => {
  const args = [
    "compare",
    rigl,
    prune,
    "--data-dir",
    data,
    "--out",
    out,
    "--threads",
    "1",
    "--epochs",
    "2",
    ...more,
  ];
  return runCli(args);
};

describe("bregman compare", () => {
  it("runs each recipe with each seed, sums up, and repeats nothing", async () => {
    const out = join(temporaryFolder(), "deep", "compare");
    const { code, stdout, stderr } = await compare(out, "--seeds", "3,5");
    expect([code, lines(stderr).length]).toEqual([0, 4]);
    expect(readdirSync(out).sort()).toEqual([
      "compare.html",
      "compare.json",
      "compare.svg",
      "tiny-prune",
      "tiny-rigl",
    ]);
    expect(readdirSync(join(out, "tiny-rigl")).sort()).toEqual(["seed-3", "seed-5"]);
    expect(existsSync(join(out, "tiny-rigl", "seed-3", "report.html"))).toBe(true);
    const { rows, ...facts } = json(join(out, "compare.json")) as Comparison;
    expect(rows.map(({ recipe, seeds, epochs }) => ({ recipe, seeds, epochs }))).toEqual([
      { recipe: "tiny-rigl", seeds: [3, 5], epochs: 2 },
      { recipe: "tiny-prune", seeds: [3, 5], epochs: 2 },
    ]);
    for (const { recipe, testAccuracy, density, flopDensity } of rows) {
      const finals = [3, 5].map(
        (seed) => json(join(out, recipe, `seed-${seed}`, "result.json")).final,
      );
      const [a, b] = finals.map((final) => final.testAccuracy as number);
      expect(testAccuracy!.values).toEqual([a, b]);
      expect(testAccuracy!.mean).toBeCloseTo((a + b) / 2, 12);
      expect(testAccuracy!.deviation).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
      expect(stdout).toContain((100 * testAccuracy!.mean).toFixed(2));
      expect(density.mean).toBeGreaterThan(0.01);
      expect(density.mean).toBeLessThanOrEqual(0.1001);
      // All layers of an MLP are multiplied once a sample: the two densities are one.
      expect(flopDensity.mean).toBeCloseTo(density.mean, 12);
    }
    expect(facts.command).not.toContain(out);
    expect(facts.command).toContain("--epochs 2 --seeds 3,5");
    const svg = readFileSync(join(out, "compare.svg"), "utf8");
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain("--c0:");
    expect(readFileSync(join(out, "compare.html"), "utf8")).toContain("tiny-prune");

    const model = join(out, "tiny-rigl", "seed-3", "model.safetensors");
    const before = statSync(model).mtimeMs;
    const again = await compare(out, "--seeds", "3,5");
    expect([again.code, again.stdout]).toEqual([0, stdout]);
    expect(again.stderr.match(/finished before/g)).toHaveLength(4);
    expect(statSync(model).mtimeMs).toBe(before);
  });

  it("goes on after a stop, and has the figures of a comparison that was never stopped", async () => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "stopped")];
    const args = ["--seeds", "0", "--epochs", "15"];
    const { stdout } = await compare(whole, ...args);
    let sent = false;
    const stopped = await runCli(
      ["compare", rigl, prune, "--data-dir", data, "--out", out, "--threads", "1", ...args],
      {
        onOutput(text, kill) {
          // The first run is done: the second is under way, or about to be.
          if (sent || !text.includes("1/2")) return;
          sent = true;
          kill("SIGINT");
        },
      },
    );
    expect([stopped.code, stopped.stdout]).toEqual([130, ""]);
    expect(stopped.stderr).toContain("the same command goes on");
    expect(existsSync(join(out, "compare.json"))).toBe(false);
    const resumed = await compare(out, ...args);
    expect(resumed.code).toBe(0);
    const figures = (folder: string) =>
      (json(join(folder, "compare.json")) as Comparison).rows.map((row) => ({
        ...row,
        seconds: 0,
      }));
    expect(figures(out)).toEqual(figures(whole));
    expect(lines(stdout).length).toBe(lines(resumed.stdout).length);
  });

  it("goes on where a kill left a folder with nothing in it, or a result half written", async () => {
    const out = join(temporaryFolder(), "compare");
    await compare(out, "--seeds", "0");
    const [first, second] = ["tiny-rigl", "tiny-prune"].map((name) => join(out, name, "seed-0"));
    const before = json(join(out, "compare.json")) as Comparison;
    rmSync(first, { recursive: true });
    mkdirSync(first);
    writeFileSync(join(second, "result.json"), "{");
    const { code } = await compare(out, "--seeds", "0");
    expect(code).toBe(0);
    const after = json(join(out, "compare.json")) as Comparison;
    expect(after.rows.map(({ testAccuracy }) => testAccuracy)).toEqual(
      before.rows.map((row) => row.testAccuracy),
    );
  });
});

describe("bregman compare told wrong", () => {
  const other = join(temporaryFolder(), "other.json");
  copyFileSync(rigl, other);

  it.each([
    [["compare"], "missing required argument 'recipes'"],
    [["compare", "mnist-quik"], `there is no recipe "mnist-quik" (did you mean "mnist-quick"?)`],
    [["compare", rigl, other], "compare: expected every recipe once, found tiny-rigl twice"],
    [["compare", rigl, "--seeds", "1,1"], "compare: expected every seed once, found 1 twice"],
    [
      ["compare", rigl, "--seeds", "1,"],
      `--seeds must be integers from 0 to 4294967295 with commas between them, found "1,"`,
    ],
    [["compare", rigl, "--seeds", "-1"], `--seeds must be integers from 0 to 4294967295`],
    [["compare", rigl, "--epochs", "0"], `--epochs must be an integer of at least 1, found "0"`],
    [["compare", rigl, "--out", ""], `--out must be a folder, found ""`],
  ])("%j: one line, exit code 1, nothing left", async (args, message) => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect(stderr).toContain(message);
    expect([code, stdout, lines(stderr).length]).toEqual([1, "", 1]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("refuses a folder with runs of another setting before anything runs", async () => {
    const out = join(temporaryFolder(), "compare");
    await compare(out, "--seeds", "0");
    const { code, stderr } = await compare(out, "--epochs", "3", "--seeds", "1,0");
    expect(code).toBe(1);
    expect(lines(stderr)).toEqual([
      `bregman: compare: ${join(out, "tiny-rigl", "seed-0")} holds a run of another recipe; what differs: epochs; name another folder with --out`,
    ]);
    expect(readdirSync(join(out, "tiny-rigl"))).toEqual(["seed-0"]);
  });

  it("refuses a folder with runs of a recipe that has lost a key since", async () => {
    const out = join(temporaryFolder(), "compare");
    const path = (changes: object) => tinyRecipe({ name: "tiny-clip", epochs: 1, ...changes });
    const run = (recipe: string) =>
      runCli(["compare", recipe, "--data-dir", data, "--out", out, "--seeds", "0"]);
    expect((await run(path({ clip: { norm: 1 } }))).code).toBe(0);
    expect(json(join(out, "tiny-clip", "seed-0", "result.json")).command).toBe(
      "bregman train recipe.json",
    );
    const { code, stderr } = await run(path({}));
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("holds a run of another recipe; what differs: clip;"),
    ]);
  });

  it("refuses a recipe that can't be frozen before anything runs", async () => {
    const out = join(temporaryFolder(), "compare");
    const frozen = tinyRecipe({
      name: "frozen",
      freeze: 3,
      optimizer: { weights: biases, biases },
    });
    const { code, stderr } = await runCli([
      "compare",
      rigl,
      frozen,
      "--data-dir",
      data,
      "--out",
      out,
      "--seeds",
      "0",
    ]);
    expect(code).toBe(1);
    expect(lines(stderr)).toEqual([
      "bregman: frozen: could not freeze anything: expected a regularizer of weights, found none",
    ]);
    expect(existsSync(out)).toBe(false);
  });

  it("names the run that fails, and keeps those that were finished", async () => {
    const out = join(temporaryFolder(), "compare");
    const weights = { kind: "sgd", tau: 1e30 };
    const wild = tinyRecipe({ name: "wild", optimizer: { weights, biases: weights } });
    const { code, stderr } = await runCli([
      "compare",
      rigl,
      wild,
      "--data-dir",
      data,
      "--out",
      out,
      "--seeds",
      "0",
    ]);
    expect(code).toBe(1);
    expect(lines(stderr).at(-1)).toMatch(/^bregman: wild, seed 0: the loss is \S+ at step \d+: /);
    expect(existsSync(join(out, "tiny-rigl", "seed-0", "result.json"))).toBe(true);
  });
});
