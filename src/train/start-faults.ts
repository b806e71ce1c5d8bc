/**
 * What a start has lost before training: the way from the inputs to the outputs, whole layers,
 * units that can't be born.
 *
 * A unit without weights gives its bias b whatever the input. That alone is no harm: its weights
 * have a gradient, and are born when their time has come. But where the ReLU behind it gets at most
 * 0 for every sample, no gradient comes back, for ever. So it is with a bias that is not positive,
 * and with any constant behind batch norm, which makes 0 of it.
 *
 *     forward    of each channel its value where that is the same for every input, NaN where it is not
 *     backward   of each channel whether a gradient can reach it, all weights taken for ones that may be born
 */
import { eachSource } from "../export/simplify/needed.js";
import { SOME_CONSTANT, type Place } from "../nn/layers/channels.js";
import { ruleOf } from "../nn/layers/rules.js";
import { inputShapes, type Model } from "../nn/model.js";
import { isWeightRole } from "../runtime/parameter.js";

type Parameters = ReadonlyMap<string, Float32Array>;

/** Layers that a line names. */
const MOST_NAMED = 3;

const CURE = "let init draw more there (density), or at least one for each unit (atLeast: 1)";

/**
 * One line for each kind of fault, none for a good start.
 *
 * @param initial - theta by parameter name, as initialParameters draws it
 */
export function startFaults(model: Model, initial: Parameters): string[] {
  const layers = model.nodes.flatMap(({ name, parameters }, k) => {
    const weight = parameters.find(({ role }) => isWeightRole(role));
    if (!weight) return [];
    const [units] = weight.shape;
    return [
      {
        k,
        name: `"${name}"`,
        units,
        empty: emptyRows(initial.get(`${name}.${weight.name}`)!, units),
      },
    ];
  });
  const empty = layers
    .filter((layer) => layer.empty.length === layer.units)
    .map(({ name }) => name);
  const values = constantsOf(model, initial);
  if (!values.at(-1)!.some(Number.isNaN)) {
    // Without an empty layer it is one whose weights all read units that have none.
    const [first] = layers.filter(({ k }) => !values[k].some(Number.isNaN)).map(({ name }) => name);
    const where =
      empty.length > 0 ? `no weight in ${listed(empty)}` : `all that ${first} reads is constant`;
    return [`the start leaves no way from the inputs to the outputs: ${where}; ${CURE}`];
  }
  const reached = reachedOf(model, values);
  const lost = layers.flatMap(({ k, name, units, empty: rows }) => {
    const count = rows.filter((c) => !reached[k][c]).length;
    return count > 0 ? [`${count} of ${units} in ${name}`] : [];
  });
  return [
    ...(empty.length > 0 ? [`the start leaves no weight in ${listed(empty)}; ${CURE}`] : []),
    ...(lost.length > 0
      ? [
          `the start leaves units that no weight can be born in, their ReLU being 0 for ever: ${listed(lost)}; ${CURE}`,
        ]
      : []),
  ];
}

function listed(texts: readonly string[]): string {
  const more = texts.length - MOST_NAMED;
  return `${texts.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function emptyRows(theta: Float32Array, rows: number): number[] {
  const cols = theta.length / rows;
  const isEmpty = (r: number) => theta.subarray(r * cols, (r + 1) * cols).every((w) => w === 0);
  return Array.from({ length: rows }, (_, r) => r).filter(isEmpty);
}

/** By node: the constant of each channel, NaN where it depends on the input. */
function constantsOf(model: Model, initial: Parameters): Float64Array[] {
  const values: Float64Array[] = [];
  const input = new Float64Array(model.input[0]).fill(NaN);
  const of = (value: number) => (value < 0 ? input : values[value]);
  model.nodes.forEach((node, k) => {
    const { name, layer, inputs, shape, parameters } = node;
    const { channels } = ruleOf(layer);
    const place: Place = {
      inputs: inputShapes(model, node),
      output: shape,
      values: (key) => ({
        shape: parameters.find((spec) => spec.name === key)!.shape,
        data: initial.get(`${name}.${key}`)!,
      }),
    };
    if (channels.by === "whole") {
      values.push(new Float64Array(shape[0]).fill(NaN));
      return;
    }
    if (channels.by === "weight") {
      const bias = initial.get(`${name}.bias`);
      const { data } = place.values("weight");
      const cols = data.length / shape[0];
      const hasBorder = channels.tapsInside?.(layer, place).includes(false) ?? false;
      const unit = (o: number) =>
        unitConstant(
          data.subarray(o * cols, (o + 1) * cols),
          of(inputs[0]),
          bias?.[o] ?? 0,
          hasBorder,
        );
      values.push(Float64Array.from({ length: shape[0] }, (_, o) => unit(o)));
      return;
    }
    const out = (channels.constantsInTraining ?? channels.constants)(layer, inputs.map(of), place);
    const isOff = channels.isOff?.(place);
    eachSource(model, k, (c, from, d, at) => {
      if (of(from)[d] === SOME_CONSTANT && !Number.isNaN(out[c]) && !isOff?.(c, at))
        out[c] = SOME_CONSTANT;
    });
    values.push(out);
  });
  return values;
}

/** b + sum w x of one unit, for inputs that are constants or depend on the input. */
function unitConstant(
  row: Float32Array,
  x: Float64Array,
  bias: number,
  hasBorder: boolean,
): number {
  const taps = row.length / x.length;
  let sum = bias;
  for (let i = 0; i < row.length; i++) {
    const value = x[Math.floor(i / taps)];
    if (row[i] === 0 || value === 0) continue;
    if (Number.isNaN(value)) return NaN;
    // At the border of an image padding's zeros stand beside the constant.
    sum = hasBorder ? SOME_CONSTANT : known(sum + row[i] * value);
  }
  return sum;
}

/** Sums with what is not known are not known either. */
function known(value: number): number {
  return value === -Infinity ? SOME_CONSTANT : value;
}

/** By node: 1 for each channel that a gradient can reach. */
function reachedOf(model: Model, values: readonly Float64Array[]): Uint8Array[] {
  const { nodes } = model;
  const reached = nodes.map(({ shape }) => new Uint8Array(shape[0]));
  reached.at(-1)!.fill(1);
  for (let k = nodes.length - 1; k >= 0; k--) {
    const { layer, inputs } = nodes[k];
    const { channels } = ruleOf(layer);
    if (channels.by !== "channel") {
      if (reached[k].includes(1))
        for (const value of inputs) if (value >= 0) reached[value].fill(1);
      continue;
    }
    eachSource(model, k, (c, from, d) => {
      const isShut = from >= 0 && channels.isFlat?.(values[from][d]);
      if (from >= 0 && reached[k][c] && !isShut) reached[from][d] = 1;
    });
  }
  return reached;
}
