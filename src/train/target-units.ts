/**
 * Targets in training, and in their units.
 *
 *     z = (y - mean) / std       what a network is trained to come near to
 *     y = std (W x + b) + mean = (std W) x + (std b + mean)
 *
 * What training gives back has the second: its last layer, a linear one with biases, takes the
 * units in. So outputs are in the units of the targets for whoever computes them: `predict`, a
 * predictor, a file of safetensors, ONNX or C. A network that a training starts from has them too,
 * and goes the other way first. Zeros stay zeros.
 */
import type { AnyDataset } from "../data/dataset.js";
import { isRegression, needsTargets, type LossKind } from "../nn/loss.js";
import type { Model } from "../nn/model.js";
import type { TargetFacts, Values } from "../nn/network.js";
import type { Normalization } from "../normalization.js";
import type { Settings } from "./fit-options.js";

type Parameters = ReadonlyMap<string, Values>;

/**
 * Mean and deviation that targets are normalised by in a training; undefined where they stay as
 * they are.
 */
export function targetScale(
  model: Model,
  { targetNormalization }: Pick<AnyDataset, "targetNormalization">,
  loss: LossKind,
): Normalization | undefined {
  return isRegression(loss) && lastLinear(model) ? targetNormalization : undefined;
}

/** A line for targets that should be normalised and can't be. */
export function unitNotes(model: Model, data: AnyDataset, loss: LossKind): string[] {
  if (!data.targetNormalization || !isRegression(loss) || lastLinear(model)) return [];
  return [
    `The targets of "${data.name}" are not normalised: the model does not end in a linear ` +
      "layer with biases, which could give them back in their units.",
  ];
}

/** Parameters of a network with outputs z, for outputs y. */
export function inUnits(
  model: Model,
  parameters: Parameters,
  { mean, std }: Normalization,
): Map<string, Values> {
  return rescaled(model, parameters, {
    weight: (w, row) => w * std[row],
    bias: (b, row) => b * std[row] + mean[row],
  });
}

/** Parameters of a network with outputs y, for outputs z. */
export function outOfUnits(
  model: Model,
  parameters: Parameters,
  { mean, std }: Normalization,
): Map<string, Values> {
  return rescaled(model, parameters, {
    weight: (w, row) => w / std[row],
    bias: (b, row) => (b - mean[row]) / std[row],
  });
}

/** Settings whose start, if one is given, has outputs as they are in training. */
export function startingIn(model: Model, data: AnyDataset, settings: Settings): Settings {
  const { start, loss } = settings;
  const scale = start && targetScale(model, data, loss);
  if (!scale) return settings;
  const { network } = start;
  const parameters = outOfUnits(model, network.parameters, scale);
  return { ...settings, start: { ...start, network: { ...network, parameters } } };
}

/** What the outputs of a network that was trained are, as far as the data say it. */
export function targetFacts(
  { targetNames: names }: Pick<AnyDataset, "targetNames">,
  loss: LossKind,
  scale: Normalization | undefined,
): TargetFacts | undefined {
  if (!needsTargets(loss) || (!names && !scale)) return undefined;
  return { ...(names && { names }), ...(scale && { std: scale.std }) };
}

type Change = (value: number, row: number) => number;

function rescaled(
  model: Model,
  parameters: Parameters,
  changes: { readonly weight: Change; readonly bias: Change },
): Map<string, Values> {
  const all = new Map(parameters);
  const name = lastLinear(model)!;
  for (const [key, change] of Object.entries(changes)) {
    const values = all.get(`${name}.${key}`);
    // What is missing or of another shape is told by those who look for it.
    if (!values) continue;
    const columns = values.data.length / values.shape[0];
    const data = values.data.map((value, k) => change(value, Math.floor(k / columns)));
    all.set(`${name}.${key}`, { shape: values.shape, data });
  }
  return all;
}

/** The name of the layer that the outputs come from, if it is linear and has biases. */
function lastLinear({ nodes }: Model): string | undefined {
  const { name, parameters } = nodes.at(-1)!;
  const roles = parameters.map(({ role }) => role);
  return roles.includes("weight") && roles.includes("bias") ? name : undefined;
}
