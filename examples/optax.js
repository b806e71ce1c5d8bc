/**
 * The paper's MLP on MNIST, trained by jax-js and LinBreg.
 *
 *     node examples/optax.js [STEPS]
 */
import { grad, init, jit, nn, numpy as np, tree } from "@jax-js/jax";
import { loadMnist } from "bregman/data";
import { sparseInit, stream } from "bregman/nn";
import { linBreg } from "bregman/optax";
import { l1 } from "bregman/regularizers";

const STEPS = Number(process.argv[2] ?? 450);
const BATCH = 128;
const SIZES = [784, 200, 80, 10];

await init("wasm");
const { train, test } = loadMnist();
const random = stream(0, "example");

/** Images in [0, 1] and one-hot labels of some samples. */
function samples(of, indices) {
  const x = new Float32Array(indices.length * 784);
  const y = new Float32Array(indices.length * 10);
  indices.forEach((index, k) => {
    for (let p = 0; p < 784; p++) x[784 * k + p] = of.inputs[784 * index + p] / 255;
    y[10 * k + of.labels[index]] = 1;
  });
  const rows = indices.length;
  return [np.array(x).reshape([rows, 784]), np.array(y).reshape([rows, 10])];
}

/** Of each layer `weight` [out, in], of which 5 % is not zero, and `bias`. */
const start = SIZES.slice(1).map((out, k) => {
  const weight = new Float32Array(out * SIZES[k]);
  sparseInit(weight, [out, SIZES[k]], { random, density: 0.05 });
  return { weight: np.array(weight).reshape([out, SIZES[k]]), bias: np.zeros([out]) };
});

// What is used consumes an array; `.ref` keeps it.
function logits(layers, x) {
  layers.forEach(({ weight, bias }, k) => {
    x = np.matmul(x, weight.transpose()).add(bias);
    if (k < layers.length - 1) x = nn.relu(x);
  });
  return x;
}
const loss = (layers, x, y) =>
  nn
    .logSoftmax(logits(layers, x))
    .mul(y)
    .sum()
    .mul(-1 / BATCH);

const solver = linBreg({ tau: 0.1, regularizer: l1(0.02) });
const step = jit((layers, state, x, y) => {
  const gradients = grad(loss)(tree.ref(layers), x, y);
  const [updates, next] = solver.update(gradients, state, tree.ref(layers));
  return [tree.map((p, u) => p.add(u), layers, updates), next];
});

let layers = start;
let state = solver.init(tree.ref(layers));
for (let k = 0; k < STEPS; k++) {
  const indices = Array.from({ length: BATCH }, () => random.integer(train.count));
  [layers, state] = step(layers, state, ...samples(train, indices));
}

const first = Array.from({ length: 1000 }, (_, k) => k);
const [x, y] = samples(test, first);
y.dispose();
const answers = np.argmax(logits(tree.ref(layers), x), 1).js();
const right = first.filter((k) => answers[k] === test.labels[k]).length / first.length;
const weights = layers.flatMap(({ weight }) => [...weight.ref.dataSync()]);
const density = weights.filter((w) => w !== 0).length / weights.length;
console.log(`accuracy ${(100 * right).toFixed(1)} %, density ${(100 * density).toFixed(1)} %`);
