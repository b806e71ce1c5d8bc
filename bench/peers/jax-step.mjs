/**
 * The MLP step with @jax-js/jax on its wasm backend: the whole step under one `jit`, dense weights,
 * theta = shrink(v).
 *
 * Tried, and the fastest kept: weights [out, in] (their products run 10 to 25 % faster than with
 * [in, out]); the backward pass by hand (10 % faster than valueAndGrad, which was used to check
 * it); v - tau g left for jit to fuse into the product, with tau / batch folded into the small
 * delta of the last layer.
 */
import {
  BATCH,
  SIZES,
  TAU,
  batches,
  densityOf,
  initialLayers,
  lambdaFor,
  oneHot,
} from "../lib/problem.mjs";
import { config, run } from "../lib/side.mjs";
import { installWebWorker } from "../lib/web-worker.mjs";

const { threads, density } = config();
// Before the import: jax-js decides on its threads when it loads.
if (threads > 1) installWebWorker(threads);
const { init, jit, nn, numpy: np } = await import("@jax-js/jax");
await init("wasm");

const lambda = lambdaFor(density);
const array = (/** @type {Float32Array} */ data, /** @type {number[]} */ shape) =>
  np.array(data).reshape(shape);

let state = initialLayers(density).map(({ rows, cols, v, bias }) => ({
  v: array(v, [rows, cols]),
  bias: array(bias, [rows]),
}));
const data = batches().map(({ x, labels }) => ({
  x: array(x, [BATCH, SIZES[0]]),
  y: array(oneHot(labels), [BATCH, SIZES.at(-1)]),
}));

// A use of an array consumes it in jax-js; `.ref` keeps it for another.
const shrink = (v) => (lambda === 0 ? v : v.ref.sub(np.clip(v, -lambda, lambda)));

const step = jit((layers, x, y) => {
  const last = layers.length - 1;
  const weights = layers.map(({ v }) => shrink(v.ref));
  const inputs = [x];
  let h = x.ref;
  for (let k = 0; k <= last; k++) {
    h = np.matmul(h, weights[k].ref.transpose()).add(layers[k].bias.ref);
    if (k < last) {
      h = nn.relu(h);
      inputs.push(h.ref);
    }
  }
  const logProbabilities = nn.logSoftmax(h);
  const loss = logProbabilities.ref
    .mul(y.ref)
    .sum()
    .mul(-1 / BATCH);
  let delta = np
    .exp(logProbabilities)
    .sub(y)
    .mul(TAU / BATCH);
  const next = [];
  for (let k = last; k >= 0; k--) {
    const input = inputs[k];
    let previous = null;
    if (k > 0) {
      const mask = np.where(np.greater(input.ref, 0), 1, 0);
      previous = np.matmul(delta.ref, weights[k]).mul(mask);
    } else weights[k].dispose();
    next[k] = {
      v: layers[k].v.sub(np.matmul(delta.ref.transpose(), input)),
      bias: layers[k].bias.sub(delta.sum(0)),
    };
    delta = previous;
  }
  return [next, loss];
});

await run({
  step: (batch) => {
    const { x, y } = data[batch];
    const [next, loss] = step(state, x.ref, y.ref);
    state = next;
    return loss;
  },
  loss: async (loss) => (await loss.data())[0],
  drop: (loss) => loss.dispose(),
  density: async () => densityOf(await Promise.all(state.map(({ v }) => v.data())), lambda),
  note: `wasm, jit, ${threads > 1 ? `${threads} workers` : "no workers"}`,
});
