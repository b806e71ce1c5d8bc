/**
 * The recipe that makes a trained network sparse: AdaBreg from its weights, with lambda moved so
 * that the density falls to a target, and then stays.
 *
 *     epochs       0 ......... 0.3 n ............................... n
 *     density      falls geometrically | at the target, and lambda settles
 *     tau          a cosine from TAU to 0 over the whole run
 *
 * lambda begins at the mean size of a weight: v = theta / delta + lambda sign(theta), and where
 * lambda begins makes no difference to theta. How it moves: see optim/density-control.ts.
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { InputError } from "../errors.js";
import { decodeSafetensors } from "../export/safetensors-format.js";
import { isOnnx } from "../export/onnx/onnx-file.js";
import { isOwn } from "../export/model-format.js";
import { networkOf } from "../export/state-dict/state-dict.js";
import { datasetNames, type DatasetName } from "../data/names.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { modelToJson } from "../nn/model-json.js";
import type { Network } from "../nn/network.js";
import { eachNonZero } from "../nn/packed-values.js";
import { readBytes } from "../read-file.js";
import { isWeightRole } from "../runtime/parameter.js";
import { buildModel } from "../recipes/build.js";
import { checkRecipe, loadRecipe } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";
import { networkName, openNetwork } from "./saved-run.js";

export interface SparsifyOptions {
  /** Share of the weights that are left, in (0, 1). */
  readonly density: number;
  /**
   * Data to train with: the name of a set, or a recipe whose `data` they are. Default: those of the
   * network's run.
   */
  readonly data?: string | undefined;
  /** Default 10. */
  readonly epochs?: number | undefined;
  /** Learning rate of AdaBreg; default 0.003. */
  readonly tau?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

const OPTIONS: OptionKeys<SparsifyOptions> = { density: 1, data: 1, epochs: 1, tau: 1, seed: 1 };
const DEFAULTS = { epochs: 10, tau: 0.003, seed: 0 };
/** Share of the run in which the density falls. */
const RAMP = 0.3;

/**
 * The recipe that makes a network sparse, its paths from the working folder: what `bregman
 * sparsify` runs.
 *
 * @param path - a run folder, a network in a file, also of ONNX, or a state dict; then `data` is a
 *   recipe of its model
 * @throws UnusableFileError if there is no network; InputError if it is not known what to train it
 *   with, or for a density that can't be
 * @example
 * const recipe = sparsifyRecipe("runs/dense", { density: 0.05 });
 * await runRecipe(recipe, { out: "runs/sparse", command: "" });
 */
export function sparsifyRecipe(path: string, options: SparsifyOptions): Recipe {
  const { density, data } = knownOptions("sparsifyRecipe", options, OPTIONS);
  if (!(density > 0 && density < 1))
    throw new InputError(`sparsifyRecipe: density must be in (0, 1), found ${density}`);
  const { epochs, tau, seed } = { ...DEFAULTS, ...definedOf(options) };
  const isName = data !== undefined && (datasetNames as readonly string[]).includes(data);
  const other = data === undefined || isName ? undefined : loadRecipe(data);
  const { file, network, recipe: own } = opened(path, other);
  const model = other ?? own;
  const from = other?.data ?? (isName ? { name: data as DatasetName } : own?.data);
  if (!from) {
    throw new InputError(
      `sparsify: no run is known of ${path}: --data must say what to train it with, the name of a ` +
        `set (${datasetNames.join(", ")}) or a recipe`,
    );
  }
  const isModel = model && sameGraph(network, model);
  const adam = { kind: "adam", tau } as const;
  const lambda = Number(meanSize(network).toPrecision(2));
  const recipe = {
    name: nameOf(own?.name ?? networkName(file), density),
    description: `${own?.name ?? basename(file)} made sparse, to a density of ${density}.`,
    data: from,
    model: isModel ? model.model : { kind: "graph", ...modelToJson(network.model) },
    ...kept(own ?? other),
    start: file,
    optimizer: {
      weights: { kind: "adaBreg", tau, regularizer: { kind: "l1", lambda } },
      biases: adam,
    },
    targetDensity: { targets: { net: density }, ramp: RAMP },
    schedule: { kind: "cosine" },
    epochs,
    seed,
  };
  return checkRecipe(recipe, "sparsify");
}

function definedOf({ epochs, tau, seed }: SparsifyOptions): Partial<typeof DEFAULTS> {
  return Object.fromEntries(
    Object.entries({ epochs, tau, seed }).filter(([, value]) => value !== undefined),
  );
}

interface Opened {
  readonly file: string;
  readonly network: Network;
  readonly recipe?: Recipe;
}

/** The network of a path, of which another recipe may have the model. */
function opened(path: string, other: Recipe | undefined): Opened {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
  if (!isFile || isOnnx(path)) return openNetwork(path);
  const { tensors, metadata } = decodeSafetensors(readBytes(path), path);
  if (isOwn(metadata)) return openNetwork(path);
  if (!other) {
    throw new InputError(
      `sparsify: ${path} is a state dict: --data must be a recipe, which says its model and data`,
    );
  }
  return { file: path, ...networkOf(tensors, buildModel(other.model), { where: path }) };
}

/** Whether the model of a recipe is that of the network. */
function sameGraph({ model }: Network, recipe: Recipe): boolean {
  const text = JSON.stringify(modelToJson(model));
  return JSON.stringify(modelToJson(buildModel(recipe.model))) === text;
}

/** What of the run that made the network is so in this one. */
function kept(recipe: Recipe | undefined): Partial<Recipe> {
  if (!recipe) return {};
  const { loss, labelSmoothing, batchSize, microBatches, recompute, precision, shuffle } = recipe;
  const all = { loss, labelSmoothing, batchSize, microBatches, recompute, precision, shuffle };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The mean size of the weights that are not zero; above 0. */
function meanSize({ model, parameters }: Network): number {
  let [sum, count] = [0, 0];
  for (const { name, parameters: specs } of model.nodes) {
    for (const spec of specs.filter(({ role }) => isWeightRole(role))) {
      eachNonZero(parameters.get(`${name}.${spec.name}`)!, (w) => {
        sum += Math.abs(w);
        count++;
      });
    }
  }
  if (count === 0) throw new InputError("sparsify: the network has no weight that is not zero");
  return sum / count;
}

function nameOf(name: string, density: number): string {
  const plain = name.replace(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "network";
  return `${plain}-d${density}`;
}
