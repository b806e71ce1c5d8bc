/** `bregman sparsify`: from a dense network of any origin to a density, in a run folder. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "#bregman/export/model-file.js";
import { writeSafetensors } from "#bregman/export/safetensors.js";
import { networkSize } from "#bregman/export/size.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData();
const root = temporaryFolder();
const dense = join(root, "dense");
const flags = ["--data-dir", data, "--threads", "1"];
const adam = { kind: "adam", tau: 0.01 };
const recipe = tinyRecipe({
  init: {},
  optimizer: { weights: adam, biases: adam },
  labelSmoothing: 0.1,
  epochs: 5,
});
const file = join(dense, "model.safetensors");
const sparsify = (...args: string[]) => runCli(["sparsify", ...args, ...flags], { cwd: root });

interface Result {
  readonly final: { readonly density: number; readonly testAccuracy: number };
  readonly epochs: readonly { readonly density: number; readonly validAccuracy?: number }[];
}
const json = (out: string, name: string) =>
  JSON.parse(readFileSync(join(root, out, name), "utf8")) as Record<string, never>;
const resultOf = (out: string) => json(out, "result.json") as unknown as Result;

beforeAll(async () => {
  const { code, stderr } = await runCli(["train", recipe, "--out", dense, ...flags]);
  expect(`${code} ${code ? stderr : ""}`).toBe("0 ");
}, 60_000);

describe("bregman sparsify", () => {
  it("takes a run: its model, its data, its loss", async () => {
    const { code, stderr } = await sparsify("dense", "--density", "0.05", "--out", "run");
    expect(`${code} ${code ? stderr : ""}`).toBe("0 ");
    const { final, epochs } = resultOf("run");
    expect(epochs[0].density).toBe(1);
    // It begins with what the dense network can do, and ends with it.
    expect(epochs[0].validAccuracy).toBe(resultOf("dense").epochs.at(-1)!.validAccuracy);
    expect(Math.abs(final.density - 0.05)).toBeLessThan(0.005);
    expect(final.testAccuracy).toBeGreaterThanOrEqual(0.99);
    const falls = epochs.slice(0, 4).map(({ density }) => density);
    expect(falls).toEqual(falls.toSorted((a, b) => b - a));
    const written = json("run", "recipe.json");
    // The folder that holds both can be moved.
    expect(written.start).toBe("../dense/model.safetensors");
    const { name, model, labelSmoothing, batchSize } = json("dense", "recipe.json");
    expect(written).toMatchObject({ name: `${name}-d0.05`, model, labelSmoothing, batchSize });
    const { model: graph, ...network } = loadModel(join(root, "run", "model.safetensors"));
    const { weights, nonZeros } = networkSize({ model: graph, ...network });
    expect(nonZeros / weights).toBeCloseTo(final.density, 10);
  }, 60_000);

  it("takes a file, whose graph the recipe then has, and resumes when it is gone", async () => {
    const copy = join(root, "copy.safetensors");
    writeFileSync(copy, readFileSync(file));
    const out = ["--out", "file", "--epochs", "2", "--seed", "3", "--tau", "0.01"];
    const { code, stderr } = await sparsify(copy, "--density", "0.3", "--data", "mnist", ...out);
    expect(`${code} ${code ? stderr : ""}`).toBe("0 ");
    const written = json("file", "recipe.json") as Record<string, unknown>;
    expect(written).toMatchObject({ name: "copy-d0.3", seed: 3, epochs: 2 });
    expect(written.model).toMatchObject({ kind: "graph", input: [784] });
    expect(written.start).toBe(copy);
    expect(resultOf("file").epochs[0].density).toBe(1);
    writeFileSync(copy, "");
    const again = await runCli(["train", join(root, "file", "recipe.json"), ...flags]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^bregman: [^\n]*\n$/) });
  }, 60_000);

  it("takes a state dict, and a recipe that has its model", async () => {
    const { parameters } = loadModel(file);
    const dict = join(root, "torch.safetensors");
    const module = { linear1: "0", linear2: "2" } as Record<string, string>;
    writeSafetensors(
      dict,
      new Map(
        [...parameters].map(([name, values]) => [name.replace(/^\w+/, (l) => module[l]), values]),
      ),
    );
    const out = ["--out", "torch", "--epochs", "2", "--json"];
    const { code, stdout, stderr } = await sparsify(
      dict,
      "--density",
      "0.2",
      "--data",
      recipe,
      ...out,
    );
    expect(`${code} ${code ? stderr : ""}`).toBe("0 ");
    expect(stdout).toContain("start: 2.weight [10, 20]   is linear2.weight");
    expect(resultOf("torch").epochs[0].validAccuracy).toBe(
      resultOf("dense").epochs.at(-1)!.validAccuracy,
    );
    const bare = await sparsify(dict, "--density", "0.2", "--data", "mnist", "--out", "none");
    expect(bare).toMatchObject({
      code: 1,
      stderr: `bregman: sparsify: ${dict} is a state dict: --data must be a recipe, which says its model and data\n`,
    });
  }, 60_000);

  it.each([
    [[dense], "required option '--density <d>' not specified"],
    [[dense, "--density", "1"], '--density must be a number above 0 and below 1, found "1"'],
    [["nowhere", "--density", "0.1"], "cannot read a network from nowhere: there is no such run"],
    [[dense, "--density", "0.1", "--data", "mnits"], 'there is no recipe "mnits"'],
    [[dense, "--density", "0.1", "--epochs", "0"], "--epochs must be an integer of at least 1"],
  ])("%j is one line, and leaves nothing", async (args, message) => {
    const { code, stderr } = await sparsify(...args, "--out", "left");
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(existsSync(join(root, "left"))).toBe(false);
  });

  it("a file without a run must be told its data", async () => {
    const alone = join(root, "alone.safetensors");
    writeFileSync(alone, readFileSync(file));
    const { code, stderr } = await sparsify(alone, "--density", "0.1");
    expect(code).toBe(1);
    expect(stderr).toBe(
      `bregman: sparsify: no run is known of ${alone}: --data must say what to train it with, ` +
        "the name of a set (mnist, fashion-mnist, cifar10, spoken-digits) or a recipe\n",
    );
  });
});
