/** Nodes of an ONNX graph as layers of ours, with their numbers. */
import { InputError } from "../../../errors.js";
import { leakyRelu } from "../../../nn/layers/activation.js";
import { batchNorm2d } from "../../../nn/layers/batch-norm2d.js";
import { conv2d } from "../../../nn/layers/conv2d.js";
import { channels, concat, flatten } from "../../../nn/layers/join.js";
import { linear } from "../../../nn/layers/linear.js";
import { avgPool2d, globalAvgPool2d, maxPool2d } from "../../../nn/layers/pool2d.js";
import { onnxOperators } from "../../../nn/layers/part-of.js";
import type { Values } from "../../../nn/network.js";
import { scaleBy, shiftBy } from "./affine.js";
import { slicesOf } from "./constant-operators.js";
import { type Constant, constant, FLOATING } from "./constant.js";
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
import { difference, gate, product, quotient, sum } from "./arithmetic.js";
import { each, image, read, type ReadOperator, scaledImage, scaledRow, valuesOf } from "./reads.js";
import { type SampleValue, axisOf, inOrderOf } from "./value.js";
import { wholeWeight } from "./whole-weight.js";
import { kernelOf, windowOf } from "./windows.js";

/** Numbers of a weight, times the factor of what it reads. */
function timesFactor({ data }: Constant, { scale = 1 }: SampleValue): Float32Array {
  return Float32Array.from(data, (w) => w * scale);
}

/** y = W x + b, with W of shape [out, in] or turned. */
function weighted(at: NodeAt, weight: Constant, turned: boolean, bias?: Values): SampleValue {
  const x = scaledRow(at, 0);
  const [out, cols] = turned ? weight.shape.toReversed() : weight.shape;
  if (weight.shape.length !== 2 || cols !== x.seen[0]) {
    throw new InputError(
      `expected a weight for ${x.seen[0]} features, found one of shape [${weight.shape.join(", ")}]`,
    );
  }
  let data = timesFactor(weight, x);
  if (turned || x.features) {
    const from = data;
    data = new Float32Array(from.length);
    for (let r = 0; r < out; r++)
      for (let c = 0; c < cols; c++)
        data[r * cols + (x.features?.[c] ?? c)] = from[turned ? c * out + r : r * cols + c];
  }
  return at.builder.add(linear(out, { bias: bias !== undefined }), [x], {
    values: { weight: valuesOf([out, cols], data), ...(bias && { bias }) },
    name: at.name,
  });
}

/** One number for each unit: the same for all, or each its own. */
function perUnit(units: number, { shape, data }: Constant, factor: number): Values {
  if (data.length !== 1 && (data.length !== units || shape.at(-1) !== units))
    throw new InputError(`expected a bias for ${units} units, found [${shape.join(", ")}]`);
  const all = data.length === 1 ? new Float64Array(units).fill(data[0]) : data;
  return valuesOf([units], factor === 1 ? all : all.map((b) => b * factor));
}

const gemm: ReadOperator = (at) => {
  const weight = neededAt(at, 1);
  if (intOf(at, "transA", 0) !== 0) throw new InputError("transA is not read");
  const turned = intOf(at, "transB", 0) === 0;
  const alpha = floatOf(at, "alpha", 1);
  const scaled = alpha === 1 ? weight : { ...weight, data: weight.data.map((w) => w * alpha) };
  const bias = constantAt(at, 2);
  const units = weight.shape[turned ? 1 : 0];
  return weighted(at, scaled, turned, bias && perUnit(units, bias, floatOf(at, "beta", 1)));
};

const conv: ReadOperator = (at) => {
  const x = scaledImage(at, 0);
  const weight = neededAt(at, 1);
  const bias = constantAt(at, 2);
  const [out, , ...kernel] = weight.shape;
  const window = windowOf(at, x, kernel);
  const { size, stride, padding } = window;
  const layer = conv2d(out, { kernel: size, stride, padding, bias: bias !== undefined });
  const all = wholeWeight(weight, x.shape[0], intOf(at, "group", 1), window);
  const y = at.builder.add(layer, [x], {
    values: {
      weight: valuesOf(all.shape, timesFactor(all, x)),
      ...(bias && { bias: valuesOf([out], bias.data) }),
    },
    name: at.name,
  });
  return inOrderOf(x, y);
};

const batchNorm: ReadOperator = (at) => {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((k) => neededAt(at, k));
  const eps = floatOf(at, "epsilon", 1e-5);
  if (intOf(at, "training_mode", 0) !== 0) throw new InputError("training_mode is not read");
  const x = activationAt(at, 0);
  const channel = x.sides ? x.shape[0] : x.seen[0];
  if ([gamma, beta, mean, variance].some(({ data }) => data.length !== channel))
    throw new InputError(`expected four numbers for each of ${channel} channels`);
  if (x.seen.length === 1) {
    const factor = Float64Array.from(gamma.data, (g, c) => g / Math.sqrt(variance.data[c] + eps));
    const shift = factor.map((a, c) => beta.data[c] - a * mean.data[c]);
    const of = (data: Float64Array) => constant([data.length], data);
    return shiftBy(at, scaleBy(at, x, of(factor), 1), of(shift), 1);
  }
  const width = gamma.data.length;
  const running = new Float32Array(2 * width);
  running.set(mean.data);
  running.set(variance.data, width);
  const momentum = 1 - floatOf(at, "momentum", 0.9);
  const layer = batchNorm2d({ eps, ...(momentum > 0 && momentum <= 1 && { momentum }) });
  const read = image(at, 0);
  const y = at.builder.add(layer, [read], {
    values: {
      weight: valuesOf([width], gamma.data),
      bias: valuesOf([width], beta.data),
      running: valuesOf([2, width], running),
    },
    name: at.name,
  });
  return inOrderOf(read, y);
};

