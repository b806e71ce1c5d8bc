/**
 * Models as JSON: the list of their nodes. Shapes, parameters and buffers follow from it.
 *
 *     { "input": [784],
 *       "nodes": [{ "name": "linear1", "inputs": [-1], "layer": { "kind": "linear", "out": 20, "bias": true } }, ...] }
 */
import { InputError, ofFile, UnusableFileError } from "../errors.js";
import type { Shape } from "../regularizers/regularizer.js";
import { layerKinds, ruleOf, type Layer } from "./layers/rules.js";
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

/**
 * Builds a model from JSON data.
 *
 * @param where - names the source in errors
 * @throws UnusableFileError if the data are no model, or layers in it can't be or don't fit each
 *   other
 */
export function modelFromJson(data: unknown, where = "model"): Model {
  const { input, nodes } = (data ?? {}) as Partial<ModelJson>;
  if (!Array.isArray(input) || !Array.isArray(nodes)) {
    throw new UnusableFileError(
      `${where}: not a model: expected an object with the lists "input" and "nodes"`,
    );
  }
  return ofFile(
    () => modelOfNodes({ input, nodes }),
    (message) => `${where}: not a model: ${message}`,
  );
}

/**
 * Builds a model from its nodes as JSON has them.
 *
 * @throws InputError for nodes that are none, or don't fit each other
 */
export function modelOfNodes({ input, nodes }: ModelJson): Model {
  return modelOf(input, nodes.map(entryOf));
}

function entryOf(node: Partial<NodeEntry> | null, k: number): NodeEntry {
  const { name, inputs, layer } = node ?? {};
  if (
    typeof name !== "string" ||
    !Array.isArray(inputs) ||
    typeof layer !== "object" ||
    layer === null
  ) {
    throw new InputError(`node ${k}: expected an object with name, inputs and layer`);
  }
  const { kind, ...entry } = layer;
  if (!layerKinds.includes(kind)) {
    throw new InputError(
      `layer "${name}": kind must be one of ${layerKinds.join(", ")}, found "${kind}"`,
    );
  }
  return { name, inputs, layer: ruleOf({ kind }).fromJson(entry as Omit<Layer, "kind">) };
}
