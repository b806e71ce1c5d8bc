/**
 * A model: a graph of layers as plain data, with every shape inferred and checked when it is built.
 *
 * Nodes stand in topological order; a node reads the nodes in its `inputs` (-1 is the model's
 * input).
 */
import { InputError } from "../errors.js";
import type { Shape } from "../regularizers/regularizer.js";
import { TILE } from "../runtime/kernel-table.js";
import { MOST_BYTES } from "../runtime/memory.js";
import { type BufferSpec, type ParameterSpec } from "./layers/layer.js";
import { size, withHeight } from "../shape-size.js";
import { ruleOf, type Layer } from "./layers/rules.js";

export interface ModelNode {
  /** Unique name: the layer's own, or its kind with a running number ("linear2"). */
  readonly name: string;
  readonly layer: Layer;
  /** Indices of the nodes it reads, -1 for the model's input. */
  readonly inputs: readonly number[];
  /** Shape of one sample's output: [features] or [channels, height, width]. */
  readonly shape: Shape;
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
}

export interface Model {
  /** Shape of one input sample. */
  readonly input: Shape;
  readonly nodes: readonly ModelNode[];
  /** Shape of one output sample: that of the last node. */
  readonly output: Shape;
}

/** What a node gives, while a graph is being built. */
export interface Value {
  readonly index: number;
  readonly shape: Shape;
}

export interface GraphBuilder {
  /** The model's input. */
  readonly input: Value;
  /**
   * Adds a layer that reads these values, given one by one or as lists.
   *
   * @throws InputError if the layer cannot take them; the message names the layers and their shapes
   */
  apply(layer: Layer, ...inputs: (Value | readonly Value[])[]): Value;
}

/**
 * A model as a graph. The value that `build` returns is the output; it must be that of the last
 * layer added.
 *
 * @param given - shape of one sample: [features], [channels, height, width], or [channels, length],
 * which is [channels, 1, length]
 * @throws InputError if the graph is empty, two layers have one name, a layer cannot take its
 * inputs, or nobody reads what it gives; also if what a layer gives, or the parameters of all
 * layers, would not fit into memory
 * @example
 * const model = graph([3, 32, 32], ({ input, apply }) => {
 *   const x = apply(conv2d(16, { kernel: 3, padding: 1 }), input);
 *   const y = apply(conv2d(16, { kernel: 3, padding: 1 }), apply(relu(), x));
 *   return apply(linear(10), apply(flatten(), apply(globalAvgPool2d(), apply(add(), x, y))));
 * });
 */
export function graph(given: Shape, build: (builder: GraphBuilder) => Value): Model {
  if (![1, 2, 3].includes(given.length) || given.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new InputError(
      "a model's input must be [features], [channels, length] or [channels, height, width] of " +
        `positive integers, found [${given.join(", ")}]`,
    );
  }
  const input = withHeight(given);
  checkRoom(`a model's input of shape [${input.join(", ")}]`, size(input) * TILE);
  let weights = 0;
  const nodes: ModelNode[] = [];
  const seen = new Map<string, number>();
  const names = new Set<string>();
  const apply: GraphBuilder["apply"] = (layer, ...given) => {
    const values = given.flat() as Value[];
    const count = (seen.get(layer.kind) ?? 0) + 1;
    seen.set(layer.kind, count);
    const name = layer.name ?? `${layer.kind}${count}`;
    if (names.has(name)) throw new InputError(`layer names must differ, found "${name}" twice`);
    names.add(name);
    const rule = ruleOf(layer);
    const shapes = values.map((value) => value.shape);
    const sources = values.map(({ index, shape }) => {
      return `${index < 0 ? "the model's input" : `layer "${nodes[index].name}"`} of shape [${shape.join(", ")}]`;
    });
    let shape: Shape;
    try {
      if (values.length === 0 || (rule.inputs !== undefined && values.length !== rule.inputs)) {
        throw new InputError(
          `expected ${rule.inputs ?? "one or more"} inputs, found ${values.length}`,
        );
      }
      shape = rule.outputShape(layer, shapes);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(
        `layer "${name}" does not fit ${sources.join(" and ") || "nothing"}: ${error.message}`,
      );
    }
    const specs = rule.parameters?.(layer, shapes) ?? [];
    const parameters =
      layer.train === false ? specs.map((spec) => ({ ...spec, still: true as const })) : specs;
    checkRoom(`the output [${shape.join(", ")}] of layer "${name}"`, size(shape) * TILE);
    weights += parameters.reduce((sum, parameter) => sum + size(parameter.shape), 0);
    checkRoom(`the parameters of the layers up to "${name}"`, weights);
    nodes.push({
      name,
      layer,
      inputs: values.map(({ index }) => index),
      shape,
      parameters,
      buffers: rule.buffers?.(layer, shapes) ?? [],
    });
    return { index: nodes.length - 1, shape };
  };
  const output = build({ input: { index: -1, shape: input }, apply });
  if (nodes.length === 0) throw new InputError("a model needs at least one layer, found none");
  if (output.index !== nodes.length - 1) {
    throw new InputError(
      `a model's output must be its last layer, "${nodes.at(-1)!.name}"; found ${output.index < 0 ? "its input" : `"${nodes[output.index].name}"`}`,
    );
  }
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const unread = nodes.findIndex((_, k) => k !== output.index && !read.has(k));
  if (unread >= 0) {
    throw new InputError(
      `layer "${nodes[unread].name}" leads nowhere: expected another layer to read it, or it to be the output`,
    );
  }
  return { input, nodes, output: output.shape };
}

/**
 * Who describes a model pays for it only if it can be computed: the shapes of a file of some
 * hundred bytes may ask for anything.
 */
function checkRoom(what: string, numbers: number): void {
  if (numbers * 4 <= MOST_BYTES) return;
  const bytes = (numbers * 4).toPrecision(3);
  throw new InputError(
    `${what} would take ${bytes} bytes, more than the ${MOST_BYTES} that a memory can have`,
  );
}

/**
 * A chain of layers.
 *
 * @param input - shape of one sample: [features] or [channels, height, width]
 * @throws InputError as graph
 * @example
 * const model = sequential([784], [linear(200), relu(), linear(80), relu(), linear(10)]);
 */
export function sequential(input: Shape, layers: readonly Layer[]): Model {
  return graph(input, ({ input: start, apply }) =>
    layers.reduce((value, layer) => apply(layer, value), start),
  );
}

/** Shapes of what a node reads. */
export function inputShapes(model: Model, node: ModelNode): readonly Shape[] {
  return node.inputs.map((k) => (k < 0 ? model.input : model.nodes[k].shape));
}
