/**
 * Slow, obvious float64 twin of the runtime: a chain of linear and ReLU layers, its loss, and the gradient of each parameter.
 *
 * Everything is row-major by sample: x[b * features + i].
 */
import type { Model } from "#bregman/nn/model.js";

export type Parameters = ReadonlyMap<string, Float64Array>;

export interface Batch {
  /** [count, features] */
  readonly inputs: Float64Array;
  readonly count: number;
  /** Classes, for cross-entropy. */
  readonly labels?: ArrayLike<number>;
  /** [count, outputs], for the squared error. */
  readonly targets?: Float64Array;
}

/** Activations: the input first, then each node's output. */
export function forward(model: Model, parameters: Parameters, { inputs, count }: Batch): Float64Array[] {
  const activations = [inputs];
  for (const node of model.nodes) {
    const x = activations.at(-1)!;
    if (node.layer.kind === "relu") {
      activations.push(x.map((value) => Math.max(value, 0)));
      continue;
    }
    const cols = x.length / count;
    const rows = node.shape[0];
    const w = parameters.get(`${node.name}.weight`)!;
    const bias = parameters.get(`${node.name}.bias`);
    const y = new Float64Array(count * rows);
    for (let b = 0; b < count; b++) {
      for (let o = 0; o < rows; o++) {
        let sum = bias ? bias[o] : 0;
        for (let i = 0; i < cols; i++) sum += w[o * cols + i] * x[b * cols + i];
        y[b * rows + o] = sum;
      }
    }
    activations.push(y);
  }
  return activations;
}

/** Mean loss, and its gradient with respect to the output. */
export function lossAndGradient(output: Float64Array, batch: Batch): { loss: number; gradient: Float64Array } {
  const { count, labels, targets } = batch;
  const features = output.length / count;
  const gradient = new Float64Array(output.length);
  let loss = 0;
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
      gradient[b * features + c] = (Math.exp(value - max) / total - (c === labels![b] ? 1 : 0)) / count;
    });
  }
  return { loss, gradient };
}

/** Mean loss and the gradient of every parameter. */
export function backward(
  model: Model,
  parameters: Parameters,
  batch: Batch,
): { loss: number; gradients: Map<string, Float64Array> } {
  const { count } = batch;
  const activations = forward(model, parameters, batch);
  const { loss, gradient } = lossAndGradient(activations.at(-1)!, batch);
  const gradients = new Map<string, Float64Array>();
  let dy = gradient;
  for (let k = model.nodes.length - 1; k >= 0; k--) {
    const node = model.nodes[k];
    const x = activations[k];
    if (node.layer.kind === "relu") {
      dy = dy.map((value, i) => (x[i] > 0 ? value : 0));
      continue;
    }
    const rows = node.shape[0];
    const cols = x.length / count;
    const w = parameters.get(`${node.name}.weight`)!;
    const dw = new Float64Array(rows * cols);
    const db = new Float64Array(rows);
    const dx = new Float64Array(x.length);
    for (let b = 0; b < count; b++) {
      for (let o = 0; o < rows; o++) {
        const d = dy[b * rows + o];
        db[o] += d;
        for (let i = 0; i < cols; i++) {
          dw[o * cols + i] += d * x[b * cols + i];
          dx[b * cols + i] += d * w[o * cols + i];
        }
      }
    }
    gradients.set(`${node.name}.weight`, dw);
    if (parameters.has(`${node.name}.bias`)) gradients.set(`${node.name}.bias`, db);
    dy = dx;
  }
  return { loss, gradients };
}
