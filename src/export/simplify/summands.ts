/**
 * Joins with nothing to join: summands that are zero, skips whose scalar is zero, sums and
 * concatenations of one value.
 *
 * A summand that is one constant a channel goes into the bias of another, if that one is the output
 * of a linear layer or a convolution and only this sum reads it; so does the branch of a residual
 * block that has died.
 */
import type { Constants } from "../../nn/layers/channels.js";
import { ruleOf } from "../../nn/layers/rules.js";
import type { Network } from "../../nn/network.js";
import { modelOf, redirect, type NodeEntry } from "../../nn/rebuild.js";

/** The network without them. @param constants - by node, as absorbConstants gives them */
export function dropSummands(network: Network, constants: readonly Constants[]): Network {
  const { model } = network;
  const parameters = new Map(network.parameters);
  const entries: NodeEntry[] = [...model.nodes];
  const readers = (value: number) =>
    model.nodes.flatMap(({ inputs }) => inputs.filter((k) => k === value)).length;
  const isZero = (value: number) => value >= 0 && constants[value].every((c) => c === 0);
  const isConstant = (value: number) =>
    value >= 0 && constants[value].every((c) => !Number.isNaN(c));
  const aliases = new Map<number, number>();

  model.nodes.forEach(({ name, layer, inputs }, k) => {
    let kept = inputs;
    if (layer.kind === "add") {
      kept = inputs.filter((value) => !isZero(value));
      // A sum of zeros is zero, and has to come from somewhere.
      if (kept.length === 0) kept = [inputs[0]];
      const hosts = kept.filter((value) => hasBias(value) && readers(value) === 1);
      const host = hosts.find((value) => !isConstant(value)) ?? hosts[0];
      const guests =
        host === undefined ? [] : kept.filter((value) => value !== host && isConstant(value));
      guests.forEach((value) => addToBias(host!, constants[value]));
      kept = kept.filter((value) => !guests.includes(value));
    }
    if (layer.kind === "scaledSum") {
      const scale = parameters.get(`${name}.scale`)!.data;
      const open = inputs
        .slice(1)
        .flatMap((value, s) => (scale[s] === 0 || isZero(value) ? [] : [s]));
      kept = [inputs[0], ...open.map((s) => inputs[s + 1])];
      parameters.set(`${name}.scale`, {
        shape: [open.length],
        data: Float32Array.from(open, (s) => scale[s]),
      });
    }
    const passes =
      (["add", "concat", "scaledSum"].includes(layer.kind) && kept.length === 1) ||
      (layer.kind === "channels" && layer.count === shapeOf(inputs[0])[0]);
    if (passes) aliases.set(k, kept[0]);
    entries[k] = { ...entries[k], inputs: kept };
  });
  const rewired = entries.map((entry) => ({ ...entry, inputs: redirect(entry.inputs, aliases) }));
  const [output] = redirect([entries.length - 1], aliases);
  // The output is the input itself, and a model needs at least one layer.
  if (output < 0) return network;
  return { ...network, model: modelOf(model.input, rewired, output), parameters };

  function shapeOf(value: number) {
    return value < 0 ? model.input : model.nodes[value].shape;
  }

  function hasBias(value: number): boolean {
    return value >= 0 && ruleOf(model.nodes[value].layer).channels.by === "weight";
  }

  function addToBias(value: number, shift: Constants): void {
    const entry = entries[value];
    const given = parameters.get(`${entry.name}.bias`)?.data;
    const data = Float32Array.from(shift, (c, o) => c + (given?.[o] ?? 0));
    parameters.set(`${entry.name}.bias`, { shape: [data.length], data });
    const { channels } = ruleOf(entry.layer);
    if (channels.by === "weight")
      entries[value] = { ...entry, layer: channels.resized(entry.layer, { bias: true }) };
  }
}
