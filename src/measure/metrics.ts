/**
 * What is measured of a net: densities by layer, active units, multiplications, bytes.
 *
 * Weights are those of linear layers and convolutions; biases, batch norm and skips never count.
 * The paper's plots call a density "sparsity".
 */
import { size } from "../shape-size.js";
import { sparseBytes } from "../export/size.js";
import type { Model } from "../nn/model.js";
import { ruleOf } from "../nn/layers/rules.js";
import type { LayerMetrics, ModelBytes } from "./events.js";
import { nodeModule } from "../runtime/node.js";
import { isWeightRole, layerOf } from "../runtime/parameter.js";
import { nonZeros } from "../runtime/theta.js";
import type { Trainer } from "../engine/trainer.js";
import type { Updater } from "../engine/updater.js";

/** Whether a parameter counts as weights: those of linear layers and of convolutions. */
function isWeight({ parameter: { role } }: Updater): boolean {
  return isWeightRole(role);
}

/** Layer by layer: weights, non-zeros, active units, and the active kernels of convolutions. */
export function layerMetrics(trainer: Trainer): LayerMetrics[] {
  return trainer.updaters.filter(isWeight).map(({ parameter, optimizer }) => {
    const { name, role, shape, rows, cols, kernel } = parameter;
    // Not from the counts: between frozen steps a weight of the pattern may be zero.
    const theta = trainer.theta(name);
    const used = nonZerosByRow(theta, rows);
    const nonZeros = used.reduce((sum, n) => sum + n, 0);
    const taps = size(shape.slice(2));
    return {
      name: layerOf(parameter),
      shape,
      weights: rows * cols,
      nonZeros,
      density: nonZeros / (rows * cols),
      units: rows,
      activeUnits: used.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0),
      ...(role === "conv"
        ? { kernels: (rows * cols) / taps, activeKernels: groups(theta, taps) }
        : {}),
      ...(optimizer.regularizer.lambda > 0 && { lambda: optimizer.regularizer.lambda }),
      kernel,
    };
  });
}

function nonZerosByRow(theta: Float32Array, rows: number): Int32Array {
  const cols = theta.length / rows;
  const used = new Int32Array(rows);
  for (let k = 0; k < theta.length; k++) if (theta[k] !== 0) used[Math.floor(k / cols)]++;
  return used;
}

/** Groups of so many neighbours that are not all zero. */
function groups(theta: Float32Array, size: number): number {
  let active = 0;
  for (let from = 0; from < theta.length; from += size) {
    for (let k = from; k < from + size; k++) {
      if (theta[k] === 0) continue;
      active++;
      break;
    }
  }
  return active;
}

/**
 * Non-zeros / weights of the whole net, from the counts alone: between frozen steps a little too
 * much.
 */
export function netDensity(trainer: Trainer): number {
  return countedDensity(trainer, trainer.updaters.filter(isWeight));
}

/** The same of some of a trainer's parameters. */
export function countedDensity({ pool }: Trainer, updaters: readonly Updater[]): number {
  const total = updaters.reduce((sum, { parameter: { rows, cols } }) => sum + rows * cols, 0);
  return updaters.reduce((sum, { parameter }) => sum + nonZeros(pool.memory, parameter), 0) / total;
}

/** Non-zeros / weights over several layers; 0 over none. */
export function totalDensity(layers: readonly LayerMetrics[]): number {
  const weights = layers.reduce((sum, layer) => sum + layer.weights, 0);
  return weights && layers.reduce((sum, layer) => sum + layer.nonZeros, 0) / weights;
}

/** Kernels with a non-zero weight / kernels, over all convolutions; undefined if there are none. */
export function kernelDensity(layers: readonly LayerMetrics[]): number | undefined {
  const kernels = layers.reduce((sum, layer) => sum + (layer.kernels ?? 0), 0);
  return kernels
    ? layers.reduce((sum, layer) => sum + (layer.activeKernels ?? 0), 0) / kernels
    : undefined;
}

/** Multiplications of a forward pass with the non-zeros only / with all weights. */
export function flopDensity(model: Model, layers: readonly LayerMetrics[]): number {
  let dense = 0;
  let sparse = 0;
  const nodes = new Map(model.nodes.map((node) => [node.name, node]));
  for (const layer of layers) {
    const node = nodes.get(layer.name)!;
    const each = ruleOf(node.layer).multiplicationsPerWeight?.(node.shape) ?? 0;
    dense += layer.weights * each;
    sparse += layer.nonZeros * each;
  }
  return sparse / dense;
}

/** Sum of J(theta) over all parameters, lambda included. */
export function regularizerValue(trainer: Trainer): number {
  return trainer.updaters
    .filter(({ optimizer }) => !optimizer.regularizer.trivial)
    .reduce(
      (sum, { parameter, optimizer }) =>
        sum + optimizer.regularizer.value(trainer.theta(parameter.name), parameter.shape),
      0,
    );
}

/**
 * Bytes that are compressed at brotli's best quality. It takes some seconds a MB, 200 times as long
 * as quality 4: a dense network of 45 MB would keep a run waiting for minutes at its end.
 */
const BEST_BROTLI = 2 ** 22;

/**
 * Bytes of the parameters: dense, as non-zeros with their places (see export/size.ts), and in Node
 * the latter after brotli.
 */
export function modelBytes({ updaters, theta }: Trainer): ModelBytes {
  const all = updaters.map(({ parameter: { name, role } }) => ({ role, data: theta(name) }));
  const dense = all.reduce((sum, { data }) => sum + data.byteLength, 0);
  const sparse = sparseBytes(all);
  const compressed = brotliBytes(sparse);
  return { dense, sparse: sparse.length, ...(compressed !== undefined && { compressed }) };
}

function brotliBytes(bytes: Uint8Array): number | undefined {
  const zlib = nodeModule("node:zlib");
  if (!zlib) return undefined;
  const quality = bytes.length > BEST_BROTLI ? 4 : 11;
  const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: quality };
  return zlib.brotliCompressSync(bytes, { params }).length;
}
