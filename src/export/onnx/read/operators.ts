/** Nodes of an ONNX graph as layers of ours, with their numbers. */
import { InputError } from "../../../errors.js";
import { leakyRelu, relu, tanh } from "../../../nn/layers/activation.js";
import { batchNorm2d } from "../../../nn/layers/batch-norm2d.js";
import { conv2d } from "../../../nn/layers/conv2d.js";
import { add, channels, concat, flatten } from "../../../nn/layers/join.js";
import { linear } from "../../../nn/layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "../../../nn/layers/pool2d.js";
import type { Layer } from "../../../nn/layers/rules.js";
import { scaledSum } from "../../../nn/layers/scaled-sum.js";
import { sigmoid } from "../../../nn/layers/sigmoid.js";
import { silu } from "../../../nn/layers/silu.js";
import type { Values } from "../../../nn/network.js";
import { scaleBy, shiftBy } from "./affine.js";
import { settled } from "./input.js";
import { slicesOf } from "./constant-operators.js";
import type { Constant } from "./constant.js";
import {
  activationAt,
  constantAt,
  floatOf,
  intOf,
  neededAt,
  type NodeAt,
  wholeNumbers,
} from "./node.js";
import { flat, fullShape, reducedAxes, reshape, squeeze, transpose, unsqueeze } from "./shapes.js";
import { type Activation, axisOf, type GraphValue, isChannelsFirst } from "./value.js";
import { sidesOf, windowOf } from "./windows.js";

type Read = (at: NodeAt) => GraphValue | readonly GraphValue[];

/** The k-th input as a layer of ours can read it. */
function read(at: NodeAt, k: number): Activation {
  const x = settled(at, activationAt(at, k));
  if (x.scale !== undefined)
    throw new InputError("reads a value times a number, which only a sum of ours can have");
  return x;
}

function image(at: NodeAt, k: number): Activation {
  const x = read(at, k);
  if (isChannelsFirst(x)) return x;
  const seen = `[${fullShape(at, x).join(", ")}]`;
  throw new InputError(`expected images, [batch, channels, height, width], found ${seen}`);
}

/** Features of a sample in one row. */
function row(at: NodeAt, k: number): Activation {
  const x = read(at, k);
  if (x.seen.length === 1) return x;
  throw new InputError(`expected [batch, features], found [${fullShape(at, x).join(", ")}]`);
}

/** A layer that computes each number alone: it is seen as what it reads. */
const each =
  (layer: (at: NodeAt) => Layer): Read =>
  (at) => {
    const { sides, seen, features } = read(at, 0);
    const y = at.builder.add(layer(at), [read(at, 0)], { name: at.name });
    return { ...y, seen, ...(sides && { sides }), ...(features && { features }) };
  };

