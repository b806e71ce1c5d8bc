/**
 * From a model's nodes to steps: what is computed in one go.
 *
 *     linear, relu                  one step: the ReLU is the product's epilogue
 *     batchNorm2d, relu             one step
 *     maxPool2d, relu               one step
 *     batchNorm2d, add, relu        one step, if the other summand is there before the batch norm (a residual block)
 *     linear, relu, linear          the second layer's input gradient takes the ReLU's derivative
 *     flatten, linear               no step for the flatten, where the image has no border
 *
 * A node takes part in a fusion only if nobody else reads what lies between.
 */
import { ruleOf } from "./layers/rules.js";
import { tiledRuleOf } from "./layers/part-of.js";
import { inputShapes, type Model } from "./model.js";
import { hasBorder } from "./tensor.js";

export interface Step {
  /** The node whose rule writes the ops. */
  readonly node: number;
  /** The values (nodes; -1 is the model's input) it reads. */
  readonly inputs: readonly number[];
  /** The value it writes. */
  readonly output: number;
  /** A ReLU is part of it. */
  readonly relu: boolean;
  /** A value added before the ReLU. */
  readonly residual?: number;
}

/**
 * By value: the places of those that read it, ascending; one that reads it twice is there twice.
 */
function readersIn(reads: readonly (readonly number[])[]): (value: number) => readonly number[] {
  const readers = new Map<number, number[]>();
  reads.forEach((values, reader) => {
    for (const value of values) {
      const own = readers.get(value);
      if (own) own.push(reader);
      else readers.set(value, [reader]);
    }
  });
  return (value) => readers.get(value) ?? [];
}

/** The values that a step reads, each once. */
export function readBy({ inputs, residual }: Step): readonly number[] {
  return [...new Set(residual === undefined ? inputs : [...inputs, residual])];
}

/** By value: the steps that read it, ascending. */
export function readersOf(steps: readonly Step[]): (value: number) => readonly number[] {
  return readersIn(steps.map(readBy));
}

/** The steps of a model, in the order of their nodes. */
export function fuse(model: Model): Step[] {
  const { nodes } = model;
  const readers = readersIn(nodes.map(({ inputs }) => inputs));
  const part = (k: number | undefined) =>
    k === undefined ? undefined : ruleOf(nodes[k].layer).fusesAs;
  const onlyReader = (value: number): number | undefined => {
    const all = readers(value);
    return all.length === 1 ? all[0] : undefined;
  };
  const taken = new Set<number>();
  const steps: Step[] = [];
  nodes.forEach(({ layer, inputs }, k) => {
    if (taken.has(k)) return;
    const next = onlyReader(k);
    const { fuses } = tiledRuleOf(layer);
    if (fuses.relu && part(next)?.relu) {
      taken.add(next!);
      steps.push({ node: k, inputs, output: next!, relu: true });
      return;
    }
    const last = next === undefined ? undefined : onlyReader(next);
    const joins = fuses.residual && inputs[0] >= 0 && part(next)?.sum && part(last)?.relu;
    const both = joins ? nodes[next!].inputs : [];
    const other = both[0] === k ? both[1] : both[0];
    // x + bn(x) is not one step: two gradients of x in one pass.
    if (joins && both.length === 2 && other < k && other !== inputs[0]) {
      taken.add(next!).add(last!);
      steps.push({ node: k, inputs, output: last!, relu: true, residual: other });
      return;
    }
    steps.push({ node: k, inputs, output: k, relu: false });
  });
  return dropFlattens(model, steps);
}

/** Removes flattens between a value without any border and its readers. */
function dropFlattens(model: Model, steps: readonly Step[]): Step[] {
  const { nodes } = model;
  const alias = new Map<number, number>();
  const readers = readersOf(steps);
  const writers = new Map(steps.map((step) => [step.output, step]));
  const kept = steps.filter((step) => {
    const [source] = step.inputs;
    const { fusesAs } = ruleOf(nodes[step.node].layer);
    const isFlatten = fusesAs?.flatten && step.output !== nodes.length - 1;
    const alone = readers(source).length === 1;
    // A layer that takes a flatten reads bytes; any other reader would see the image's shape
    // instead of the vector's.
    const intoLinear = readers(step.output).every(
      (other) => tiledRuleOf(nodes[steps[other].node].layer).fuses.flatten,
    );
    if (!isFlatten || !alone || !intoLinear) return true;
    const writer = writers.get(source);
    if (writer) {
      const { layer } = nodes[writer.node];
      const inputs = inputShapes(model, nodes[writer.node]);
      const pad = tiledRuleOf(layer).gradientPad?.(layer, inputs);
      if (pad && hasBorder({ pad })) return true;
    }
    alias.set(step.output, source);
    return false;
  });
  const resolve = (value: number): number => alias.get(value) ?? value;
  return kept.map((step) => ({
    ...step,
    inputs: step.inputs.map(resolve),
    ...(step.residual === undefined ? {} : { residual: resolve(step.residual) }),
  }));
}

/** By step: whether the ReLU that is part of it is differentiated by the linear layer behind it. */
export function maskedByReader(model: Model, steps: readonly Step[]): (step: Step) => boolean {
  const isLinear = (step: Step) => tiledRuleOf(model.nodes[step.node].layer).fuses.flatten === true;
  const readers = readersOf(steps);
  return (step) => {
    const [reader, ...others] = readers(step.output);
    return (
      step.relu &&
      isLinear(step) &&
      reader !== undefined &&
      others.length === 0 &&
      isLinear(steps[reader])
    );
  };
}
