/** From the entries of a recipe to the objects they stand for. A new kind in the schema needs a case here; tsc insists. */
import {
  adaBreg,
  adam,
  constant,
  cosine,
  lassoSgd,
  linBreg,
  type Optimizer,
  plateau,
  proxSgd,
  type Schedule,
  sgd,
  stepDecay,
} from "../optim/index.js";
import { groupLasso, l1, none, nonNegativeL1, type Regularizer, sparseGroupLasso } from "../regularizers/index.js";
import { mlp } from "../models/mlp.js";
import type { Model } from "../nn/model.js";
import type { ModelEntry, OptimizerEntry, RegularizerEntry, ScheduleEntry } from "./schema.js";

/**
 * The regularizer of an entry.
 *
 * @example
 * buildRegularizer({ kind: "l1", lambda: 0.1 }).lambda; // 0.1
 */
export function buildRegularizer(entry: RegularizerEntry): Regularizer {
  switch (entry.kind) {
    case "none":
      return none();
    case "l1":
      return l1(entry.lambda);
    case "nonNegativeL1":
      return nonNegativeL1(entry.lambda);
    case "groupLasso":
      return groupLasso(entry);
    case "sparseGroupLasso":
      return sparseGroupLasso(entry);
  }
}

/** The optimizer of an entry, regularizer included. */
export function buildOptimizer(entry: OptimizerEntry): Optimizer {
  switch (entry.kind) {
    case "linBreg":
      return linBreg({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
    case "adaBreg":
      return adaBreg({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
    case "sgd":
      return sgd(entry);
    case "adam":
      return adam(entry);
    case "proxSgd":
      return proxSgd({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
    case "lassoSgd":
      return lassoSgd({ ...entry, regularizer: buildRegularizer(entry.regularizer) });
  }
}

/** The model of an entry. */
export function buildModel(entry: ModelEntry): Model {
  return mlp(entry.features, { finalRelu: entry.finalRelu });
}

/**
 * The learning-rate schedule of an entry.
 *
 * @param epochs - length of the run, which the cosine needs
 */
export function buildSchedule(entry: ScheduleEntry, epochs: number): Schedule {
  switch (entry.kind) {
    case "constant":
      return constant();
    case "plateau":
      return plateau(entry);
    case "step":
      return stepDecay(entry);
    case "cosine":
      return cosine({ epochs, warmUp: entry.warmupEpochs, minimum: entry.minFactor });
  }
}
