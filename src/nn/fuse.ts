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
import { inputShapes, type Model } from "./model.js";

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

/** Layers that compute the ReLU behind them. */
const BEFORE_RELU: ReadonlySet<string> = new Set(["linear", "batchNorm2d", "maxPool2d"]);

/** The steps of a model, in the order of their nodes. */
export function fuse(model: Model): Step[] {
  const { nodes } = model;
  const readers = (value: number): number[] =>
    nodes.flatMap((node, k) => node.inputs.filter((input) => input === value).map(() => k));
  const kind = (k: number | undefined) => (k === undefined ? undefined : nodes[k]?.layer.kind);
  const onlyReader = (value: number): number | undefined => {
    const all = readers(value);
    return all.length === 1 ? all[0] : undefined;
  };
  const taken = new Set<number>();
  const steps: Step[] = [];
  nodes.forEach(({ layer, inputs }, k) => {
    if (taken.has(k)) return;
    const next = onlyReader(k);
    if (BEFORE_RELU.has(layer.kind) && kind(next) === "relu") {
      taken.add(next!);
      steps.push({ node: k, inputs, output: next!, relu: true });
      return;
    }
    const last = next === undefined ? undefined : onlyReader(next);
    const others = next === undefined ? [] : nodes[next].inputs.filter((input) => input !== k);
    const joins = layer.kind === "batchNorm2d" && inputs[0] >= 0 && kind(next) === "add" && kind(last) === "relu";
    // x + bn(x) is not one step: two gradients of x in one pass.
    if (joins && others.length === 1 && others[0] < k && others[0] !== inputs[0]) {
      taken.add(next!).add(last!);
      steps.push({ node: k, inputs, output: last!, relu: true, residual: others[0] });
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
  const kept = steps.filter((step) => {
    const [source] = step.inputs;
    const isFlatten = nodes[step.node].layer.kind === "flatten" && step.output !== nodes.length - 1;
    const alone = steps.filter((other) => [...other.inputs, other.residual].includes(source)).length === 1;
    // A linear layer reads bytes; any other reader would see the image's shape instead of the vector's.
    const readers = steps.filter((other) => [...other.inputs, other.residual].includes(step.output));
    const intoLinear = readers.every((other) => nodes[other.node].layer.kind === "linear");
    if (!isFlatten || !alone || !intoLinear) return true;
    const writer = steps.find(({ output }) => output === source);
    if (writer) {
      const { layer } = nodes[writer.node];
      if (ruleOf(layer).gradientPad?.(layer, inputShapes(model, nodes[writer.node]))) return true;
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

/** Whether the ReLU that is part of a step is differentiated by the linear layer behind it. */
export function maskedByReader(model: Model, steps: readonly Step[], step: Step): boolean {
  const isLinear = (k: number) => model.nodes[k].layer.kind === "linear";
  const readers = steps.filter((other) => [...other.inputs, other.residual].includes(step.output));
  return step.relu && isLinear(step.node) && readers.length === 1 && isLinear(readers[0].node);
}
