/**
 * Cuts the channels that nobody needs.
 *
 * 1. Mark: every channel of the output is needed. A needed unit of a linear layer or a convolution needs the inputs it
 *    has a weight for; a needed channel of any other layer needs the channels it is made of.
 * 2. Tie: layers without weights have the channels of what they read, and the summands of a sum have the same ones. Such
 *    channels stand or fall together: a class of them is kept if one of its members is needed. The model's input keeps
 *    all of its channels, whoever reads them.
 * 3. Cut: rows and columns of the classes that are not kept. Rows that are kept for others' sake are set to zero.
 *
 * Every layer that is left keeps one channel at least.
 */
import { size } from "../../nn/layers/layer.js";
import type { Layer } from "../../nn/layers/rules.js";
import type { Network, Values } from "../../nn/network.js";
import { modelOf } from "../../nn/rebuild.js";
import { createClasses } from "./classes.js";
import { eachSource, markNeeded } from "./needed.js";

/** The network without the units, channels, kernels and columns that its output does not depend on. */
export function cutChannels(network: Network): Network {
  const { model } = network;
  const { nodes } = model;
  const needed = markNeeded(network);
  const shapeOf = (value: number) => (value < 0 ? model.input : nodes[value].shape);
  const classes = createClasses([model.input, ...nodes.map(({ shape }) => shape)].map(([channels]) => channels));

  const tie = (a: number, c: number, b: number, d: number) => classes.tie(a + 1, c, b + 1, d);
  nodes.forEach(({ layer, inputs }, k) => eachSource(layer, inputs, shapeOf, k, (c, from, d) => tie(k, c, from, d)));
  for (let c = 0; c < model.input[0]; c++) classes.keep(0, c);
  needed.forEach((marks, k) => marks.forEach((mark, c) => mark && classes.keep(k + 1, c)));

  const keptOf = (value: number): number[] =>
    Array.from({ length: shapeOf(value)[0] }, (_, c) => c).filter((c) => classes.isKept(value + 1, c));
  /** Of a concatenation, inputs without channels are no inputs any more. */
  const inputsOf = (k: number): readonly number[] =>
    nodes[k].layer.kind === "concat" ? nodes[k].inputs.filter((value) => keptOf(value).length > 0) : nodes[k].inputs;
  const readNodes = (): number[] => {
    const read = new Set([nodes.length - 1]);
    for (let k = nodes.length - 1; k >= 0; k--) if (read.has(k)) for (const value of inputsOf(k)) read.add(value);
    return [...read].filter((k) => k >= 0);
  };
  for (;;) {
    const empty = readNodes().find((k) => keptOf(k).length === 0);
    if (empty === undefined) break;
    classes.keep(empty + 1, 0);
  }

  const read = new Set(readNodes());
  const parameters = new Map<string, Values>();
  const buffers = new Map<string, Values>();
  const entries = nodes.map((node, k) => {
    const { name, layer, inputs } = node;
    if (!read.has(k)) return { name, layer, inputs: inputs.map(() => -1) };
    const kept = keptOf(k);
    const keptInputs = keptOf(inputs[0]);
    const values = (key: string) => network.parameters.get(`${name}.${key}`);
    if (layer.kind === "linear" || layer.kind === "conv2d") {
      const isNeeded = (o: number) => needed[k][o] === 1;
      parameters.set(`${name}.weight`, sliceWeight(values("weight")!, kept, keptInputs, isNeeded));
      const bias = values("bias");
      if (bias) parameters.set(`${name}.bias`, vector(kept.map((o) => (isNeeded(o) ? bias.data[o] : 0))));
      return { name, layer: resized(layer, kept.length, keptInputs.length), inputs };
    }
    if (layer.kind === "batchNorm2d") {
      for (const key of ["weight", "bias"]) {
        const { data } = values(key)!;
        parameters.set(`${name}.${key}`, vector(kept.map((c) => data[c])));
      }
      const { data } = network.buffers.get(`${name}.running`)!;
      const both = [...kept, ...kept.map((c) => data.length / 2 + c)].map((c) => data[c]);
      buffers.set(`${name}.running`, { shape: [2, kept.length], data: Float32Array.from(both) });
      return { name, layer, inputs };
    }
    if (layer.kind === "channels") {
      const from = keptInputs.filter((c) => c < layer.from).length;
      return { name, layer: { ...layer, from, count: kept.length }, inputs };
    }
    if (layer.kind === "scaledSum") parameters.set(`${name}.scale`, values("scale")!);
    return { name, layer, inputs: inputsOf(k) };
  });
  return { ...network, model: modelOf(model.input, entries), parameters, buffers };
}

function vector(numbers: readonly number[]): Values {
  return { shape: [numbers.length], data: Float32Array.from(numbers) };
}

function resized<L extends Layer>(layer: L, out: number, inputs: number): L {
  return { ...layer, out, ...("in" in layer ? { in: inputs } : {}) };
}

/** Rows and columns (or channels with their taps) of a weight; rows that nobody needs become zero. */
function sliceWeight(
  { shape, data }: Values,
  rows: readonly number[],
  channels: readonly number[],
  isNeeded: (row: number) => boolean,
): Values {
  const taps = size(shape.slice(2));
  const sliced = new Float32Array(rows.length * channels.length * taps);
  rows.forEach((o, r) => {
    if (!isNeeded(o)) return;
    channels.forEach((c, s) => {
      const from = (o * shape[1] + c) * taps;
      sliced.set(data.subarray(from, from + taps), (r * channels.length + s) * taps);
    });
  });
  return { shape: [rows.length, channels.length, ...shape.slice(2)], data: sliced };
}
