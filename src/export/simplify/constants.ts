/**
 * Constant channels, and what they add to the layers that read them.
 *
 * A unit without incoming weights gives its bias b for every input; behind an activation that is sigma(b). A linear layer
 * that reads a constant c with weight w takes w c into its bias, and the weight can go: the unit before is then read by
 * nobody. So does a convolution, unless the kernel meets the border: there the padding's zeros stand in for c, and the
 * sum depends on the place. Such kernels stay, but of all constants that a convolution reads one is enough:
 *
 *     k * c  =  (c / r) k * r          kernel k of the channel c goes, multiplied by c / r, to that of the channel r
 */
import { size } from "../../nn/layers/layer.js";
import type { Conv2dLayer } from "../../nn/layers/conv2d.js";
import { inputShapes, type Model, type ModelNode } from "../../nn/model.js";
import type { Network, Values } from "../../nn/network.js";
import { eachNonZero } from "../../nn/packed-values.js";
import { modelOf } from "../../nn/rebuild.js";
import type { Shape } from "../../regularizers/regularizer.js";
import { mapNonZeros } from "../sparse-values.js";

/** The constant of each channel (or feature), NaN where it depends on the input. */
export type Constants = Float64Array;

export interface Absorbed {
  readonly network: Network;
  /** By node. */
  readonly constants: readonly Constants[];
}

/** Moves constants into the biases of the layers that read them, and says which channels are constant. */
export function absorbConstants(network: Network): Absorbed {
  const { model } = network;
  const parameters = new Map(network.parameters);
  const constants: Constants[] = [];
  const withBias = new Set<string>();
  for (const node of model.nodes) {
    const { layer, name } = node;
    const [source] = node.inputs;
    if (layer.kind !== "linear" && layer.kind !== "conv2d") {
      const xs = node.inputs.map((k) => (k < 0 ? unknown(model.input[0]) : constants[k]));
      constants.push(propagate(node, xs, inputShapes(model, node), network));
      continue;
    }
    let weight = parameters.get(`${name}.weight`)!;
    let shift: Float64Array = new Float64Array(layer.out);
    const x = source < 0 ? undefined : constants[source];
    // A weight that reads no constant stays as it is, packed if it was.
    if (x?.some((c) => !Number.isNaN(c))) {
      ({ weight, shift } = layer.kind === "linear" ? absorbInside(weight, x) : absorbConv(node, weight, x, model));
      parameters.set(`${name}.weight`, weight);
    }
    const given = parameters.get(`${name}.bias`)?.data;
    const bias = Float32Array.from(shift, (s, o) => s + (given?.[o] ?? 0));
    if (given || bias.some((b) => b !== 0)) {
      withBias.add(name);
      parameters.set(`${name}.bias`, { shape: [layer.out], data: bias });
    }
    const rest = Float64Array.from(bias);
    const cols = size(weight.shape.slice(1));
    eachNonZero(weight, (_, place) => (rest[Math.floor(place / cols)] = NaN));
    constants.push(rest);
  }
  const entries = model.nodes.map((node) => {
    const { layer, name } = node;
    return { ...node, layer: withBias.has(name) && "bias" in layer ? { ...layer, bias: true } : layer };
  });
  return { network: { ...network, model: modelOf(model.input, entries), parameters }, constants };
}

function unknown(channels: number): Constants {
  return new Float64Array(channels).fill(NaN);
}

/** A weight that reads no constants any more, and what they add to each unit. */
interface Shifted {
  readonly weight: Values;
  readonly shift: Float64Array;
}

/** Clears the weights of constant inputs, whole kernels of a convolution. */
function absorbInside(weight: Values, x: Constants): Shifted {
  const taps = size(weight.shape.slice(2));
  const cols = x.length * taps;
  const shift = new Float64Array(weight.shape[0]);
  const constantAt = (place: number) => x[Math.floor((place % cols) / taps)];
  eachNonZero(weight, (w, place) => {
    const c = constantAt(place);
    if (!Number.isNaN(c)) shift[Math.floor(place / cols)] += w * c;
  });
  return { weight: mapNonZeros(weight, (w, place) => (Number.isNaN(constantAt(place)) ? w : 0)), shift };
}

