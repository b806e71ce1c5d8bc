/**
 * The MLP step with @tensorflow/tfjs on its wasm backend (SIMD, XNNPACK), dense weights, theta =
 * shrink(v).
 *
 * Tried, and the fastest kept: products only of untransposed matrices, with `tf.transpose` before
 * them (a product with transposeA or transposeB leaves XNNPACK for a plain loop, 10x slower, which
 * is also why the backward pass is by hand: `tf.grads` uses them; a step is 4 times slower with
 * it); weights [in, out]; bias and ReLU fused into the product; tau / batch folded into the small
 * delta of the last layer. There is no jit.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import {
  BATCH,
  SIZES,
  TAU,
  batches,
  densityOf,
  initialLayers,
  lambdaFor,
  oneHot,
  transposed,
} from "../lib/problem.mjs";
import { config, run } from "../lib/side.mjs";
import { withThreads } from "../lib/tfjs-threads.mjs";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");

const { threads, density } = config();
tf.enableProdMode();
wasm.setThreadsCount(threads);
if (threads > 1) {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", true);
  const root = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
  await withThreads(join(root, "wasm-out", "tfjs-backend-wasm-threaded-simd.js"), () =>
    tf.setBackend("wasm"),
  );
} else await tf.setBackend("wasm");

const lambda = lambdaFor(density);
let state = initialLayers(density).map(({ rows, cols, v, bias }) => ({
  v: tf.tensor(transposed(v, rows, cols), [cols, rows]),
  bias: tf.tensor(bias),
}));
const data = batches().map(({ x, labels }) => ({
  x: tf.tensor(x, [BATCH, SIZES[0]]),
  y: tf.tensor(oneHot(labels), [BATCH, SIZES.at(-1)]),
}));

const shrink = (v) => (lambda === 0 ? v : tf.sub(v, tf.clipByValue(v, -lambda, lambda)));

function forwardBackward({ x, y }) {
  const last = state.length - 1;
  const weights = state.map(({ v }) => shrink(v));
  const inputs = [x];
  let h = x;
  for (let k = 0; k <= last; k++) {
    h = tf.fused.matMul({
      a: h,
      b: weights[k],
      bias: state[k].bias,
      activation: k < last ? "relu" : "linear",
    });
    inputs.push(h);
  }
  const probabilities = tf.softmax(h);
  const loss = tf.mul(tf.sum(tf.mul(y, tf.log(probabilities))), -1 / BATCH);
  let delta = tf.mul(tf.sub(probabilities, y), TAU / BATCH);
  const next = [];
  for (let k = last; k >= 0; k--) {
    const { v, bias } = state[k];
    next[k] = {
      v: tf.sub(v, tf.matMul(tf.transpose(inputs[k]), delta)),
      bias: tf.sub(bias, tf.sum(delta, 0)),
    };
    if (k > 0) delta = tf.mul(tf.matMul(delta, tf.transpose(weights[k])), tf.step(inputs[k]));
  }
  return { loss, next };
}

await run({
  step: (batch) => {
    const { loss, next } = tf.tidy(() => forwardBackward(data[batch]));
    tf.dispose(state);
    state = next;
    return loss;
  },
  loss: (loss) => {
    const [value] = loss.dataSync();
    loss.dispose();
    return value;
  },
  drop: (loss) => loss.dispose(),
  density: () =>
    densityOf(
      state.map(({ v }) => v.dataSync()),
      lambda,
    ),
  note: `wasm, SIMD, ${wasm.getThreadsCount()} of ${threads} threads`,
});
