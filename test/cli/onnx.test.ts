/** Networks that arrive as ONNX files: trained on, made sparse, asked, written in other forms. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { loadModel } from "#bregman/export/model-file.js";
import { saveOnnx } from "#bregman/export/onnx/onnx-file.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData();
const root = temporaryFolder();
const onnx = join(root, "net.onnx");
const flags = ["--data-dir", data, "--threads", "1"];
const adam = { kind: "adam", tau: 0.003 };
const dense = { init: {}, optimizer: { weights: adam, biases: adam } };
/** What the last command said beside its output. */
let notes = "";
const ran = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCli(args, { cwd: root });
  expect(`${code} ${code ? stderr : ""}`).toBe("0 ");
  notes = stderr;
  return stdout;
};
interface Line {
  readonly density: number;
  readonly validAccuracy: number;
}
const json = (...path: string[]) =>
  JSON.parse(readFileSync(join(root, ...path), "utf8")) as Record<string, unknown>;
const epochsOf = (run: string) => json(run, "result.json").epochs as Line[];

beforeAll(async () => {
  await ran("train", tinyRecipe({ ...dense, epochs: 8 }), "--out", "dense", ...flags);
  saveOnnx(onnx, loadModel(join(root, "dense/model.safetensors")));
}, 60_000);

it("is the model of a recipe: the run begins as it answers, and goes on without the file", async () => {
  const copy = join(root, "copy.onnx");
  writeFileSync(copy, readFileSync(onnx));
  const model = { kind: "onnx", file: copy };
  const recipe = tinyRecipe({ ...dense, model, epochs: 1 });
  await ran("train", recipe, "--out", "more", ...flags);
  expect(epochsOf("more")[0].validAccuracy).toBe(epochsOf("dense").at(-1)!.validAccuracy);
  expect(json("more", "recipe.json").model).toMatchObject({ kind: "graph", input: [784] });
  rmSync(copy);
  await ran("predict", "more", join(data, "t10k-images-idx3-ubyte"), "--csv");
}, 60_000);

it("is what a model of ours starts from, whatever its layers are called", async () => {
  const renamed = {
    kind: "graph",
    input: [784],
    nodes: [
      { name: "first", inputs: [-1], layer: { kind: "linear", out: 20, bias: true } },
      { name: "relu", inputs: [0], layer: { kind: "relu" } },
      { name: "head", inputs: [1], layer: { kind: "linear", out: 10, bias: true } },
    ],
  };
  const recipe = tinyRecipe({ ...dense, model: renamed, start: onnx, epochs: 1 });
  await ran("train", recipe, "--out", "renamed", ...flags);
  expect(notes).toMatch(/start: linear1\.weight \[20, 784\] +is first\.weight/);
  expect(epochsOf("renamed")[0].validAccuracy).toBe(epochsOf("dense").at(-1)!.validAccuracy);
}, 60_000);

it("is made sparse, asked, and written in other forms", async () => {
  const sparsified = ["sparsify", onnx, "--density", "0.2", "--data", "mnist", "--epochs", "3"];
  await ran(...sparsified, "--out", "sparse", ...flags);
  expect(epochsOf("sparse")[0].density).toBe(1);
  expect(epochsOf("sparse").at(-1)!.density).toBeLessThan(0.3);
  const images = join(data, "t10k-images-idx3-ubyte");
  // Of a network without a recipe it is not known that its outputs are classes.
  const [outputs, told] = await Promise.all([
    ran("predict", onnx, images, "--csv"),
    ran("predict", "dense", images, "--json"),
  ]);
  const rows = outputs.trim().split("\n").slice(1);
  const largest = rows.map((row) => {
    const numbers = row.split(",").slice(-10).map(Number);
    return numbers.indexOf(Math.max(...numbers));
  });
  const classes = JSON.parse(told) as { class: number }[];
  expect(largest).toEqual(classes.map((one) => one.class));
  await ran("export", onnx, "--format", "sparse");
  expect(loadModel(join(root, "net-sparse.safetensors")).model.input).toEqual([784]);
}, 60_000);

it("an operator that we lack is one line with its node", async () => {
  const fixture = readFileSync(join(import.meta.dirname, "../fixtures/onnx/mlp-script.onnx"));
  const at = fixture.indexOf("\u0004Relu") + 1;
  writeFileSync(join(root, "lacking.onnx"), Buffer.from(fixture).fill("Selu", at, at + 4));
  const { code, stderr } = await runCli(["predict", "lacking.onnx", "x.csv"], { cwd: root });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^[^\n]*lacking\.onnx: node "[^"]+" \(Selu\): we have no such layer\n$/);
});
