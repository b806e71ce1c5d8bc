/**
 * Folds batch norm into the convolution before it.
 *
 *     y = gamma (W x + b - mean) / sqrt(var + eps) + beta = (f W) x + f (b - mean) + beta,   f = gamma / sqrt(var + eps)
 *
 * with the running statistics, as in evaluation. Where the convolution has other readers the batch norm stays.
 */
import type { Network, Values } from "../../nn/network.js";
import { size } from "../../nn/layers/layer.js";
import { modelOf, redirect, type NodeEntry } from "../../nn/rebuild.js";
import { mapNonZeros } from "../sparse-values.js";

/** The network without the batch norms that could be folded. */
export function foldBatchNorm(network: Network): Network {
  const { model } = network;
  const parameters = new Map(network.parameters);
  const buffers = new Map(network.buffers);
  const entries: NodeEntry[] = [...model.nodes];
  const readers = (value: number) => model.nodes.filter(({ inputs }) => inputs.includes(value)).length;
  const aliases = new Map<number, number>();
  model.nodes.forEach(({ name, layer, inputs: [source] }, k) => {
    const conv = source >= 0 ? model.nodes[source] : undefined;
    if (layer.kind !== "batchNorm2d" || conv?.layer.kind !== "conv2d" || readers(source) !== 1) return;
    const data = (values: ReadonlyMap<string, Values>, key: string) => values.get(key)?.data;
    const gamma = data(parameters, `${name}.weight`)!;
    const beta = data(parameters, `${name}.bias`)!;
    const running = data(buffers, `${name}.running`)!;
    const channels = gamma.length;
    const factor = Float64Array.from(gamma, (g, c) => g / Math.sqrt(running[channels + c] + layer.eps));
    const weight = parameters.get(`${conv.name}.weight`)!;
    const taps = size(weight.shape) / channels;
    const bias = data(parameters, `${conv.name}.bias`);
    parameters.set(
      `${conv.name}.weight`,
      mapNonZeros(weight, (w, place) => w * factor[Math.floor(place / taps)]),
    );
    parameters.set(`${conv.name}.bias`, {
      shape: [channels],
      data: Float32Array.from(factor, (f, c) => f * ((bias?.[c] ?? 0) - running[c]) + beta[c]),
    });
    for (const key of ["weight", "bias"]) parameters.delete(`${name}.${key}`);
    buffers.delete(`${name}.running`);
    entries[source] = { ...conv, layer: { ...conv.layer, bias: true } };
    aliases.set(k, source);
  });
  if (aliases.size === 0) return network;
  const rewired = entries.map((entry) => ({ ...entry, inputs: redirect(entry.inputs, aliases) }));
  const last = entries.length - 1;
  return { ...network, model: modelOf(model.input, rewired, redirect([last], aliases)[0]), parameters, buffers };
}
