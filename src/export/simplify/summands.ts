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
import { placeOf } from "./place.js";

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

  model.nodes.forEach((node, k) => {
    const { name, layer, inputs } = node;
    const { channels } = ruleOf(layer);
    if (channels.by !== "channel") return;
    const { sum } = channels;
    const place = placeOf(network, node);
    const left = sum?.left(place, (input) => isZero(inputs[input]));
    let kept = left ? left.map((input) => inputs[input]) : inputs;
    for (const [key, values] of Object.entries(left ? (sum!.valuesOf?.(place, left) ?? {}) : {}))
      parameters.set(`${name}.${key}`, values);
    if (sum?.isPlain) {
      const hosts = kept.filter((value) => hasBias(value) && readers(value) === 1);
      const host = hosts.find((value) => !isConstant(value)) ?? hosts[0];
      const guests =
        host === undefined ? [] : kept.filter((value) => value !== host && isConstant(value));
      guests.forEach((value) => addToBias(host!, constants[value]));
      kept = kept.filter((value) => !guests.includes(value));
    }
    if (channels.isIdentity?.(layer, kept.map(shapeOf))) aliases.set(k, kept[0]);
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
