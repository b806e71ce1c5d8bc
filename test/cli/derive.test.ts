/**
 * `bregman simplify`, `prune` and `export` on a run: what they print, what they write, what they
 * leave alone.
 */
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "#bregman/export/model-file.js";
import { networkSize } from "#bregman/export/size.js";
import { relativeError } from "../support/problem.js";
import { predict } from "#bregman/predict/predict.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData();
const run = join(temporaryFolder(), "run");
const images = join(temporaryFolder(), "images");
const latent = join(temporaryFolder(), "latent");
const flags = ["--data-dir", data, "--threads", "1"];
const file = (name: string, folder = run) => join(folder, `${name}.safetensors`);

/** The numbers of a row of the table: before and after. */
function row(stdout: string, name: string): number[] {
  const line = stdout.split("\n").find((text) => text.trim().startsWith(name)) ?? "";
  return [...line.slice(line.indexOf(name) + name.length).matchAll(/[\d.,]+/g)].map(([text]) =>
    Number(text.replaceAll(",", "")),
  );
}

beforeAll(async () => {
  const conv = { kind: "conv2d", out: 4, kernel: 5, stride: 2, bias: false };
  const layers = [
    conv,
    { kind: "batchNorm2d" },
    { kind: "relu" },
    { kind: "flatten" },
    { kind: "linear", out: 10 },
  ];
  const image = tinyRecipe({ model: { kind: "layers", input: [1, 28, 28], layers }, epochs: 2 });
  const squeeze = [
    { kind: "linear", out: 20 },
    { kind: "linear", out: 784 },
  ];
  const restoring = tinyRecipe({
    data: { name: "mnist", validation: 50, restore: { noise: 0.05 }, normalize: false },
    model: { kind: "layers", input: [784], layers: squeeze },
    loss: "meanSquaredError",
    epochs: 1,
  });
  const recipes = [
    [tinyRecipe(), run],
    [image, images],
    [restoring, latent],
  ];
  for (const [recipe, out] of recipes) {
    const { code, stderr } = await runCli(["train", recipe, "--out", out, ...flags]);
    expect(`${code} ${code ? stderr : ""}`).toBe("0 ");
  }
}, 120_000);

