/**
 * Slow, obvious float64 twin of the runtime: any graph of layers, its loss, and the gradient of
 * each parameter.
 *
 * Values are row-major by sample: x[((b * channels + c) * height + h) * width + w]; a flat value
 * has height = width = 1. Batch norm is in training mode, or with running statistics in evaluation
 * mode.
 */
import { absoluteError, binaryCrossEntropy } from "./loss.js";
import { InputError } from "#bregman/errors.js";
import type { Model, ModelNode } from "#bregman/nn/model.js";
import { activationOf } from "./activation.js";

export type Parameters = ReadonlyMap<string, Float64Array>;

export interface Batch {
  /** Of those with targets; default meanSquaredError. */
  readonly loss?: string;
  /** [count, features] */
  readonly inputs: Float64Array;
  readonly count: number;
  /** Classes, for cross-entropy. */
  readonly labels?: ArrayLike<number>;
  /** [count, outputs], for the squared error. */
  readonly targets?: Float64Array;
}

interface Image {
  readonly data: Float64Array;
  readonly c: number;
  readonly h: number;
  readonly w: number;
}

const image = (data: Float64Array, shape: readonly number[]): Image => {
  const [c, h = 1, w = 1] = shape;
  return { data, c, h, w };
};
const at = ({ c, h, w }: Image, b: number, k: number, i: number, j: number) =>
  ((b * c + k) * h + i) * w + j;
const empty = (shape: readonly number[], count: number) =>
  image(new Float64Array(count * shape.reduce((product, n) => product * n, 1)), shape);

/** Calls f for each sample, channel and position of an image. */
function each(
  x: Image,
  count: number,
  f: (b: number, k: number, i: number, j: number) => void,
): void {
  for (let b = 0; b < count; b++)
    for (let k = 0; k < x.c; k++)
      for (let i = 0; i < x.h; i++) for (let j = 0; j < x.w; j++) f(b, k, i, j);
}

/** For each term of a convolution's sum: indices of x, of w and of y. */
function eachTerm(
  node: ModelNode,
  x: Image,
  y: Image,
  count: number,
  f: (x: number, w: number, y: number) => void,
): void {
  const { layer } = node;
  if (layer.kind !== "conv2d") throw new Error("not a convolution");
  const [kh, kw] = layer.kernel;
  each(y, count, (b, o, i, j) => {
    for (let c = 0; c < x.c; c++) {
      for (let t = 0; t < kh * kw; t++) {
        const h = i * layer.stride[0] + Math.floor(t / kw) - layer.padding[0][0];
        const w = j * layer.stride[1] + (t % kw) - layer.padding[1][0];
        if (h < 0 || w < 0 || h >= x.h || w >= x.w) continue;
        f(at(x, b, c, h, w), (o * x.c + c) * kh * kw + t, at(y, b, o, i, j));
      }
    }
  });
}

/**
 * The window of a pooling layer for output position (i, j): [row, column] of each position in it.
 */
function windowOf(node: ModelNode, x: Image, i: number, j: number): [number, number][] {
  const { layer } = node;
  if (layer.kind !== "maxPool2d" && layer.kind !== "avgPool2d")
    throw new Error("not a pooling layer");
  const [height, width] = sidesOf(node, x);
  const { stride, padding } = layer;
  const all = Array.from({ length: height * width }, (_, t): [number, number] => [
    i * stride[0] + Math.floor(t / width) - padding[0][0],
    j * stride[1] + (t % width) - padding[1][0],
  ]);
  return all.filter(([h, w]) => h >= 0 && w >= 0 && h < x.h && w < x.w);
}

/** Height and width of the window of a pooling layer. */
function sidesOf({ layer }: ModelNode, x: Image): readonly [height: number, width: number] {
  return ("size" in layer && layer.size) || [x.h, x.w];
}

/** Positions that a mean is over, those beyond the image, too. */
function countOf(node: ModelNode, x: Image): number {
  const [height, width] = sidesOf(node, x);
  return height * width;
}

/** Mean and inverse deviation of each channel. */
function statistics(x: Image, count: number, eps: number): { mean: number; invstd: number }[] {
  return Array.from({ length: x.c }, (_, k) => {
    const values: number[] = [];
    each(x, count, (b, c, i, j) => c === k && values.push(x.data[at(x, b, c, i, j)]));
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    return { mean, invstd: 1 / Math.sqrt(variance + eps) };
  });
}

