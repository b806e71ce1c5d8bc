/**
 * Our layers as they are read out of a graph, with their numbers, which may still change: a bias
 * that is added behind goes into the layer before, as does a factor.
 */
import { InputError } from "../../../errors.js";
import type { Layer } from "../../../nn/layers/rules.js";
import { ruleOf } from "../../../nn/layers/rules.js";
import { flatten } from "../../../nn/layers/join.js";
import type { Model } from "../../../nn/model.js";
import { modelOf } from "../../../nn/rebuild.js";
import type { Network, Values } from "../../../nn/network.js";
import type { Shape } from "../../../regularizers/regularizer.js";
import { size } from "../../../shape-size.js";
import { ROW } from "./input.js";
import { type SampleValue, givenBy } from "./value.js";

/** A layer with its numbers. */
interface Entry {
  name: string;
  layer: Layer;
  readonly inputs: readonly number[];
  readonly values: Map<string, Values>;
}

/** What the input is, once somebody has asked. */
interface InputPlace {
  shape?: Shape;
  /** Whether the graph's has its channels last. */
  turned?: boolean;
  /** One number for each feature, or one: what the first nodes take off, and divide by. */
  mean?: Float64Array;
  std?: Float64Array;
}

/** Makes a network of layers. */
export interface Builder {
  readonly input: InputPlace;
  /**
   * Adds a layer that reads these values.
   *
   * @param values - of its parameters and buffers, by their own names
   */
  add(layer: Layer, xs: readonly SampleValue[], options?: AddOptions): SampleValue;
  /** y = a x + b for each channel or feature, within the layer that gives x. */
  scaleInto(x: SampleValue, a: Float64Array | undefined, b: Float64Array): void;
  /** The layer that gives a value. */
  layerOf(value: SampleValue): Layer | undefined;
  network(output: SampleValue): Network;
}

interface AddOptions {
  readonly values?: Readonly<Record<string, Values>>;
  readonly name?: string | undefined;
}

export function createBuilder(): Builder {
  const entries: Entry[] = [];
  const names = new Set<string>();
  const counts = new Map<string, number>();
  const input: InputPlace = {};

  /** A name that no other layer has. */
  const nameOf = (kind: string, wanted: string | undefined): string => {
    for (;;) {
      const count = (counts.get(wanted ?? kind) ?? 0) + 1;
      counts.set(wanted ?? kind, count);
      const name =
        wanted === undefined ? `${kind}${count}` : count > 1 ? `${wanted}.${count}` : wanted;
      if (names.has(name)) continue;
      names.add(name);
      return name;
    }
  };

  /** The model; where an image is read as a row, too, behind a flatten. */
  const modelOfEntries = (shape: Shape, output: number): Model => {
    const isFlattened = shape.length === 3 && entries.some(({ inputs }) => inputs.includes(ROW));
    const row = { name: nameOf("flatten", undefined), layer: flatten(), inputs: [-1] };
    const by = isFlattened ? 1 : 0;
    const moved = (entry: number) => (entry >= 0 ? entry + by : entry === ROW && by ? 0 : -1);
    const all = entries.map((entry) => ({ ...entry, inputs: entry.inputs.map(moved) }));
    return modelOf(shape, isFlattened ? [row, ...all] : all, moved(output));
  };

  return {
    input,
    add(layer, xs, { values = {}, name } = {}) {
      const inputs = xs.map((x) => x.shape);
      const shape = ruleOf(layer).outputShape(layer, inputs);
      entries.push({
        name: nameOf(layer.kind, name),
        layer,
        inputs: xs.map(({ entry }) => entry),
        values: new Map(Object.entries(values)),
      });
      return givenBy(entries.length - 1, shape);
    },
    scaleInto({ entry }, a, b) {
      const found = entries[entry];
      const { values } = found;
      const weight = values.get("weight")!;
      const cols = size(weight.shape.slice(1));
      if (a) {
        const data = weight.data.map((w, k) => w * a[Math.floor(k / cols)]);
        values.set("weight", { shape: weight.shape, data });
      }
      const before = values.get("bias")?.data;
      const bias = Float32Array.from(b, (shift, k) => (before?.[k] ?? 0) * (a?.[k] ?? 1) + shift);
      values.set("bias", { shape: [bias.length], data: bias });
      found.layer = { ...found.layer, bias: true } as Layer;
    },
    layerOf: ({ entry }) => entries[entry]?.layer,
    network(output) {
      // Numbers may be taken off the input, or nothing at all.
      const { entry } = output.entry < 0 ? this.add(flatten(), [output]) : output;
      const model = modelOfEntries(input.shape!, entry);
      const valuesOf = new Map(entries.map(({ name, values }) => [name, values]));
      const [parameters, buffers] = [new Map<string, Values>(), new Map<string, Values>()];
      for (const node of model.nodes) {
        const values = valuesOf.get(node.name);
        for (const { name } of node.parameters)
          parameters.set(`${node.name}.${name}`, values!.get(name)!);
        for (const { name } of node.buffers)
          buffers.set(`${node.name}.${name}`, values!.get(name)!);
      }
      for (const [name, { data }] of [...parameters, ...buffers])
        if (!data.every(Number.isFinite))
          throw new InputError(`"${name}" holds numbers that are not finite`);
      const normalization = normalizationOf(input, input.shape!);
      return { model, parameters, buffers, ...(normalization && { normalization }) };
    },
  };
}

/** As few numbers as say the same: one, one a channel, or one a feature. */
function normalizationOf(
  { mean, std }: InputPlace,
  shape: Shape,
): Network["normalization"] | undefined {
  if (!mean && !std) return undefined;
  const features = size(shape);
  const all = {
    mean: mean ?? new Float64Array(features),
    std: std ?? new Float64Array(features).fill(1),
  };
  const channels = shape.length === 3 ? shape[0] : 1;
  const count = [1, channels].find((n) => {
    const run = features / n;
    return Object.values(all).every((list) =>
      list.every((x, k) => x === list[Math.floor(k / run) * run]),
    );
  });
  const run = features / (count ?? features);
  const few = (list: Float64Array) => Array.from(list.filter((_, k) => k % run === 0));
  return { mean: few(all.mean), std: few(all.std) };
}
