/**
 * The problem every side of the MLP benchmark solves: the same weights, the same batches, the same
 * numbers of the method.
 *
 * Network 784-200-80-10 with ReLU between the layers, batches of 128 MNIST digits, mean
 * cross-entropy, and one LinBreg step (Bungert, Roith, Tenbrinck, Burger, JMLR 23:192, 2022,
 * algorithm 1) with J = lambda |theta|_1 and delta = 1: v <- v - tau g, theta <- shrink(v, lambda).
 * Biases have J = 0, so theta = v. At density 1 lambda is 0.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { loadMnist } from "../../dist/data/mnist.js";
import { random } from "./random.mjs";

export const SIZES = [784, 200, 80, 10];
export const BATCH = 128;
export const TAU = 0.1;

/** Batches each side cycles through. */
export const BATCHES = 32;

/**
 * Frozen steps after each fine one, where steps are frozen: a block of 20 steps (side.mjs) is two
 * cycles.
 */
export const COARSE = 9;
/** Relative variance that estimated gradients may have, where the dual is sampled. */
export const SAMPLE_DUAL = 1;

/** lambda of the MLP recipe; a dense net has none. */
export const lambdaFor = (/** @type {number} */ density) => (density < 1 ? 0.1 : 0);

/**
 * @typedef {object} Layer
 * @property {number} rows outputs
 * @property {number} cols inputs
 * @property {Float32Array} theta [rows, cols]
 * @property {Float32Array} v [rows, cols], theta + lambda sign(theta)
 * @property {Float32Array} bias [rows]
 */

/**
 * Sparse initialisation: entries kept with probability `density`, variance 1 / density times that
 * of the dense net.
 * @param {number} density fraction of non-zero weights
 * @returns {Layer[]}
 */
export function initialLayers(density) {
  const next = random(1);
  const lambda = lambdaFor(density);
  return SIZES.slice(1).map((rows, index) => {
    const cols = SIZES[index];
    const bound = 1 / Math.sqrt(cols * density);
    const theta = new Float32Array(rows * cols);
    for (let k = 0; k < theta.length; k++) {
      const keep = next() < density;
      const value = (2 * next() - 1) * bound;
      if (keep) theta[k] = value;
    }
    const v = theta.map((t) => t + lambda * Math.sign(t));
    const bias = new Float32Array(rows).map(() => (2 * next() - 1) / Math.sqrt(cols));
    return { rows, cols, theta, v, bias };
  });
}

/** Sample numbers of each batch, the same in every process. */
export function batchIndices() {
  const next = random(2);
  return Array.from({ length: BATCHES }, () =>
    Int32Array.from({ length: BATCH }, () => Math.floor(next() * 60000)),
  );
}

/**
 * The batches, normalised, row-major: what a peer is handed.
 * @returns {{ x: Float32Array, labels: Int32Array }[]} x: [BATCH, 784]
 */
export function batches() {
  const { train, mean, std } = loadMnist();
  const scale = 1 / (255 * std[0]);
  const shift = -mean[0] / std[0];
  return batchIndices().map((indices) => {
    const x = new Float32Array(BATCH * SIZES[0]);
    indices.forEach((sample, b) => {
      for (let i = 0; i < SIZES[0]; i++)
        x[b * SIZES[0] + i] = train.inputs[sample * SIZES[0] + i] * scale + shift;
    });
    return { x, labels: Int32Array.from(indices, (sample) => train.labels[sample]) };
  });
}

/** One-hot rows of a batch's labels, [BATCH, 10]. */
export function oneHot(/** @type {Int32Array} */ labels) {
  const classes = SIZES[SIZES.length - 1];
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, b) => (rows[b * classes + label] = 1));
  return rows;
}

/** [rows, cols] to [cols, rows]. */
export function transposed(
  /** @type {Float32Array} */ matrix,
  /** @type {number} */ rows,
  /** @type {number} */ cols,
) {
  return Float32Array.from(matrix, (_, k) => matrix[(k % rows) * cols + Math.floor(k / rows)]);
}

/** Non-zeros over weights, for the sides that hold theta = shrink(v) only as v. */
export function densityOf(/** @type {ArrayLike<number>[]} */ vs, /** @type {number} */ lambda) {
  let all = 0;
  let kept = 0;
  for (const v of vs) {
    all += v.length;
    for (let k = 0; k < v.length; k++) if (Math.abs(v[k]) > lambda) kept++;
  }
  return kept / all;
}

/** The problem as raw little-endian files, for the side that is not written in JavaScript. */
export function writeProblem(/** @type {string} */ folder, /** @type {number} */ density) {
  for (const [index, layer] of initialLayers(density).entries()) {
    writeFileSync(join(folder, `v${index}.f32`), layer.v);
    writeFileSync(join(folder, `bias${index}.f32`), layer.bias);
  }
  for (const [index, { x, labels }] of batches().entries()) {
    writeFileSync(join(folder, `x${index}.f32`), x);
    writeFileSync(join(folder, `labels${index}.i32`), labels);
  }
}
