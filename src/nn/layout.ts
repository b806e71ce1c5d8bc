/**
 * The shape of every tensor of a model: which border it has, and the tables of its convolutions.
 *
 * All of this follows from the model alone, so that the training plan and the evaluation plan agree
 * on it, and so that a sparse weight can hold precomputed shifts that both understand.
 */
import type { ConvLayout } from "../runtime/form/conv-layout.js";
import { fuse, maskedByReader, readBy, readersOf, type Step } from "./fuse.js";
import { ruleOf } from "./layers/rules.js";
import { tiledRuleOf } from "./layers/part-of.js";
import { inputShapes, type Model } from "./model.js";
import type { Precision } from "./precision.js";
import { NO_BORDER, tensorShape, type TensorShape, widerBorder } from "./tensor.js";

export interface LayoutStep extends Step {
  /** Its inputs, each once. */
  readonly reads: ReadonlySet<number>;
  /** It computes with planes of bf16, as its output is. */
  readonly half: boolean;
  /** What it reads that is of other numbers: it reads a copy. */
  readonly converts: readonly number[];
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
  /** Some parameter that is trained lies upstream. */
  readonly needsGradient: boolean;
  /** Steps that read it, ascending. */
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

/**
 * Works out the layout of a model.
 *
 * @param precision - default float32; with bf16 images are, between layers that take them so
 */
export function layoutOf(model: Model, precision: Precision = "float32"): Layout {
  const { nodes } = model;
  const fused = fuse(model);
  const isHalf = halfOf(model, fused, precision);
  const masked = maskedByReader(model, fused);
  const writers = new Map(fused.map((step) => [step.output, step]));
  const steps = fused.map((step): LayoutStep => {
    const before = writers.get(step.inputs[0]);
    const half = isHalf(step.output);
    return {
      ...step,
      reads: new Set(step.inputs),
      half,
      converts: [...new Set(readBy(step))].filter((value) => isHalf(value) !== half),
      reluGradient: step.relu && !masked(step),
      mask: before !== undefined && masked(before),
    };
  });
  const readersOfValue = readersOf(steps);

  const values = new Map<number, ValueLayout>();
  const add = (value: number, writer: number | undefined): void => {
    const readers = readersOfValue(value);
    const pad = readers.reduce((most, s) => {
      const { node, reads } = steps[s];
      const { layer } = nodes[node];
      const pad = reads.has(value) ? ruleOf(layer).inputPad?.(layer) : undefined;
      return pad ? widerBorder(most, pad) : most;
    }, NO_BORDER);
    const shape = value < 0 ? model.input : nodes[value].shape;
    let gradientPad = NO_BORDER;
    let needsGradient = false;
    if (writer !== undefined) {
      const step = steps[writer];
      const node = nodes[step.node];
      gradientPad =
        tiledRuleOf(node.layer).gradientPad?.(node.layer, inputShapes(model, node)) ?? NO_BORDER;
      needsGradient =
        node.parameters.some(({ still }) => !still) ||
        readBy(step).some((input) => values.get(input)!.needsGradient);
    }
    const half = isHalf(value);
    values.set(value, {
      shape: { ...tensorShape(shape, pad), half },
      gradient: { ...tensorShape(shape, gradientPad), half },
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
    const layout = tiledRuleOf(layer).convLayout?.(
      layer,
      values.get(inputs[0])!.shape,
      values.get(output)!.gradient,
    );
    if (layout) convs.set(`${name}.${parameters[0].name}`, layout);
  }
  return { model, steps, values, convs };
}

/** Whether a value is kept as bf16: an image, if all that write and read it take it so. */
function halfOf(
  { nodes, input }: Model,
  steps: readonly Step[],
  precision: Precision,
): (value: number) => boolean {
  const takes = ({ node }: Step) => tiledRuleOf(nodes[node].layer).takesHalf === true;
  return (value) =>
    precision === "bf16" &&
    value !== nodes.length - 1 &&
    (value < 0 ? input : nodes[value].shape).length === 3 &&
    steps.every((step) => takes(step) || !(step.output === value || readBy(step).includes(value)));
}
