/**
 * Models as JSON: the list of their nodes. Shapes, parameters and buffers follow from it.
 *
 *     { "input": [784],
 *       "nodes": [{ "name": "linear1", "inputs": [-1], "layer": { "kind": "linear", "out": 20, "bias": true } }, ...] }
 */
import type { Shape } from "../regularizers/regularizer.js";
import { leakyRelu, relu, tanh } from "./layers/activation.js";
import { batchNorm2d } from "./layers/batch-norm2d.js";
import { conv2d } from "./layers/conv2d.js";
import { dropout } from "./layers/dropout.js";
import { add, channels, concat, flatten } from "./layers/join.js";
import { linear } from "./layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "./layers/pool2d.js";
import type { Layer } from "./layers/rules.js";
import { scaledSum } from "./layers/scaled-sum.js";
import type { Model } from "./model.js";
import { modelOf, type NodeEntry } from "./rebuild.js";

/** A model as plain JSON data. */
export interface ModelJson {
  readonly input: Shape;
  readonly nodes: readonly NodeEntry[];
}

/** @example JSON.stringify(modelToJson(mlp([784, 20, 10]))) */
export function modelToJson({ input, nodes }: Model): ModelJson {
  return {
    input,
    nodes: nodes.map(({ name, inputs, layer }) => {
      // The node has the name.
      const { name: _, ...rest } = layer;
      return { name, inputs, layer: rest };
    }),
  };
}

/** Checks and builds a layer of each kind from what a file says. */
const LAYERS: { readonly [Kind in Layer["kind"]]: (entry: Omit<Extract<Layer, { kind: Kind }>, "kind">) => Layer } = {
  linear: ({ out, bias, in: inputs }) => linear(out, { bias, ...(inputs === undefined ? {} : { in: inputs }) }),
  conv2d: ({ out, ...options }) => conv2d(out, options),
  batchNorm2d,
  relu: () => relu(),
  leakyRelu,
  tanh: () => tanh(),
  maxPool2d: ({ size, stride }) => maxPool2d(size, { stride }),
  avgPool2d: ({ size, stride }) => (size === undefined ? globalAvgPool2d() : avgPool2d(size, { stride })),
  flatten: () => flatten(),
  add: () => add(),
  concat: () => concat(),
  channels: ({ from, count }) => channels(from, count),
  scaledSum: () => scaledSum(),
  dropout,
};

/**
 * Builds a model from JSON data.
 *
 * @param where - names the source in errors
 * @throws SyntaxError if the data are no model, or layers in it can't be or don't fit each other
 */
export function modelFromJson(data: unknown, where = "model"): Model {
  const { input, nodes } = (data ?? {}) as Partial<ModelJson>;
  if (!Array.isArray(input) || !Array.isArray(nodes)) {
    throw new SyntaxError(`${where}: not a model: expected an object with the lists "input" and "nodes"`);
  }
  try {
    return modelOf(input, nodes.map(entryOf));
  } catch (error) {
    throw new SyntaxError(`${where}: not a model: ${(error as Error).message}`, { cause: error });
  }
}

function entryOf(node: Partial<NodeEntry> | null, k: number): NodeEntry {
  const { name, inputs, layer } = node ?? {};
  if (typeof name !== "string" || !Array.isArray(inputs) || typeof layer !== "object" || layer === null) {
    throw new TypeError(`node ${k}: expected an object with name, inputs and layer`);
  }
  const { kind, ...entry } = layer;
  if (!Object.hasOwn(LAYERS, kind)) {
    throw new RangeError(`layer "${name}": kind must be one of ${Object.keys(LAYERS).join(", ")}, found "${kind}"`);
  }
  return { name, inputs, layer: (LAYERS[kind] as (entry: object) => Layer)(entry) };
}
