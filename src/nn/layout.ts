/**
 * The shape of every tensor of a model: which border it has, and the tables of its convolutions.
 *
 * All of this follows from the model alone, so that the training plan and the evaluation plan agree on it, and so that a
 * sparse weight can hold precomputed shifts that both understand.
 */
import type { ConvLayout } from "../runtime/parameter.js";
import { fuse, maskedByReader, type Step } from "./fuse.js";
import { ruleOf } from "./layers/rules.js";
import { inputShapes, type Model } from "./model.js";
import { tensorShape, type TensorShape } from "./tensor.js";

export interface LayoutStep extends Step {
  /** Backward, dy has to be multiplied by the derivative of the step's ReLU. */
  readonly reluGradient: boolean;
  /** Backward, dx has to be multiplied by the derivative of the ReLU that gave x. */
  readonly mask: boolean;
}

export interface ValueLayout {
  /** Of the value, with the border its readers want. */
  readonly shape: TensorShape;
  /** Of its gradient, with the border its writer wants. */
  readonly gradient: TensorShape;
  /** Some parameter lies upstream. */
  readonly needsGradient: boolean;
  /** Steps that read it. */
  readonly readers: readonly number[];
  /** The step that writes it; undefined for the model's input. */
  readonly writer: number | undefined;
}

export interface Layout {
  readonly model: Model;
  readonly steps: readonly LayoutStep[];
  /** By value: a node's index, or -1 for the model's input. */
  readonly values: ReadonlyMap<number, ValueLayout>;
  /** By parameter name: what the weight of a convolution must know. */
  readonly convs: ReadonlyMap<string, ConvLayout>;
}

/** Works out the layout of a model. */
export function layoutOf(model: Model): Layout {
  const { nodes } = model;
  const fused = fuse(model);
  const steps = fused.map((step): LayoutStep => {
    const [source] = step.inputs;
    const before = fused.find(({ output }) => output === source);
    return {
      ...step,
      reluGradient: step.relu && !maskedByReader(model, fused, step),
      mask: before !== undefined && maskedByReader(model, fused, before),
    };
  });
  const reads = ({ inputs, residual }: Step): number[] =>
    residual === undefined ? [...inputs] : [...inputs, residual];

  const values = new Map<number, ValueLayout>();
  const add = (value: number, writer: number | undefined): void => {
    const readers = steps.flatMap((step, s) => (reads(step).includes(value) ? [s] : []));
    const pads = readers.map((s) => {
      const { node, inputs } = steps[s];
      const { layer } = nodes[node];
      return inputs.includes(value) ? (ruleOf(layer).inputPad?.(layer) ?? 0) : 0;
    });
    const shape = value < 0 ? model.input : nodes[value].shape;
    let gradientPad = 0;
    let needsGradient = false;
    if (writer !== undefined) {
      const step = steps[writer];
      const node = nodes[step.node];
      gradientPad = ruleOf(node.layer).gradientPad?.(node.layer, inputShapes(model, node)) ?? 0;
      needsGradient = node.parameters.length > 0 || reads(step).some((input) => values.get(input)!.needsGradient);
    }
    values.set(value, {
      shape: tensorShape(shape, Math.max(0, ...pads)),
      gradient: tensorShape(shape, gradientPad),
      needsGradient,
      readers,
      writer,
    });
  };
  add(-1, undefined);
  steps.forEach((step, s) => add(step.output, s));

  const convs = new Map<string, ConvLayout>();
  for (const { node, inputs, output } of steps) {
    const { layer, name, parameters } = nodes[node];
    const layout = ruleOf(layer).convLayout?.(layer, values.get(inputs[0])!.shape, values.get(output)!.gradient);
    if (layout) convs.set(`${name}.${parameters[0].name}`, layout);
  }
  return { model, steps, values, convs };
}
