/**
 * Constant channels, and what they add to the layers that read them.
 *
 * A unit without incoming weights gives its bias b for every input; behind an activation that is
 * sigma(b). A linear layer that reads a constant c with weight w takes w c into its bias, and the
 * weight can go: the unit before is then read by nobody. So does a convolution, unless the kernel
 * meets the border: there the padding's zeros stand in for c, and the sum depends on the place.
 * Such kernels stay, but of all constants that a convolution reads one is enough:
 *
 *     k * c  =  (c / r) k * r          kernel k of the channel c goes, multiplied by c / r, to that of the channel r
 */
import type { Constants } from "../../nn/layers/channels.js";
import { size } from "../../shape-size.js";
import { ruleOf } from "../../nn/layers/rules.js";
import type { Network, Values } from "../../nn/network.js";
import { eachNonZero, rowsOf } from "../../nn/packed-values.js";
import { modelOf } from "../../nn/rebuild.js";
import { mapNonZeros } from "../sparse-values.js";
import { placeOf } from "./place.js";

export interface Absorbed {
  readonly network: Network;
  /** By node. */
  readonly constants: readonly Constants[];
}

/**
 * Moves constants into the biases of the layers that read them, and says which channels are
 * constant.
 */
export function absorbConstants(network: Network): Absorbed {
  const { model } = network;
  const parameters = new Map(network.parameters);
  const constants: Constants[] = [];
  const entries = model.nodes.map((node) => {
    const { layer, name, inputs, shape } = node;
    const { channels } = ruleOf(layer);
    const place = placeOf(network, node);
    if (channels.by !== "weight") {
      const xs = inputs.map((k) => (k < 0 ? unknown(model.input[0]) : constants[k]));
      constants.push(
        channels.by === "channel" ? channels.constants(layer, xs, place) : unknown(shape[0]),
      );
      return node;
    }
    let weight = place.values("weight");
    let shift: Float64Array = new Float64Array(shape[0]);
    const x = inputs[0] < 0 ? undefined : constants[inputs[0]];
    // A weight that reads no constant stays as it is, packed if it was.
    if (x?.some((c) => !Number.isNaN(c))) {
      ({ weight, shift } = absorb(weight, x, channels.tapsInside?.(layer, place)));
      parameters.set(`${name}.weight`, weight);
    }
    const given = parameters.get(`${name}.bias`)?.data;
    const bias = Float32Array.from(shift, (s, o) => s + (given?.[o] ?? 0));
    const rest = Float64Array.from(bias);
    const { starts } = rowsOf(weight);
    rest.forEach((_, row) => {
      if (starts[row + 1] > starts[row]) rest[row] = NaN;
    });
    constants.push(rest);
    if (!given && bias.every((b) => b === 0)) return node;
    parameters.set(`${name}.bias`, { shape: [bias.length], data: bias });
    return { ...node, layer: channels.resized(layer, { bias: true }) };
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
  return {
    weight: mapNonZeros(weight, (w, place) => (Number.isNaN(constantAt(place)) ? w : 0)),
    shift,
  };
}

/**
 * The same for a weight some of whose taps meet a border: kernels that do are gathered in one
 * constant channel.
 *
 * @param inside - by tap: whether it never reads a border; undefined: no tap does
 */
function absorb(weight: Values, x: Constants, inside?: readonly boolean[]): Shifted {
  const borders = new Uint8Array(x.length);
  const taps = size(weight.shape.slice(2));
  if (inside) {
    eachNonZero(weight, (_, place) => {
      if (!inside[place % taps]) borders[Math.floor(place / taps) % x.length] = 1;
    });
  }
  const bordering = [...x.keys()].filter(
    (c) => !Number.isNaN(x[c]) && x[c] !== 0 && borders[c] === 1,
  );
  if (bordering.length === 0) return absorbInside(weight, x);

  const data = weight.data.slice();
  const shift = new Float64Array(weight.shape[0]);
  const kernel = (o: number, c: number) =>
    data.subarray((o * x.length + c) * taps, (o * x.length + c + 1) * taps);
  const rows = [...shift.keys()];
  const meetsBorder = (o: number, c: number) => kernel(o, c).some((w, t) => w !== 0 && !inside![t]);
  const rest = bordering.reduce((best, c) => (Math.abs(x[c]) > Math.abs(x[best]) ? c : best));
  x.forEach((c, channel) => {
    if (Number.isNaN(c)) return;
    for (const o of rows) {
      const from = kernel(o, channel);
      if (c !== 0 && meetsBorder(o, channel)) {
        if (channel === rest) continue;
        const to = kernel(o, rest);
        from.forEach((w, t) => (to[t] += (w * c) / x[rest]));
      } else {
        from.forEach((w) => (shift[o] += w * c));
      }
      from.fill(0);
    }
  });
  return { weight: { shape: weight.shape, data }, shift };
}
