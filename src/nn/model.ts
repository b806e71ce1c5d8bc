/**
 * A model: a graph of layers as plain data, with every shape inferred and checked when it is built.
 *
 * Nodes stand in topological order; node k reads the nodes in its `inputs` (-1 is the model's input).
 */
import type { Shape } from "../regularizers/regularizer.js";
import type { ParameterSpec } from "./layers/layer.js";
import { ruleOf, type Layer } from "./layers/rules.js";

export interface ModelNode {
  /** Unique name: the layer's own, or its kind with a running number ("linear2"). */
  readonly name: string;
  readonly layer: Layer;
  /** Indices of the nodes it reads, -1 for the model's input. */
  readonly inputs: readonly number[];
  /** Shape of one sample's output. */
  readonly shape: Shape;
  readonly parameters: readonly ParameterSpec[];
}

export interface Model {
  /** Shape of one input sample. */
  readonly input: Shape;
  readonly nodes: readonly ModelNode[];
  /** Shape of one output sample. */
  readonly output: Shape;
}

/**
 * A chain of layers.
 *
 * @param input - shape of one sample, e.g. `[784]`
 * @throws TypeError if a layer cannot take what the layer before gives; the message names both and their shapes
 * @throws TypeError if two layers have the same name
 * @example
 * const model = sequential([784], [linear(200), relu(), linear(80), relu(), linear(10)]);
 */
export function sequential(input: Shape, layers: readonly Layer[]): Model {
  if (layers.length === 0) throw new TypeError("sequential: a model needs at least one layer, found none");
  if (!input.length || input.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new TypeError(`sequential: the input shape must be positive integers, found [${input.join(", ")}]`);
  }
  const nodes: ModelNode[] = [];
  const seen = new Map<string, number>();
  let shape = input;
  for (const layer of layers) {
    const count = (seen.get(layer.kind) ?? 0) + 1;
    seen.set(layer.kind, count);
    const name = layer.name ?? `${layer.kind}${count}`;
    if (nodes.some((node) => node.name === name)) {
      throw new TypeError(`sequential: layer names must differ, found "${name}" twice`);
    }
    const before = nodes.length ? `layer "${nodes.at(-1)!.name}"` : "the model's input";
    const rule = ruleOf(layer);
    let out: Shape;
    try {
      out = rule.outputShape(layer, shape);
    } catch (error) {
      throw new TypeError(
        `layer "${name}" does not fit ${before} of shape [${shape.join(", ")}]: ${(error as Error).message}`,
      );
    }
    nodes.push({ name, layer, inputs: [nodes.length - 1], shape: out, parameters: rule.parameters(layer, shape) });
    shape = out;
  }
  return { input, nodes, output: shape };
}

/** Shape of one sample of what a node reads. */
export function inputShape(model: Model, node: ModelNode): Shape {
  const [from] = node.inputs;
  return from < 0 ? model.input : model.nodes[from].shape;
}