/** The same for a convolution: kernels that meet the border are gathered in one constant channel. */
function absorbConv(node: ModelNode, weight: Values, x: Constants, model: Model): Shifted {
  const layer = node.layer as Conv2dLayer;
  const inside = tapsInside(layer, inputShapes(model, node)[0], node.shape);
  const taps = inside.length;
  const borders = new Uint8Array(x.length);
  eachNonZero(weight, (_, place) => {
    if (!inside[place % taps]) borders[Math.floor(place / taps) % x.length] = 1;
  });
  const bordering = [...x.keys()].filter((c) => !Number.isNaN(x[c]) && x[c] !== 0 && borders[c] === 1);
  if (bordering.length === 0) return absorbInside(weight, x);

  const data = weight.data.slice();
  const shift = new Float64Array(layer.out);
  const kernel = (o: number, c: number) => data.subarray((o * x.length + c) * taps, (o * x.length + c + 1) * taps);
  const rows = Array.from({ length: layer.out }, (_, o) => o);
  const meetsBorder = (o: number, c: number) => kernel(o, c).some((w, t) => w !== 0 && !inside[t]);
  const rest = bordering.reduce<number | undefined>(
    (best, c) => (best === undefined || Math.abs(x[c]) > Math.abs(x[best]) ? c : best),
    undefined,
  );
  x.forEach((c, channel) => {
    if (Number.isNaN(c)) return;
    for (const o of rows) {
      const from = kernel(o, channel);
      if (c !== 0 && meetsBorder(o, channel)) {
        if (channel === rest) continue;
        const to = kernel(o, rest!);
        from.forEach((w, t) => (to[t] += (w * c) / x[rest!]));
      } else {
        from.forEach((w) => (shift[o] += w * c));
      }
      from.fill(0);
    }
  });
  return { weight: { shape: weight.shape, data }, shift };
}

/** For each tap whether it reads the image itself at every output position, never the padding. */
function tapsInside({ kernel: [kh, kw], stride, padding }: Conv2dLayer, input: Shape, output: Shape): boolean[] {
  const inside = (tap: number, axis: number) =>
    tap >= padding && (output[axis] - 1) * stride + tap - padding < input[axis];
  return Array.from({ length: kh * kw }, (_, t) => inside(Math.floor(t / kw), 1) && inside(t % kw, 2));
}

/** Constants behind a layer that has no weights to absorb them. */
function propagate(node: ModelNode, xs: readonly Constants[], shapes: readonly Shape[], network: Network): Constants {
  const { layer, name } = node;
  const [x] = xs;
  const data = (values: ReadonlyMap<string, Values>, key: string) => values.get(`${name}.${key}`)!.data;
  switch (layer.kind) {
    case "batchNorm2d": {
      const [gamma, beta] = [data(network.parameters, "weight"), data(network.parameters, "bias")];
      const running = data(network.buffers, "running");
      const { length } = x;
      return x.map((value, c) => {
        if (gamma[c] === 0) return beta[c];
        return (gamma[c] * (value - running[c])) / Math.sqrt(running[length + c] + layer.eps) + beta[c];
      });
    }
    case "relu":
      return x.map((value) => Math.max(value, 0));
    case "leakyRelu":
      return x.map((value) => (value > 0 ? value : layer.slope * value));
    case "tanh":
      return x.map(Math.tanh);
    case "maxPool2d":
    case "avgPool2d":
    case "dropout":
      return x;
    case "flatten": {
      const plane = size(shapes[0]) / x.length;
      return Float64Array.from({ length: node.shape[0] }, (_, f) => x[Math.floor(f / plane)]);
    }
    case "add":
      return x.map((_, c) => xs.reduce((sum, values) => sum + values[c], 0));
    case "scaledSum": {
      const scale = data(network.parameters, "scale");
      return x.map((value, c) =>
        xs.slice(1).reduce((sum, values, k) => (scale[k] === 0 ? sum : sum + scale[k] * values[c]), value),
      );
    }
    case "concat":
      return Float64Array.from(xs.flatMap((values) => [...values]));
    case "channels":
      return x.slice(layer.from, layer.from + layer.count);
    case "linear":
    case "conv2d":
      throw new TypeError(`layer "${name}" has weights`);
  }
}