function nodeForward(
  node: ModelNode,
  xs: readonly Image[],
  parameters: Parameters,
  count: number,
  buffers?: Parameters,
): Image {
  const { layer, name, shape } = node;
  const [x] = xs;
  const y = empty(shape, count);
  const parameter = (key: string) => parameters.get(`${name}.${key}`);
  const activation = activationOf(layer);
  if (activation) return { ...y, data: x.data.map(activation.f) };
  switch (layer.kind) {
    case "linear": {
      const cols = x.data.length / count;
      const w = parameter("weight")!;
      each(y, count, (b, o) => {
        let sum = parameter("bias")?.[o] ?? 0;
        for (let i = 0; i < cols; i++) sum += w[o * cols + i] * x.data[b * cols + i];
        y.data[b * y.c + o] = sum;
      });
      return y;
    }
    case "conv2d": {
      const w = parameter("weight")!;
      each(y, count, (b, o, i, j) => (y.data[at(y, b, o, i, j)] = parameter("bias")?.[o] ?? 0));
      eachTerm(node, x, y, count, (kx, kw, ky) => (y.data[ky] += w[kw] * x.data[kx]));
      return y;
    }
    case "batchNorm2d": {
      const running = buffers?.get(`${name}.running`);
      const stats = running
        ? Array.from({ length: x.c }, (_, k) => ({
            mean: running[k],
            invstd: 1 / Math.sqrt(running[x.c + k] + layer.eps),
          }))
        : statistics(x, count, layer.eps);
      each(y, count, (b, k, i, j) => {
        const { mean, invstd } = stats[k];
        const p = at(y, b, k, i, j);
        y.data[p] = parameter("weight")![k] * (x.data[p] - mean) * invstd + parameter("bias")![k];
      });
      return y;
    }
    case "maxPool2d":
    case "avgPool2d":
      each(y, count, (b, k, i, j) => {
        const values = windowOf(node, x, i, j).map(([h, w]) => x.data[at(x, b, k, h, w)]);
        y.data[at(y, b, k, i, j)] =
          layer.kind === "maxPool2d"
            ? Math.max(...values)
            : values.reduce((s, v) => s + v, 0) / countOf(node, x);
      });
      return y;
    case "flatten":
      return { ...y, data: x.data };
    case "add":
      xs.forEach(({ data }) => data.forEach((v, p) => (y.data[p] += v)));
      return y;
    case "scaledSum": {
      const scale = parameter("scale")!;
      xs.forEach(({ data }, k) =>
        data.forEach((v, p) => (y.data[p] += (k === 0 ? 1 : scale[k - 1]) * v)),
      );
      return y;
    }
    case "concat": {
      let from = 0;
      for (const part of xs) {
        each(
          part,
          count,
          (b, k, i, j) => (y.data[at(y, b, from + k, i, j)] = part.data[at(part, b, k, i, j)]),
        );
        from += part.c;
      }
      return y;
    }
    case "channels":
      each(
        y,
        count,
        (b, k, i, j) => (y.data[at(y, b, k, i, j)] = x.data[at(x, b, layer.from + k, i, j)]),
      );
      return y;
    case "dropout":
      if (buffers) return { ...y, data: x.data };
      throw new Error("dropout has its own test");
    default:
      throw new InputError(`the reference knows no ${layer.kind}`);
  }
}

/** Values: the input first, then each node's output. @param buffers - given: evaluation mode */
export function forward(
  model: Model,
  parameters: Parameters,
  { inputs, count }: Batch,
  buffers?: Parameters,
): Float64Array[] {
  const values = [image(inputs, model.input)];
  for (const node of model.nodes) {
    const xs = node.inputs.map((k) => values[k + 1]);
    values.push(nodeForward(node, xs, parameters, count, buffers));
  }
  return values.map(({ data }) => data);
}

/** Mean loss, and its gradient with respect to the output. */
export function lossAndGradient(
  output: Float64Array,
  batch: Batch,
): { loss: number; gradient: Float64Array } {
  const { count, labels, targets } = batch;
  const features = output.length / count;
  const gradient = new Float64Array(output.length);
  let loss = 0;
  if (targets && batch.loss !== undefined && batch.loss !== "meanSquaredError") {
    const delta = batch.loss === "huber" ? 1 : 0;
    const { loss: sum, grad } =
      batch.loss === "binaryCrossEntropy"
        ? binaryCrossEntropy(output, targets, features)
        : absoluteError(output, targets, features, delta);
    return { loss: sum / output.length, gradient: grad };
  }
  if (targets) {
    output.forEach((y, k) => {
      loss += (y - targets[k]) ** 2 / output.length;
      gradient[k] = (2 * (y - targets[k])) / output.length;
    });
    return { loss, gradient };
  }
  for (let b = 0; b < count; b++) {
    const z = output.subarray(b * features, (b + 1) * features);
    const max = Math.max(...z);
    const total = z.reduce((sum, value) => sum + Math.exp(value - max), 0);
    loss += (Math.log(total) + max - z[labels![b]]) / count;
    z.forEach((value, c) => {
      gradient[b * features + c] =
        (Math.exp(value - max) / total - (c === labels![b] ? 1 : 0)) / count;
    });
  }
  return { loss, gradient };
}

