/**
 * From a dense network to a density: `bregman sparsify` beside gradual magnitude pruning, from the
 * same weights, with as many epochs, the same batches, learning rate and schedule, and to the same
 * density. Test accuracies. What sparsify does by default was chosen by the validation accuracy of
 * the MLP's seed 0, and so were learning rate, spread and end of the cuts of magnitude pruning.
 *
 *     node sparsify.mjs --data-dir FOLDER [--network mlp|convnet|resnet18] [--seeds 3]
 *                       [--epochs 10] [--densities 0.1,0.05,0.02] [--dense-epochs 10]
 *                       [--out FILE] [--folder F] [--threads 1]
 *
 * It goes on with what is in FILE, and with the dense networks that are in the folder F.
 *
 * The dense network: Adam, tau 0.001, a cosine. Magnitude pruning: Adam on the mask, tau 0.003 and
 * a cosine as in sparsify; the cuts by the cubic law over the first half of the run, the density
 * spread over the layers as Erdos-Renyi graphs have it, which does better than uniformly.
 *
 * That of ResNet-18 is a state dict of PyTorch, F/dense-SEED.safetensors, from
 * peers/torch_resnet18.py. Data, augmentation and smoothed labels are those of the recipe
 * cifar10-resnet18-dense; tau is 0.001. In sparsify nine steps of ten are frozen, and the density
 * falls in the first 15 % of the steps; magnitude pruning cuts in the first 25 %. For such a
 * network a dense step costs five of those that come later.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { loadCifar10, loadFashionMnist, loadMnist } from "../dist/data/index.js";
import { loadModel, loadStateDict, saveModel } from "../dist/export/index.js";
import { convNet, mlp, resNet18 } from "../dist/nn/index.js";
import { adam, cosine, magnitudePruning } from "../dist/optim/index.js";
import { evaluate, fit, fitOptionsOf, sparsifyRecipe } from "../dist/train/index.js";
import { commit, machine, writeResult } from "./lib/result.mjs";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    network: { type: "string", default: "mlp" },
    seeds: { type: "string", default: "3" },
    epochs: { type: "string", default: "10" },
    "dense-epochs": { type: "string", default: "10" },
    densities: { type: "string", default: "0.1,0.05,0.02" },
    out: { type: "string" },
    folder: { type: "string" },
    threads: { type: "string", default: "1" },
  },
});
const [epochs, denseEpochs] = [Number(values.epochs), Number(values["dense-epochs"])];
const dataDir = values["data-dir"];
const USUAL = { tau: 0.003, more: {}, ramp: 0.3, cuts: 0.5 };
const NETWORKS = {
  mlp: {
    ...USUAL,
    what: "MLP on MNIST",
    model: mlp([784, 200, 80, 10]),
    load: loadMnist,
    // What `sparsify --data` is given.
    from: "mnist",
    name: "sparsify",
  },
  convnet: {
    ...USUAL,
    what: "ConvNet on Fashion-MNIST",
    model: convNet(),
    load: loadFashionMnist,
    from: "fashion-mnist",
    name: "sparsify-convnet",
  },
  resnet18: {
    what: "ResNet-18 on CIFAR-10",
    model: resNet18(),
    load: loadCifar10,
    from: "cifar10-resnet18-dense",
    name: "sparsify-resnet18",
    tau: 0.001,
    more: { freeze: 9 },
    ramp: 0.15,
    cuts: 0.25,
  },
};
const isResNet = values.network === "resnet18";
const { what, model, load, from, name, tau, more, ramp, cuts } =
  NETWORKS[/** @type {keyof typeof NETWORKS} */ (values.network)];
const data = load({ dataDir });
const out = values.out ?? fileURLToPath(new URL(`../results/bench/${name}.json`, import.meta.url));
const began = { commit: commit(), machine: machine() };
const folder = values.folder ?? mkdtempSync(join(tmpdir(), "bregman-sparsify-"));
mkdirSync(folder, { recursive: true });
const common = { threads: Number(values.threads), onWarning: () => {} };