/** The axis of a sample's channels or features, checked. */
function alongChannels(x: SampleValue, axis: number): void {
  const side = axis - 1;
  if (x.features || (x.sides ? x.sides[side] !== 0 : side !== 0))
    throw new InputError(`expected the axis of the channels, found ${axis}`);
}

const joined: ReadOperator = (at) => {
  const all = at.inputs.map((_, k) => read(at, k));
  alongChannels(all[0], axisOf(intOf(at, "axis", 1), all[0].seen.length + 1));
  const { sides } = all[0];
  if (all.some((x) => x.sides?.join() !== sides?.join() || x.features))
    throw new InputError("joins values whose sides are in several orders");
  return inOrderOf(all[0], at.builder.add(concat(), all, { name: at.name }));
};

const sliced: ReadOperator = (at) => {
  let x = read(at, 0);
  for (const { axis, from, to } of slicesOf(at, fullShape(at, x))) {
    if (from === 0 && to === fullShape(at, x)[axis]) continue;
    alongChannels(x, axis);
    x = inOrderOf(x, at.builder.add(channels(from, to - from), [x], { name: at.name }));
  }
  return x;
};

const split: ReadOperator = (at) => {
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
    return inOrderOf(x, part);
  });
};

const pooled =
  (kind: "max" | "mean"): ReadOperator =>
  (at) => {
    const x = image(at, 0);
    const { size, dilation, ...options } = windowOf(at, x, kernelOf(at));
    if (dilation.some((n) => n !== 1))
      throw new InputError("expected a window without holes, found dilations");
    const isPadded = options.padding.some((axis) => axis.some((one) => one > 0));
    if (kind === "mean" && isPadded && intOf(at, "count_include_pad", 0) === 0)
      throw new InputError("reads means that leave the border out, and ours count its zeros");
    const layer = kind === "max" ? maxPool2d(size, options) : avgPool2d(size, options);
    return inOrderOf(x, at.builder.add(layer, [x], { name: at.name }));
  };

const wholeMean: ReadOperator = (at) => {
  const x = image(at, 0);
  return inOrderOf(x, at.builder.add(globalAvgPool2d(), [x], { name: at.name }));
};

const wholeMaximum: ReadOperator = (at) => {
  const x = image(at, 0);
  const [, height, width] = x.shape;
  return inOrderOf(x, at.builder.add(maxPool2d([height, width]), [x], { name: at.name }));
};

const mean: ReadOperator = (at) => {
  const x = read(at, 0);
  const sides = reducedAxes(at, x).map((axis) => x.sides?.[axis]);
  const others = x.sides?.filter((side) => side !== 0) ?? [];
  const isWhole = x.sides?.includes(0) && sides.toSorted().join() === others.toSorted().join();
  if (!isWhole) throw new InputError("expected a mean over height and width");
  const y = at.builder.add(globalAvgPool2d(), [x], { name: at.name });
  if (intOf(at, "keepdims", 1) === 0) return at.builder.add(flatten(), [y]);
  return inOrderOf(x, y);
};

const same: ReadOperator = (at) => activationAt(at, 0);

/** The last layer gives logits, and who wants probabilities takes them from there. */
const probabilities: ReadOperator = (at) => {
  const x = read(at, 0);
  const rank = x.seen.length + 1;
  if (
    x.seen.length !== 1 ||
    !at.isOutput ||
    axisOf(intOf(at, "axis", at.opset < 13 ? 1 : -1), rank) !== rank - 1
  )
    throw new InputError("is read only as the last node, over the classes: it is left out there");
  return x;
};

/** Every operator that is read. */
export const OPERATORS: Readonly<Record<string, ReadOperator>> = {
  Gemm: gemm,
  MatMul: (at) => weighted(at, neededAt(at, 1), true),
  Conv: conv,
  BatchNormalization: batchNorm,
  ...Object.fromEntries(
    Array.from(onnxOperators, ([operator, layer]) => [
      operator,
      each((at) => layer((name, otherwise) => floatOf(at, name, otherwise))),
    ]),
  ),
  PRelu: each((at) => {
    const { data } = neededAt(at, 1);
    if (data.some((slope) => slope !== data[0])) throw new InputError("expected one slope for all");
    return leakyRelu({ slope: data[0] });
  }),
  Sigmoid: gate,
  Add: sum,
  Sum: sum,
  Sub: difference,
  Mul: product,
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
    const part = full.slice(intOf(at, "start", 0), intOf(at, "end", full.length));
    return constant([part.length], part, true);
  },
  Dropout: same,
  Identity: same,
  Cast(at) {
    if (FLOATING.has(intOf(at, "to", 1))) return activationAt(at, 0);
    throw new InputError("casts what depends on the input to whole numbers");
  },
  Softmax: probabilities,
  LogSoftmax: probabilities,
};
