/** `bregman find-tau`: the sweep, its picture and its proposal. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { sgd } from "#bregman/optim/sgd.js";
import { findTau } from "#bregman/train/find-tau.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

describe("findTau", () => {
  // The squared error of y = w x with x^2 = 1: steps of tau > 1 lead away from its minimum.
  const inputs = Float32Array.from({ length: 64 }, (_, k) => (k % 2 === 0 ? 1 : -1));
  const line = fromArrays({ shape: [1], train: { inputs, targets: inputs.map((x) => 3 * x) } });
  const optimizer = { weights: sgd({ tau: 0.2 }), biases: sgd({ tau: 0.1 }) };
  const fit = { optimizer, epochs: 1, batchSize: 16, normalize: false, threads: 1 };

  it("raises the rate geometrically, stops where the loss runs away, and proposes less", async () => {
    const { steps, proposal, factor } = await findTau(mlp([1, 1]), line, fit, { from: 1e-3 });
    steps.forEach(({ tau }, k) => expect(tau).toBeCloseTo(1e-3 * 1e4 ** (k / 99), 8));
    expect(steps.length).toBeLessThan(99);
    const last = steps.at(-1)!;
    expect(last.tau).toBeGreaterThan(1);
    const least = Math.min(...steps.map(({ smoothed }) => smoothed));
    const best = steps.find(({ smoothed }) => smoothed === least)!;
    expect(proposal).toBe(Number((best.tau / 10).toPrecision(2)));
    expect(factor).toBeCloseTo(proposal / 0.2, 10);
    expect(proposal).toBeGreaterThan(0.01);
    expect(proposal).toBeLessThan(1);
    let sum = 0;
    steps.forEach(({ loss, smoothed }, k) => {
      sum = 0.9 * sum + 0.1 * loss;
      expect(smoothed).toBeCloseTo(sum / (1 - 0.9 ** (k + 1)), 8);
    });
  });

  it.each([
    [{ steps: 5 }, "steps must be an integer of at least 10, found 5"],
    [{ from: 1, to: 0.1 }, "expected 0 < from < to, found 1 and 0.1"],
    [{ from: 0 }, "expected 0 < from < to, found 0 and 10"],
    [{ step: 3 } as object, "step"],
  ])("%o is one clear error", async (options, message) => {
    const failed = findTau(mlp([1, 1]), line, fit, options);
    await expect(failed).rejects.toThrow(InputError);
    await expect(failed).rejects.toThrow(message);
  });
});

describe("the command", () => {
  const data = tinyData(300);
  it("draws the picture, and says tau for each group", async () => {
    const out = join(temporaryFolder(), "tau.svg");
    const flags = ["--data-dir", data, "--threads", "1", "--steps", "60"];
    const { code, stdout, stderr } = await runCli([
      "find-tau",
      tinyRecipe(),
      "--out",
      out,
      ...flags,
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/The loss was the least, [0-9.]+, at a learning rate of [0-9.e-]+;/);
    const [, weights, biases] = /weights ([0-9.e-]+), biases ([0-9.e-]+)/.exec(stdout)!;
    expect(weights).toBe(biases);
    const svg = readFileSync(out, "utf8");
    expect(svg).toMatch(/^<svg xmlns=/);
    expect(svg).toContain("Loss over the learning rate");
    expect(svg).toContain(`τ ${weights}`);
  });

  it("leaves nothing where the recipe is wrong", async () => {
    const out = join(temporaryFolder(), "tau.svg");
    const { code, stderr } = await runCli(["find-tau", tinyRecipe({ epochs: 0 }), "--out", out]);
    expect(code).toBe(1);
    expect(stderr).toContain("epochs: expected a value more than 0, found 0");
    expect(existsSync(out)).toBe(false);
  });
});
