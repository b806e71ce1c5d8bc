/**
 * Cuts the channels that nobody needs.
 *
 * 1. Mark: every channel of the output is needed. A needed unit of a linear layer or a convolution
 *    needs the inputs it has a weight for; a needed channel of any other layer needs the channels
 *    it is made of.
 * 2. Tie: layers without weights have the channels of what they read, and the summands of a sum
 *    have the same ones. Such channels stand or fall together: a class of them is kept if one of
 *    its members is needed. The model's input keeps all of its channels, whoever reads them.
 * 3. Cut: rows and columns of the classes that are not kept. Rows that are kept for others' sake
 *    are set to zero.
 *
 * Every layer that is left keeps one channel at least.
 */
import { size } from "../../shape-size.js";
import { ruleOf } from "../../nn/layers/rules.js";
import type { Model } from "../../nn/model.js";
import type { Network, Values } from "../../nn/network.js";
import { modelOf } from "../../nn/rebuild.js";
import { moveNonZeros } from "../sparse-values.js";
import { createClasses, type Classes } from "./classes.js";
import { eachSource, markNeeded } from "./needed.js";

/**
 * The network without the units, channels, kernels and columns that its output does not depend on.
 */
export function cutChannels(network: Network): Network {
  const { model } = network;
  const { nodes } = model;
  const needed = markNeeded(network);
  const shapeOf = (value: number) => (value < 0 ? model.input : nodes[value].shape);
  const classes = classesOf(model, needed);
  /** By value; until a class more is kept. */
  const known = new Map<number, Int32Array>();
  const keptOf = (value: number): Int32Array => {
    let kept = known.get(value);
    if (!kept) {
      kept = Int32Array.from({ length: shapeOf(value)[0] }, (_, c) => c);
      if (value >= 0) kept = kept.filter((c) => classes.isKept(value, c));
      known.set(value, kept);
    }
    return kept;
  };
  const isWhole = (value: number) => keptOf(value).length === shapeOf(value)[0];
  /** Of a concatenation, inputs without channels are no inputs any more. */
  const inputsOf = (k: number): readonly number[] => {
    const { layer, inputs } = nodes[k];
    return ruleOf(layer).inputs === undefined
      ? inputs.filter((value) => keptOf(value).length > 0)
      : inputs;
  };
  const readNodes = (): number[] => {
    const read = new Set([nodes.length - 1]);
    for (let k = nodes.length - 1; k >= 0; k--)
      if (read.has(k)) for (const value of inputsOf(k)) read.add(value);
    return [...read].filter((k) => k >= 0);
  };
  for (;;) {
    const empty = readNodes().find((k) => keptOf(k).length === 0);
    if (empty === undefined) break;
    classes.keep(empty, 0);
    known.clear();
  }

  const read = new Set(readNodes());
  const parameters = new Map<string, Values>();
  const buffers = new Map<string, Values>();
  const entries = nodes.map((node, k) => {
    const { name, layer, inputs } = node;
    if (!read.has(k)) return { name, layer, inputs: inputs.map(() => -1) };
    const kept = keptOf(k);
    const { channels } = ruleOf(layer);
    const each = (slice: (values: Values, name: string) => Values): void => {
      for (const [specs, from, to] of [
        [node.parameters, network.parameters, parameters] as const,
        [node.buffers, network.buffers, buffers] as const,
      ]) {
        for (const spec of specs)
          to.set(`${name}.${spec.name}`, slice(from.get(`${name}.${spec.name}`)!, spec.name));
      }
    };
    if (channels.by === "weight") {
      const isNeeded = (o: number) => needed[k][o] === 1;
      const columns = inputs[0] < 0 || isWhole(inputs[0]) ? undefined : keptOf(inputs[0]);
      // What is left whole may stay packed.
      const whole = columns === undefined && kept.length === node.shape[0] && kept.every(isNeeded);
      each((values, key) => {
        if (key !== "weight") return vector(kept, (o) => (isNeeded(o) ? values.data[o] : 0));
        return whole ? values : sliceWeight(values, kept, columns, isNeeded);
      });
      const to = { out: kept.length, inputs: columns?.length ?? shapeOf(inputs[0])[0] };
      return { name, layer: channels.resized(layer, to), inputs };
    }
    const byChannel = channels.by === "channel" && channels.valuesByChannel;
    each((values) => (byChannel ? sliceChannels(values, kept) : values));
    const cut = channels.by === "channel" && channels.cut;
    return {
      name,
      layer: cut ? cut(layer, { inputs: keptOf(inputs[0]), output: kept }) : layer,
      inputs: inputsOf(k),
    };
  });
  return { ...network, model: modelOf(model.input, entries), parameters, buffers };
}

/** Channels that stand or fall together, those being kept that are needed. */
function classesOf(model: Model, needed: readonly Uint8Array[]): Classes {
  const { nodes } = model;
  const classes = createClasses(nodes.map(({ shape: [channels] }) => channels));

  nodes.forEach(({ layer, inputs }, k) => {
    eachSource(model, k, (c, from, d) => {
      // Tied to the input is kept.
      if (from < 0) classes.keep(k, c);
      else classes.tie(k, c, from, d);
    });
    if (ruleOf(layer).channels.by !== "whole") return;
    // What mixes channels has a place for each of them.
    for (const value of [k, ...inputs].filter((one) => one >= 0)) {
      for (let c = 0; c < nodes[value].shape[0]; c++) classes.keep(value, c);
    }
  });
  needed.forEach((marks, k) => marks.forEach((mark, c) => mark && classes.keep(k, c)));
  return classes;
}

function vector(places: Int32Array, f: (place: number) => number): Values {
  return { shape: [places.length], data: Float32Array.from(places, f) };
}

/** The same channels of each row of values whose last dimension they are. */
function sliceChannels({ shape, data }: Values, kept: Int32Array): Values {
  const channels = shape.at(-1)!;
  const sliced = new Float32Array((data.length / channels) * kept.length);
  for (let k = 0; k < sliced.length; k++) {
    sliced[k] = data[Math.floor(k / kept.length) * channels + kept[k % kept.length]];
  }
  return { shape: [...shape.slice(0, -1), kept.length], data: sliced };
}

/**
 * Rows and columns (or channels with their taps) of a weight; rows that nobody needs become zero.
 *
 * @param channels - undefined: all
 */
function sliceWeight(
  weight: Values,
  rows: Int32Array,
  channels: Int32Array | undefined,
  isNeeded: (row: number) => boolean,
): Values {
  const { shape } = weight;
  const taps = size(shape.slice(2));
  const cols = shape[1] * taps;
  const width = channels?.length ?? shape[1];
  const newRow = newPlaces(shape[0], rows);
  const newColumn = channels && newPlaces(shape[1], channels);
  return moveNonZeros(weight, [rows.length, width, ...shape.slice(2)], (place) => {
    const row = Math.floor(place / cols);
    const column = Math.floor((place % cols) / taps);
    const [r, c] = [newRow[row], newColumn ? newColumn[column] : column];
    return r < 0 || c < 0 || !isNeeded(row) ? -1 : (r * width + c) * taps + (place % taps);
  });
}

/** Where each of `count` goes when only some are left; -1: nowhere. */
function newPlaces(count: number, left: Int32Array): Int32Array {
  const places = new Int32Array(count).fill(-1);
  left.forEach((old, k) => (places[old] = k));
  return places;
}