describe("bregman simplify", { timeout: 60_000 }, () => {
  it("writes a smaller network that computes the same, and leaves the original alone", async () => {
    const before = readFileSync(file("model"));
    const { code, stdout, stderr } = await runCli(["simplify", run, ...flags]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(file("model-simplified"));
    expect(readFileSync(file("model"))).toEqual(before);
    const [network, small] = [loadModel(file("model")), loadModel(file("model-simplified"))];
    expect(row(stdout, "weights")).toEqual([network, small].map((n) => networkSize(n).weights));
    expect(row(stdout, "test accuracy")[1]).toBe(row(stdout, "test accuracy")[0]);
    const pixels = Uint8Array.from({ length: 784 * 5 }, (_, k) => (k * 37) % 256);
    expect(
      relativeError(await predict(small, pixels), await predict(network, pixels)),
    ).toBeLessThan(1e-5);
  });

  it("folds batch norm", async () => {
    const { stdout } = await runCli(["simplify", images, ...flags]);
    expect(row(stdout, "test accuracy")[1]).toBe(row(stdout, "test accuracy")[0]);
    const kinds = loadModel(file("model-simplified", images)).model.nodes.map(
      ({ layer }) => layer.kind,
    );
    expect(kinds).toEqual(["conv2d", "relu", "flatten", "linear"]);
  });

  it("cuts the latent space of an autoencoder, and tells its loss", async () => {
    const { code, stdout } = await runCli(["simplify", latent, "--pod", "0.5", ...flags]);
    expect(code).toBe(0);
    expect(row(stdout, "test loss")).toHaveLength(2);
    expect(loadModel(file("model-simplified-pod0.5", latent)).model.nodes[0].shape[0]).toBeLessThan(
      20,
    );
  });
});

describe("bregman prune", { timeout: 60_000 }, () => {
  it("writes a network of the density that was asked for; simplify goes on from there", async () => {
    const { code, stdout, stderr } = await runCli(["prune", run, "--density", "0.01", ...flags]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(row(stdout, "density")[1]).toBe(1);
    expect(row(stdout, "validation accuracy")).toHaveLength(2);
    const pruned = file("model-pruned-d0.01");
    const { nonZeros, weights } = networkSize(loadModel(pruned));
    expect(nonZeros).toBe(Math.round(0.01 * weights));
    const again = await runCli(["simplify", pruned, ...flags]);
    expect(again.stdout).toContain(file("model-pruned-d0.01-simplified"));
    expect(row(again.stdout, "weights")[1]).toBeLessThan(weights);
  });

  it("by a threshold, whole kernels, with new batch-norm statistics", async () => {
    const args = ["prune", images, "--threshold", "0.05", "--groups", "kernels", "--bn", ...flags];
    const { code, stderr } = await runCli(args);
    expect([code, stderr]).toEqual([0, ""]);
    const name = "model-pruned-t0.05-kernels-bn";
    const [before, after] = [loadModel(file("model", images)), loadModel(file(name, images))];
    expect(after.buffers).not.toEqual(before.buffers);
    expect(networkSize(after).nonZeros).toBeLessThan(networkSize(before).nonZeros);
  });
});

describe("what can't be done is one line", { timeout: 60_000 }, () => {
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli([...args, ...flags]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^bregman: [^\n]+\n$/);
    return stderr;
  };

  it("no such run, no run, no network", async () => {
    const nowhere = join(temporaryFolder(), "nowhere");
    expect(await said("simplify", nowhere)).toContain(
      `cannot read a run from ${nowhere}: there is no such folder`,
    );
    expect(await said("prune", temporaryFolder(), "--density", "0.1")).toContain(
      "it has no recipe.json",
    );
    const begun = join(temporaryFolder(), "begun");
    await runCli(["train", tinyRecipe(), "--out", begun, "--epochs", "1", ...flags]);
    rmSync(file("model", begun));
    expect(await said("simplify", begun)).toContain(
      "it has no model.safetensors; the run has not come to its end",
    );
  });

  it.each([
    [["prune", run], "prune needs either --density or --threshold, found neither"],
    [
      ["prune", run, "--density", "0.1", "--threshold", "1"],
      "prune needs either --density or --threshold, found both",
    ],
    [
      ["prune", run, "--density", "1.5"],
      '--density must be a number above 0 and at most 1, found "1.5"',
    ],
    [
      ["prune", run, "--density", "few"],
      '--density must be a number above 0 and at most 1, found "few"',
    ],
    [["prune", run, "--threshold", "-1"], '--threshold must be a number above 0, found "-1"'],
    [["prune", run, "--density", "0.1", "--groups", "rows"], "--groups must be entries or kernels"],
    [["prune", run, "--density", "0.1", "--bn"], "the network has no batch norm"],
    [
      ["simplify", run, "--pod", "2"],
      '--pod must be a number of at least 0 and below 1, found "2"',
    ],
    [["simplify", run, "--pod"], "latentPod: expected exactly one linear layer"],
    [["simplify", join(run, "metrics.jsonl")], "metrics.jsonl: not safetensors"],
  ])("%j", async (args, message) => {
    expect(await said(...args)).toContain(message);
    expect(existsSync(file("model-pruned-d0.1"))).toBe(false);
  });
});

describe("bregman export", { timeout: 60_000 }, () => {
  it.each([
    ["onnx", "model.onnx"],
    ["onnx-sparse", "model-sparse.onnx"],
    ["sparse", "model-sparse.safetensors"],
    ["c", "model.c"],
  ])("%s writes %s", async (format, name) => {
    const { code, stdout, stderr } = await runCli(["export", run, "--format", format]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(join(run, name));
    expect(statSync(join(run, name)).size).toBeGreaterThan(1000);
  });

  it("writes what computes the same", async () => {
    const pixels = Uint8Array.from({ length: 784 * 2 }, (_, k) => (k * 37) % 256);
    await runCli(["export", file("model"), "--format", "sparse"]);
    expect(await predict(loadModel(file("model-sparse")), pixels)).toEqual(
      await predict(loadModel(file("model")), pixels),
    );
    expect(statSync(file("model-sparse")).size).toBeLessThan(statSync(file("model")).size);
  });

  it("writes C by the name and of the weights that were asked for", async () => {
    const args = ["export", run, "--format", "c", "--name", "digit", "--values", "int8"];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    expect(stdout).toContain(join(run, "model-int8.c"));
    const text = readFileSync(join(run, "model-int8.c"), "utf8");
    expect(text).toMatch(/^ \* recipe: .+\n \* seed: \d+$/m);
    expect(text).toMatch(/^void digit\(const float \*in, float \*out\) \{$/m);
    expect(text).toMatch(/^static const int8_t digit_/m);
  });

  it.each([
    [["export", run], "required option '--format <format>' not specified"],
    [
      ["export", run, "--format", "tflite"],
      '--format must be onnx or onnx-sparse or sparse or c or tensorboard, found "tflite"',
    ],
    [
      ["export", run, "--format", "c", "--name", "2"],
      '--name: expected a name that a function in C can have: letters, digits and "_", a letter ' +
        'first, no word of C or C++ and no function of math.h; found "2"',
    ],
    [
      ["export", run, "--format", "onnx", "--values", "int8"],
      "--values int8 is for --format sparse and c, found --format onnx",
    ],
    [
      ["export", "nowhere", "--format", "onnx"],
      "cannot read a network from nowhere: there is no such run folder or file",
    ],
  ])("%j fails in one line", async (args, message) => {
    expect(await runCli(args)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `bregman: ${message}\n`,
    });
  });
});
