/**
 * From the entries of a recipe to the objects they stand for. A new optimizer or model in the
 * schema needs a case here; tsc insists. Regularizers, schedules and layers bring theirs along
 * (entries.ts).
 */
import {
  adaBreg,
  adam,
  lassoSgd,
  linBreg,
  magnitudePruning,
  type Optimizer,
  proxSgd,
  rigL,
  type Schedule,
  sgd,
  sparseEvolution,
} from "../optim/index.js";
import { loadOnnx } from "../export/onnx/onnx-file.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import { convNet } from "../models/convnet.js";
import { denseNet } from "../models/densenet.js";
import { mlp } from "../models/mlp.js";
import { resNet18 } from "../models/resnet18.js";
import { skipAutoencoder } from "../models/skip-autoencoder.js";
import { layerEntries } from "../nn/layers/part-of.js";
import type { Layer } from "../nn/layers/rules.js";
import { sequential, type Model } from "../nn/model.js";
import { modelOfNodes, type ModelJson } from "../nn/model-json.js";
import { at } from "../placed.js";
import { madeBy, regularizerEntries, scheduleEntries } from "./entries.js";
import type { ModelEntry, OptimizerEntry, RegularizerEntry, ScheduleEntry } from "./schema.js";

/**
 * The regularizer of an entry.
 *
 * @example
 * buildRegularizer({ kind: "l1", lambda: 0.1 }).lambda; // 0.1
 */
export function buildRegularizer(entry: RegularizerEntry): Regularizer {
  return madeBy(regularizerEntries, entry);
}

/** The optimizer of an entry, regularizer included. */
export function buildOptimizer(entry: OptimizerEntry): Optimizer {
  switch (entry.kind) {
    case "linBreg":
      return linBreg({ ...optionsOf(entry), regularizer: buildRegularizer(entry.regularizer) });
    case "adaBreg":
      return adaBreg({ ...optionsOf(entry), regularizer: buildRegularizer(entry.regularizer) });
    case "sgd":
      return sgd(optionsOf(entry));
    case "adam":
      return adam(optionsOf(entry));
    case "proxSgd":
      return proxSgd({ ...optionsOf(entry), regularizer: buildRegularizer(entry.regularizer) });
    case "lassoSgd":
      return lassoSgd({ ...optionsOf(entry), regularizer: buildRegularizer(entry.regularizer) });
    case "magnitudePruning":
      return magnitudePruning(optionsOf(entry));
    case "sparseEvolution":
      return sparseEvolution(optionsOf(entry));
    case "rigL":
      return rigL(optionsOf(entry));
  }
}

/** The model of an entry. */
export function buildModel(entry: ModelEntry): Model {
  switch (entry.kind) {
    case "mlp":
      return mlp(entry.features, optionsOf(entry, "features"));
    case "convNet":
      return convNet(optionsOf(entry));
    case "resNet18":
      return resNet18(optionsOf(entry));
    case "denseNet":
      return denseNet(optionsOf(entry));
    case "skipAutoencoder":
      return skipAutoencoder(optionsOf(entry));
    case "layers":
      return sequential(
        entry.input,
        entry.layers.map((layer, k) =>
          at(`model.layers.${k}`, () => madeBy<Layer>(layerEntries, layer)),
        ),
      );
    case "onnx":
      return loadOnnx(entry.file).model;
    case "graph":
      return at("model", () => modelOfNodes(entry as ModelJson));
  }
}

/**
 * The learning-rate schedule of an entry.
 *
 * @param epochs - length of the run, which the cosine needs
 */
export function buildSchedule(entry: ScheduleEntry, epochs: number): Schedule {
  return madeBy(scheduleEntries, entry, { epochs });
}

/** The options in an entry: all but its kind, and the keys that are arguments of their own. */
function optionsOf<Entry extends { readonly kind: string }, Key extends keyof Entry = never>(
  entry: Entry,
  ...apart: readonly Key[]
): Omit<Entry, "kind" | Key> {
  const names: readonly string[] = ["kind", ...apart.map(String)];
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !names.includes(key))) as Omit<
    Entry,
    "kind" | Key
  >;
}
