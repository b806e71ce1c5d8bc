/** Which channels of a network its output depends on. */
import { size } from "../../shape-size.js";
import { ruleOf } from "../../nn/layers/rules.js";
import { inputShapes, type Model } from "../../nn/model.js";
import type { Network } from "../../nn/network.js";
import { rowsOf } from "../../nn/packed-values.js";
import { placeOf } from "./place.js";

/**
 * Calls f for each channel c of a node, with the channels d of the values `from` that it is made of
 * by channel.
 */
export function eachSource(
  model: Model,
  k: number,
  f: (c: number, from: number, d: number, input: number) => void,
): void {
  const node = model.nodes[k];
  const { channels } = ruleOf(node.layer);
  if (channels.by !== "channel") return;
  const shapes = { inputs: inputShapes(model, node), output: node.shape };
  channels.sources(node.layer, shapes, (c, input, d) => f(c, node.inputs[input], d, input));
}

/** By node: 1 for each channel that the output depends on. */
export function markNeeded(network: Network): Uint8Array[] {
  const { model } = network;
  const { nodes } = model;
  const needed = nodes.map(({ shape }) => new Uint8Array(shape[0]));
  needed.at(-1)!.fill(1);
  // Readers stand behind what they read: one sweep from the last node to the first is enough.
  for (let k = nodes.length - 1; k >= 0; k--) {
    const { layer, inputs } = nodes[k];
    const need = (value: number, c: number) => {
      if (value >= 0) needed[value][c] = 1;
    };
    const { channels } = ruleOf(layer);
    const place = placeOf(network, nodes[k]);
    switch (channels.by) {
      case "weight": {
        const weight = place.values("weight");
        const taps = size(weight.shape.slice(2));
        const rows = needed[k];
        const sources = needed[inputs[0]];
        if (sources === undefined) break;
        const { columns, starts } = rowsOf(weight);
        // Columns first, so that there is a division for each of them, not for each weight.
        const read = new Uint8Array(size(weight.shape.slice(1)));
        for (let row = 0; row < rows.length; row++) {
          if (!rows[row]) continue;
          for (let e = starts[row]; e < starts[row + 1]; e++) read[columns[e]] = 1;
        }
        for (let c = 0; c < read.length; c++) if (read[c]) sources[Math.floor(c / taps)] = 1;
        break;
      }
      case "channel": {
        const isOff = channels.isOff?.(place);
        eachSource(model, k, (c, from, d, input) => {
          if (needed[k][c] && !isOff?.(c, input)) need(from, d);
        });
        break;
      }
      case "whole":
        if (!needed[k].includes(1)) break;
        for (const value of inputs) if (value >= 0) needed[value].fill(1);
    }
  }
  return needed;
}
