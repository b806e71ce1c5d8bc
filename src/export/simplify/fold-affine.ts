/**
 * Folds what is y = f x + s of each channel in evaluation, as a batch norm is, into the layer by
 * weight before it.
 *
 *     f (W x + b) + s  =  (f W) x + (f b + s)
 *
 * Where that layer has other readers it stays.
 */
import { size } from "../../shape-size.js";
import { ruleOf } from "../../nn/layers/rules.js";
import type { Network } from "../../nn/network.js";
import { modelOf, redirect, type NodeEntry } from "../../nn/rebuild.js";
import { mapNonZeros } from "../sparse-values.js";
import { placeOf } from "./place.js";

/** The network without the layers that could be folded. */
export function foldAffine(network: Network): Network {
  const { model } = network;
  const parameters = new Map(network.parameters);
  const buffers = new Map(network.buffers);
  const entries: NodeEntry[] = [...model.nodes];
  const readers = (value: number) =>
    model.nodes.filter(({ inputs }) => inputs.includes(value)).length;
  const aliases = new Map<number, number>();
  model.nodes.forEach((node, k) => {
    const [source] = node.inputs;
    const { channels } = ruleOf(node.layer);
    if (channels.by !== "channel" || !channels.affine || source < 0 || readers(source) !== 1)
      return;
    const { name, layer } = entries[source];
    const before = ruleOf(layer).channels;
    // What was folded into another layer already is not there to take this.
    if (before.by !== "weight" || aliases.has(source)) return;
    const { factor, shift } = channels.affine(node.layer, placeOf(network, node));
    const weight = parameters.get(`${name}.weight`)!;
    const bias = parameters.get(`${name}.bias`)?.data;
    const cols = size(weight.shape.slice(1));
    const scaled = mapNonZeros(weight, (w, entry) => w * factor[Math.floor(entry / cols)]);
    parameters.set(`${name}.weight`, scaled);
    parameters.set(`${name}.bias`, {
      shape: [factor.length],
      data: Float32Array.from(factor, (f, c) => f * (bias?.[c] ?? 0) + shift[c]),
    });
    for (const spec of node.parameters) parameters.delete(`${node.name}.${spec.name}`);
    for (const spec of node.buffers) buffers.delete(`${node.name}.${spec.name}`);
    entries[source] = { ...entries[source], layer: before.resized(layer, { bias: true }) };
    aliases.set(k, source);
  });
  if (aliases.size === 0) return network;
  const rewired = entries.map((entry) => ({ ...entry, inputs: redirect(entry.inputs, aliases) }));
  const last = entries.length - 1;
  return {
    ...network,
    model: modelOf(model.input, rewired, redirect([last], aliases)[0]),
    parameters,
    buffers,
  };
}
