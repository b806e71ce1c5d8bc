/**
 * Which connections a net uses: a layer that reads the concatenated channels of several earlier
 * layers is connected to each of them, and a connection is used if one of its weights is not zero.
 * A skip connection is used if its scalar is not.
 *
 * In a DenseNet whose kernels stand and fall in groups, and where skips may open, this is the
 * architecture that training has found. Source: "Neural Architecture Search via Bregman Iterations"
 * (arXiv 2106.02479).
 */
import { eachSource } from "../export/simplify/needed.js";
import { ruleOf } from "../nn/layers/rules.js";
import type { Model } from "../nn/model.js";
import { isWeightRole } from "../runtime/parameter.js";
import type { Connection } from "./events.js";

/** Channels that come from one layer. */
interface Source {
  readonly name: string;
  readonly channels: number;
}

/**
 * The connections of all layers that read two sources or more, and all skip connections, in the
 * order of the model.
 *
 * @param thetaOf - a weight by its name, such as "block1.weight"
 */
export function connectionsOf(model: Model, thetaOf: (name: string) => Float32Array): Connection[] {
  return model.nodes.flatMap(({ name, inputs, parameters }) => {
    const skip = parameters.find(({ role }) => role === "skip");
    if (skip) return skips(model, name, inputs, thetaOf(`${name}.${skip.name}`));
    const weight = parameters.find(({ role }) => isWeightRole(role));
    if (!weight) return [];
    const sources = sourcesOf(model, inputs[0]);
    if (sources.length < 2) return [];
    const theta = thetaOf(`${name}.${weight.name}`);
    const rows = weight.shape[0];
    // Columns are channel by channel, with the taps of a kernel or the pixels of a flattened image
    // inside.
    const columns = theta.length / rows / sources.reduce((sum, { channels }) => sum + channels, 0);
    let from = 0;
    return sources.map((source) => {
      const width = source.channels * columns;
      const nonZeros = countNonZeros(theta, { rows, from, width });
      from += width;
      return { from: source.name, to: name, density: nonZeros / (rows * width) };
    });
  });
}

/** The skip connections into one sum: a scalar for each of its inputs but the first. */
function skips(
  model: Model,
  to: string,
  inputs: readonly number[],
  scalars: Float32Array,
): Connection[] {
  return inputs.slice(1).map((input, k) => {
    const from = sourcesOf(model, input)
      .map((source) => source.name)
      .join(" + ");
    return { from, to, density: scalars[k] === 0 ? 0 : 1, scale: scalars[k] };
  });
}

/** Where the channels of a value come from, in their order: -1 is the model's input. */
function sourcesOf(model: Model, index: number): readonly Source[] {
  if (index < 0) return [{ name: "input", channels: model.input[0] }];
  const { name, layer, inputs, shape } = model.nodes[index];
  const own = [{ name, channels: shape[0] }];
  if (ruleOf(layer).channels.by !== "channel") return own;
  /** By channel: the value and channel that it is made of. */
  const made: (readonly [from: number, channel: number])[] = [];
  let isSum = false;
  eachSource(model, index, (c, from, d) => {
    isSum ||= made[c] !== undefined;
    made[c] = [from, d];
  });
  if (isSum) return own;
  const names = new Map(
    [...new Set(inputs)].map((input) => [input, sourcesOf(model, input).flatMap(channelNames)]),
  );
  // Of a flat tensor the sources are those of the channels it was: as many features have one and
  // the same.
  return runs(made.map(([from, d]) => names.get(from)![d]));
}

const channelNames = ({ name, channels }: Source): string[] =>
  Array.from({ length: channels }, () => name);

/** Neighbours of one name as one source. */
function runs(names: readonly string[]): Source[] {
  const sources: { name: string; channels: number }[] = [];
  for (const name of names) {
    if (sources.at(-1)?.name === name) sources.at(-1)!.channels++;
    else sources.push({ name, channels: 1 });
  }
  return sources;
}

function countNonZeros(
  theta: Float32Array,
  { rows, from, width }: { rows: number; from: number; width: number },
): number {
  const cols = theta.length / rows;
  let count = 0;
  for (let r = 0; r < rows; r++) {
    for (const w of theta.subarray(r * cols + from, r * cols + from + width)) if (w !== 0) count++;
  }
  return count;
}
