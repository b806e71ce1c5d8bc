/**
 * From a model's nodes to the steps that one sample takes: a ReLU and a sum belong to the step of
 * the layer before them, if its kind takes them and nobody else reads what lies between.
 */
import type { FusesAs } from "../../nn/layers/layer.js";
import { ruleOf } from "../../nn/layers/rules.js";
import { SAME, type SingleRule } from "../../nn/layers/single.js";
import type { Layer } from "../../nn/layers/rules.js";
import type { Model, ModelNode } from "../../nn/model.js";

/** A value: the index of a node, or -1 for the model's input. */
export interface SingleStep {
  readonly node: ModelNode;
  readonly rule: SingleRule<Layer>;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly relu: boolean;
  /** Added before the ReLU. */
  readonly residual?: number;
}

/** The steps of a model in order, and the value that is its output. */
export function singleSteps({ nodes }: Model): {
  readonly steps: readonly SingleStep[];
  readonly output: number;
} {
  const { rules, resolve } = withoutSame(nodes);
  const inputs = nodes.map((node) => node.inputs.map(resolve));
  const readers = new Map<number, number[]>();
  inputs.forEach((values, k) => {
    if (!rules[k]) return;
    for (const value of values) readers.set(value, [...(readers.get(value) ?? []), k]);
  });
  /** The only one that reads a value, if it can be this part of a step. */
  const reader = (value: number | undefined, part: keyof FusesAs): number | undefined => {
    const all = (value === undefined ? undefined : readers.get(value)) ?? [];
    return all.length === 1 && ruleOf(nodes[all[0]].layer).fusesAs?.[part] ? all[0] : undefined;
  };
  const taken = new Set<number>();
  const steps: SingleStep[] = [];
  nodes.forEach((node, k) => {
    const rule = rules[k];
    if (!rule || taken.has(k)) return;
    const { takes } = rule;
    let output = k;
    let residual: number | undefined;
    const sum = takes.sum ? reader(k, "sum") : undefined;
    if (sum !== undefined && inputs[sum].length === 2) {
      const [other] = inputs[sum].filter((value) => value !== k);
      // Only what is there already can be added.
      if (other < k) {
        [output, residual] = [sum, other];
        taken.add(sum);
      }
    }
    const relu = takes.relu ? reader(output, "relu") : undefined;
    if (relu !== undefined) {
      output = relu;
      taken.add(relu);
    }
    steps.push({
      node,
      rule,
      inputs: inputs[k],
      output,
      relu: relu !== undefined,
      ...(residual === undefined ? {} : { residual }),
    });
  });
  return { steps, output: resolve(nodes.length - 1) };
}

/** The rules of those that do something, and for each value the one that it is the same as. */
function withoutSame(nodes: readonly ModelNode[]) {
  const same = new Map<number, number>();
  const resolve = (value: number): number => same.get(value) ?? value;
  const rules = nodes.map(({ layer, inputs }, k) => {
    const { single } = ruleOf(layer);
    if (single !== SAME) return single;
    same.set(k, resolve(inputs[0]));
    return undefined;
  });
  return { rules, resolve };
}