const round = (/** @type {number} */ value) => Number(value.toFixed(6));
const mean = (/** @type {readonly number[]} */ list) =>
  round(list.reduce((sum, value) => sum + value, 0) / list.length);

/** @type {Map<number, { ours: number[], other: number[], dense: number[], density: number[] }>} */
const found = new Map(
  values.densities
    .split(",")
    .map((text) => [Number(text), { ours: [], other: [], dense: [], density: [] }]),
);
const titleOf = (/** @type {number} */ target) =>
  `${what}, ${100 * target} %, against magnitude pruning`;
if (existsSync(out)) {
  const before = JSON.parse(readFileSync(out, "utf8"));
  if (before.epochs !== epochs || before.denseEpochs !== denseEpochs)
    throw new Error(`${out} is of ${before.denseEpochs} and ${before.epochs} epochs`);
  for (const [target, lists] of found) {
    const row = before.rows.find((/** @type {any} */ { what: one }) => one === titleOf(target));
    if (row) Object.assign(lists, row.samples);
  }
}

/** The dense network of a seed, as it was trained before or is now. */
async function denseOf(/** @type {number} */ seed) {
  const file = join(folder, `dense-${seed}.safetensors`);
  if (!existsSync(file) && isResNet)
    throw new Error(`${file} is missing: peers/torch_resnet18.py trains it`);
  if (!existsSync(file)) {
    const all = adam({ tau: 0.001 });
    const dense = await fit(model, data, {
      ...common,
      seed,
      epochs: denseEpochs,
      schedule: cosine({ epochs: denseEpochs }),
      optimizer: { weights: all, biases: all },
    });
    saveModel(file, { model, ...dense });
  }
  const network = isResNet ? loadStateDict(file, model).network : loadModel(file);
  const [{ testAccuracy }] = await evaluate([network], data, { threads: common.threads });
  console.log(`seed ${seed}: dense ${testAccuracy}`);
  return { file, network, accuracy: /** @type {number} */ (testAccuracy) };
}

for (let seed = 0; seed < Number(values.seeds); seed++) {
  const left = [...found].filter(([, { ours }]) => ours.length <= seed);
  if (left.length === 0) continue;
  const { file, network, accuracy } = await denseOf(seed);
  for (const [density, { ours, other, ...rest }] of left) {
    const recipe = sparsifyRecipe(file, { density, data: from, epochs, seed, tau });
    const targetDensity = { ...recipe.targetDensity, targets: { net: density }, ramp };
    const options = fitOptionsOf({ ...recipe, ...more, targetDensity });
    const { final: mine } = await fit(model, data, { ...options, ...common });
    const weights = magnitudePruning({
      inner: "adam",
      tau,
      // What ours came to, so that neither has more weights.
      density: mine.density,
      spread: "erdosRenyi",
      start: 0,
      end: cuts,
    });
    const { targetDensity: _, freeze: __, ...same } = options;
    const { final: theirs } = await fit(model, data, {
      ...same,
      ...common,
      start: network,
      optimizer: { weights, biases: adam({ tau }) },
    });
    ours.push(/** @type {number} */ (mine.testAccuracy));
    other.push(/** @type {number} */ (theirs.testAccuracy));
    rest.dense.push(accuracy);
    rest.density.push(round(mine.density));
    console.log(
      `seed ${seed}, ${density}: ${mine.testAccuracy} at ${mine.density.toFixed(4)}, ` +
        `magnitude ${theirs.testAccuracy} at ${theirs.density.toFixed(4)}`,
    );
    const rows = [...found].flatMap(([target, one]) =>
      one.ours.length === 0
        ? []
        : [
            {
              what: titleOf(target),
              ours: mean(one.ours),
              other: mean(one.other),
              unit: "test accuracy",
              ratio: round(mean(one.ours) / mean(one.other)),
              dense: mean(one.dense),
              density: mean(one.density),
              samples: one,
            },
          ],
    );
    writeResult(out, { name, ...began, epochs, denseEpochs, rows });
  }
}