/** Adds the gradients with respect to the inputs to dxs, and sets those of the parameters. */
function nodeBackward(
  node: ModelNode,
  xs: readonly Image[],
  y: Image,
  dy: Image,
  dxs: readonly Image[],
  parameters: Parameters,
  gradients: Map<string, Float64Array>,
  count: number,
): void {
  const { layer, name } = node;
  const [x] = xs;
  const [dx] = dxs;
  const fresh = (key: string) => {
    const theta = parameters.get(`${name}.${key}`);
    if (!theta) return undefined;
    const gradient = new Float64Array(theta.length);
    gradients.set(`${name}.${key}`, gradient);
    return gradient;
  };
  const activation = activationOf(layer);
  if (activation) {
    y.data.forEach((v, p) => (dx.data[p] += activation.derivative(xs[0].data[p], v) * dy.data[p]));
    return;
  }
  switch (layer.kind) {
    case "linear": {
      const cols = x.data.length / count;
      const w = parameters.get(`${name}.weight`)!;
      const dw = fresh("weight")!;
      const db = fresh("bias");
      each(y, count, (b, o) => {
        const d = dy.data[b * y.c + o];
        if (db) db[o] += d;
        for (let i = 0; i < cols; i++) {
          dw[o * cols + i] += d * x.data[b * cols + i];
          dx.data[b * cols + i] += d * w[o * cols + i];
        }
      });
      return;
    }
    case "conv2d": {
      const w = parameters.get(`${name}.weight`)!;
      const dw = fresh("weight")!;
      const db = fresh("bias");
      each(y, count, (b, o, i, j) => db && (db[o] += dy.data[at(y, b, o, i, j)]));
      eachTerm(node, x, y, count, (kx, kw, ky) => {
        dw[kw] += dy.data[ky] * x.data[kx];
        dx.data[kx] += dy.data[ky] * w[kw];
      });
      return;
    }
    case "batchNorm2d": {
      const stats = statistics(x, count, layer.eps);
      const gamma = parameters.get(`${name}.weight`)!;
      const dgamma = fresh("weight")!;
      const dbeta = fresh("bias")!;
      const n = x.data.length / x.c;
      const xhat = (k: number, p: number) => (x.data[p] - stats[k].mean) * stats[k].invstd;
      each(x, count, (b, k, i, j) => {
        const p = at(x, b, k, i, j);
        dgamma[k] += dy.data[p] * xhat(k, p);
        dbeta[k] += dy.data[p];
      });
      each(x, count, (b, k, i, j) => {
        const p = at(x, b, k, i, j);
        dx.data[p] +=
          gamma[k] * stats[k].invstd * (dy.data[p] - dbeta[k] / n - (xhat(k, p) * dgamma[k]) / n);
      });
      return;
    }
    case "maxPool2d":
    case "avgPool2d":
      each(y, count, (b, k, i, j) => {
        const places = windowOf(node, x, i, j).map(([h, w]) => at(x, b, k, h, w));
        const p = at(y, b, k, i, j);
        if (layer.kind === "avgPool2d")
          places.forEach((q) => (dx.data[q] += dy.data[p] / countOf(node, x)));
        else dx.data[places.find((q) => x.data[q] === y.data[p])!] += dy.data[p];
      });
      return;
    case "flatten":
    case "add":
      dxs.forEach((d) => dy.data.forEach((v, p) => (d.data[p] += v)));
      return;
    case "scaledSum": {
      const scale = parameters.get(`${name}.scale`)!;
      const ds = fresh("scale")!;
      dxs.forEach((d, k) => {
        dy.data.forEach((v, p) => {
          d.data[p] += (k === 0 ? 1 : scale[k - 1]) * v;
          if (k > 0) ds[k - 1] += v * xs[k].data[p];
        });
      });
      return;
    }
    case "concat": {
      let from = 0;
      for (const part of dxs) {
        each(
          part,
          count,
          (b, k, i, j) => (part.data[at(part, b, k, i, j)] += dy.data[at(dy, b, from + k, i, j)]),
        );
        from += part.c;
      }
      return;
    }
    case "channels":
      each(
        y,
        count,
        (b, k, i, j) => (dx.data[at(dx, b, layer.from + k, i, j)] += dy.data[at(dy, b, k, i, j)]),
      );
      return;
    case "dropout":
      throw new Error("dropout has its own test");
  }
}

/** Mean loss and the gradient of every parameter. */
export function backward(
  model: Model,
  parameters: Parameters,
  batch: Batch,
): { loss: number; gradients: Map<string, Float64Array> } {
  const { count } = batch;
  const shapes = [model.input, ...model.nodes.map(({ shape }) => shape)];
  const values = forward(model, parameters, batch).map((data, k) => image(data, shapes[k]));
  const { loss, gradient } = lossAndGradient(values.at(-1)!.data, batch);
  const gradients = new Map<string, Float64Array>();
  const derivatives = shapes.map((shape) => empty(shape, count));
  derivatives.at(-1)!.data.set(gradient);
  for (let k = model.nodes.length - 1; k >= 0; k--) {
    const node = model.nodes[k];
    const xs = node.inputs.map((i) => values[i + 1]);
    const dxs = node.inputs.map((i) => derivatives[i + 1]);
    nodeBackward(node, xs, values[k + 1], derivatives[k + 1], dxs, parameters, gradients, count);
  }
  return { loss, gradients };
}
