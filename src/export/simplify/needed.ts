/** Which channels of a network its output depends on. */
import { size } from "../../nn/layers/layer.js";
import type { Layer } from "../../nn/layers/rules.js";
import type { Network } from "../../nn/network.js";
import { eachNonZero } from "../../nn/packed-values.js";

type ShapeOf = (value: number) => readonly number[];

/** Calls f for each channel c of a layer without weights, with the channels d of the values `from` that it is made of. */
export function eachSource(
  layer: Layer,
  inputs: readonly number[],
  shapeOf: ShapeOf,
  node: number,
  f: (c: number, from: number, d: number, input: number) => void,
): void {
  const [channels] = shapeOf(node);
  switch (layer.kind) {
    case "linear":
    case "conv2d":
      return;
    case "flatten": {
      const plane = size(shapeOf(inputs[0]).slice(1));
      for (let c = 0; c < channels; c++) f(c, inputs[0], Math.floor(c / plane), 0);
      return;
    }
    case "channels":
      for (let c = 0; c < channels; c++) f(c, inputs[0], layer.from + c, 0);
      return;
    case "concat": {
      let first = 0;
      inputs.forEach((value, k) => {
        const [count] = shapeOf(value);
        for (let c = 0; c < count; c++) f(first + c, value, c, k);
        first += count;
      });
      return;
    }
    default:
      inputs.forEach((value, k) => {
        for (let c = 0; c < channels; c++) f(c, value, c, k);
      });
  }
}

/** By node: 1 for each channel that the output depends on. */
export function markNeeded({ model, parameters }: Network): Uint8Array[] {
  const { nodes } = model;
  const needed = nodes.map(({ shape }) => new Uint8Array(shape[0]));
  needed.at(-1)!.fill(1);
  const shapeOf = (value: number) => (value < 0 ? model.input : nodes[value].shape);
  // Readers stand behind what they read: one sweep from the last node to the first is enough.
  for (let k = nodes.length - 1; k >= 0; k--) {
    const { name, layer, inputs } = nodes[k];
    const need = (value: number, c: number) => {
      if (value >= 0) needed[value][c] = 1;
    };
    if (layer.kind === "linear" || layer.kind === "conv2d") {
      const weight = parameters.get(`${name}.weight`)!;
      const taps = size(weight.shape.slice(2));
      const cols = weight.shape[1] * taps;
      eachNonZero(weight, (_, place) => {
        if (needed[k][Math.floor(place / cols)]) need(inputs[0], Math.floor((place % cols) / taps));
      });
      continue;
    }
    const scale = parameters.get(`${name}.scale`)?.data;
    const gamma = layer.kind === "batchNorm2d" ? parameters.get(`${name}.weight`)!.data : undefined;
    eachSource(layer, inputs, shapeOf, k, (c, from, d, input) => {
      const isOff = gamma?.[c] === 0 || (input > 0 && scale?.[input - 1] === 0);
      if (needed[k][c] && !isOff) need(from, d);
    });
  }
  return needed;
}