function values(shape: readonly number[], data: ArrayLike<number>): Values {
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** y = W x + b, with W of shape [out, in] or turned. */
function product(at: NodeAt, weight: Constant, turned: boolean, bias?: Values): Activation {
  const x = row(at, 0);
  const [out, cols] = turned ? weight.shape.toReversed() : weight.shape;
  if (weight.shape.length !== 2 || cols !== x.seen[0]) {
    throw new InputError(
      `expected a weight for ${x.seen[0]} features, found one of shape [${weight.shape.join(", ")}]`,
    );
  }
  let data = Float32Array.from(weight.data);
  if (turned || x.features) {
    const from = data;
    data = new Float32Array(from.length);
    for (let r = 0; r < out; r++)
      for (let c = 0; c < cols; c++)
        data[r * cols + (x.features?.[c] ?? c)] = from[turned ? c * out + r : r * cols + c];
  }
  return at.builder.add(linear(out, { bias: bias !== undefined }), [x], {
    values: { weight: values([out, cols], data), ...(bias && { bias }) },
    name: at.name,
  });
}

/** One number for each unit: the same for all, or each its own. */
function perUnit(units: number, { shape, data }: Constant, factor: number): Values {
  if (data.length !== 1 && (data.length !== units || shape.at(-1) !== units))
    throw new InputError(`expected a bias for ${units} units, found [${shape.join(", ")}]`);
  const all = data.length === 1 ? new Float64Array(units).fill(data[0]) : data;
  return values([units], factor === 1 ? all : all.map((b) => b * factor));
}

const gemm: Read = (at) => {
  const weight = neededAt(at, 1);
  if (intOf(at, "transA", 0) !== 0) throw new InputError("transA is not read");
  const turned = intOf(at, "transB", 0) === 0;
  const alpha = floatOf(at, "alpha", 1);
  const scaled = alpha === 1 ? weight : { ...weight, data: weight.data.map((w) => w * alpha) };
  const bias = constantAt(at, 2);
  const units = weight.shape[turned ? 1 : 0];
  return product(at, scaled, turned, bias && perUnit(units, bias, floatOf(at, "beta", 1)));
};

const conv: Read = (at) => {
  const x = image(at, 0);
  const weight = neededAt(at, 1);
  const bias = constantAt(at, 2);
  const [out, perGroup, kh, kw] = weight.shape;
  if (weight.shape.length !== 4)
    throw new InputError(`expected a weight of four sides, found [${weight.shape.join(", ")}]`);
  if (intOf(at, "group", 1) !== 1 || perGroup !== x.shape[0]) {
    const group = intOf(at, "group", 1);
    throw new InputError(
      `expected one group of ${x.shape[0]} channels, found ${group} of ${perGroup}`,
    );
  }
  const { stride, padding } = windowOf(at, x, [kh, kw]);
  const layer = conv2d(out, { kernel: [kh, kw], stride, padding, bias: bias !== undefined });
  return at.builder.add(layer, [x], {
    values: {
      weight: values(weight.shape, weight.data),
      ...(bias && { bias: values([out], bias.data) }),
    },
    name: at.name,
  });
};

const batchNorm: Read = (at) => {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((k) => neededAt(at, k));
  const eps = floatOf(at, "epsilon", 1e-5);
  if (intOf(at, "training_mode", 0) !== 0) throw new InputError("training_mode is not read");
  const x = read(at, 0);
  if (x.seen.length === 1) {
    const factor = Float64Array.from(gamma.data, (g, c) => g / Math.sqrt(variance.data[c] + eps));
    const shift = factor.map((a, c) => beta.data[c] - a * mean.data[c]);
    const of = (data: Float64Array) => ({ is: "constant" as const, shape: [data.length], data });
    return shiftBy(at, scaleBy(at, x, of(factor), 1), of(shift), 1);
  }
  const width = gamma.data.length;
  const running = Float32Array.of(...mean.data, ...variance.data);
  const momentum = 1 - floatOf(at, "momentum", 0.9);
  const layer = batchNorm2d({ eps, ...(momentum > 0 && momentum <= 1 && { momentum }) });
  return at.builder.add(layer, [image(at, 0)], {
    values: {
      weight: values([width], gamma.data),
      bias: values([width], beta.data),
      running: values([2, width], running),
    },
    name: at.name,
  });
};

/** x1 + s2 x2 + ...: skips times numbers are a layer of their own. */
const sum: Read = (at) => {
  if (at.inputs.length === 1) return activationAt(at, 0);
  const place = at.inputs.findIndex((value) => value?.is === "constant");
  if (place >= 0 && at.inputs.length === 2)
    return shiftBy(at, activationAt(at, 1 - place), neededAt(at, place), 1);
  const all = at.inputs.map((_, k) => settled(at, activationAt(at, k)));
  const [first] = all;
  if (
    all.some(
      ({ seen, sides }) =>
        seen.join() !== first.seen.join() || sides?.join() !== first.sides?.join(),
    )
  )
    throw new InputError(
      `adds values of several shapes: ${all.map(({ seen }) => `[${seen.join(", ")}]`).join(", ")}`,
    );
  if (all.every(({ scale }) => scale === undefined)) {
    const { seen, sides, features } = first;
    const y = at.builder.add(add(), all, { name: at.name });
    return { ...y, seen, ...(sides && { sides }), ...(features && { features }) };
  }
  const plain = all.findIndex(({ scale }) => scale === undefined);
  if (plain < 0) throw new InputError("adds values each of which is multiplied by a number");
  const skips = all.toSpliced(plain, 1);
  return at.builder.add(scaledSum(), [all[plain], ...skips], {
    values: {
      scale: values(
        [skips.length],
        skips.map(({ scale = 1 }) => scale),
      ),
    },
    name: at.name,
  });
};

const difference: Read = (at) => {
  if (at.inputs[0]?.is === "constant") throw new InputError("takes a value off a constant");
  return shiftBy(at, activationAt(at, 0), neededAt(at, 1), -1);
};

const times: Read = (at) => {
  const place = at.inputs.findIndex((value) => value?.is === "constant");
  if (place >= 0) return scaleBy(at, activationAt(at, 1 - place), neededAt(at, place), 1);
  // x sigmoid(x)
  for (const [k, other] of [
    [0, 1],
    [1, 0],
  ]) {
    const [x, gate] = [activationAt(at, k), activationAt(at, other)];
    const { builder } = at;
    if (builder.layerOf(gate)?.kind === "sigmoid" && builder.inputsOf(gate)[0] === x.entry) {
      const { seen, sides, features } = x;
      const y = builder.add(silu(), [x], { name: at.name });
      return { ...y, seen, ...(sides && { sides }), ...(features && { features }) };
    }
  }
  throw new InputError("multiplies two values, which no layer of ours does");
};

const quotient: Read = (at) => {
  if (at.inputs[0]?.is === "constant") throw new InputError("divides a constant by a value");
  return scaleBy(at, activationAt(at, 0), neededAt(at, 1), -1);
};

/** The axis of a sample's channels or features, checked. */
function alongChannels(x: Activation, axis: number): void {
  const side = axis - 1;
  if (x.features || (x.sides ? x.sides[side] !== 0 : side !== 0))
    throw new InputError(`expected the axis of the channels, found ${axis}`);
}

const joined: Read = (at) => {
  const all = at.inputs.map((_, k) => read(at, k));
  alongChannels(all[0], axisOf(intOf(at, "axis", 1), all[0].seen.length + 1));
  const { sides } = all[0];
  if (all.some((x) => x.sides?.join() !== sides?.join() || x.features))
    throw new InputError("joins values whose sides are in several orders");
  return seenLike(all[0], at.builder.add(concat(), all, { name: at.name }));
};

/** A new value whose sides are in the order of another's. */
function seenLike({ sides }: Activation, y: Activation): Activation {
  return sides ? { ...y, sides, seen: sides.map((side) => y.shape[side]) } : y;
}

const sliced: Read = (at) => {
  let x = read(at, 0);
  for (const { axis, from, to } of slicesOf(at, fullShape(at, x))) {
    if (from === 0 && to === fullShape(at, x)[axis]) continue;
    alongChannels(x, axis);
    x = seenLike(x, at.builder.add(channels(from, to - from), [x], { name: at.name }));
  }
  return x;
};

const split: Read = (at) => {
  const x = read(at, 0);
  const axis = axisOf(intOf(at, "axis", 0), x.seen.length + 1);
  alongChannels(x, axis);
  const width = x.seen[axis - 1];
  const parts = at.node.output.length;
  const equal = Array.from({ length: parts }, (_, k) =>
    Math.min(Math.ceil(width / parts), width - k * Math.ceil(width / parts)),
  );
  let from = 0;
  return (wholeNumbers(at, 1, "split") ?? equal).map((count) => {
    const part = at.builder.add(channels(from, count), [x]);
    from += count;
    return seenLike(x, part);
  });
};

const pooled =
  (kind: "max" | "mean"): Read =>
  (at) => {
    const x = image(at, 0);
    const [height, width] = sidesOf(at);
    const { stride, padding } = windowOf(at, x, [height, width]);
    if (height !== width || padding !== 0) {
      throw new InputError(
        `expected square windows without padding, found ${height} x ${width} with ${padding}`,
      );
    }
    const layer = kind === "max" ? maxPool2d(height, { stride }) : avgPool2d(height, { stride });
    return at.builder.add(layer, [x], { name: at.name });
  };

const wholeMean: Read = (at) =>
  at.builder.add(globalAvgPool2d(), [image(at, 0)], { name: at.name });

const wholeMaximum: Read = (at) => {
  const x = image(at, 0);
  const [, height, width] = x.shape;
  if (height !== width) throw new InputError(`expected a square image, found ${height} x ${width}`);
  return at.builder.add(maxPool2d(height), [x], { name: at.name });
};

const mean: Read = (at) => {
  const x = read(at, 0);
  const sides = reducedAxes(at, x).map((axis) => x.sides?.[axis]);
  if (sides.toSorted().join() !== "1,2")
    throw new InputError("expected a mean over height and width");
  const y = at.builder.add(globalAvgPool2d(), [x], { name: at.name });
  if (intOf(at, "keepdims", 1) === 0) return at.builder.add(flatten(), [y]);
  return { ...y, sides: x.sides!, seen: x.sides!.map((side) => y.shape[side]) };
};

const same: Read = (at) => activationAt(at, 0);

/** The last layer gives logits, and who wants probabilities takes them from there. */
const probabilities: Read = (at) => {
  const x = read(at, 0);
  const rank = x.seen.length + 1;
  if (!at.isOutput || axisOf(intOf(at, "axis", at.opset < 13 ? 1 : -1), rank) !== rank - 1)
    throw new InputError("is read only as the last node, over the classes: it is left out there");
  return x;
};

/** Every operator that is read. */
export const OPERATORS: Readonly<Record<string, Read>> = {
  Gemm: gemm,
  MatMul: (at) => product(at, neededAt(at, 1), true),
  Conv: conv,
  BatchNormalization: batchNorm,
  Relu: each(() => relu()),
  LeakyRelu: each((at) => leakyRelu({ slope: floatOf(at, "alpha", 0.01) })),
  PRelu: each((at) => {
    const { data } = neededAt(at, 1);
    if (data.some((slope) => slope !== data[0])) throw new InputError("expected one slope for all");
    return leakyRelu({ slope: data[0] });
  }),
  Tanh: each(() => tanh()),
  Sigmoid: each(() => sigmoid()),
  Add: sum,
  Sum: sum,
  Sub: difference,
  Mul: times,
  Div: quotient,
  Concat: joined,
  Slice: sliced,
  Split: split,
  MaxPool: pooled("max"),
  AveragePool: pooled("mean"),
  GlobalAveragePool: wholeMean,
  GlobalMaxPool: wholeMaximum,
  ReduceMean: mean,
  Flatten: flat,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Shape: (at) => {
    const full = fullShape(at, activationAt(at, 0));
    return { is: "constant", shape: [full.length], data: Float64Array.from(full) };
  },
  Dropout: same,
  Identity: same,
  Cast: same,
  Softmax: probabilities,
  LogSoftmax: probabilities,
};
