/**
 * The paper's MLP on MNIST, trained by TensorFlow.js and AdaBreg.
 *
 *     node examples/tfjs.js [STEPS]
 *
 * With tf.layers it is `model.compile({ optimizer, loss: "categoricalCrossentropy" })`.
 */
import * as tf from "@tensorflow/tfjs";
import { loadMnist } from "bregman/data";
import { sparseInit, stream } from "bregman/nn";
import { l1 } from "bregman/regularizers";
import { AdaBregOptimizer } from "bregman/tfjs";

const STEPS = Number(process.argv[2] ?? 200);
const BATCH = 64;
const SIZES = [784, 200, 80, 10];

const { train, test } = loadMnist();
const random = stream(0, "example");

/** Images in [0, 1] and labels of some samples. */
function samples(of, indices) {
  const x = new Float32Array(indices.length * 784);
  indices.forEach((index, k) => {
    for (let p = 0; p < 784; p++) x[784 * k + p] = of.inputs[784 * index + p] / 255;
  });
  return [tf.tensor2d(x, [indices.length, 784]), indices.map((index) => of.labels[index])];
}

/** Of each layer `weight` [in, out], of which 5 % is not zero, and `bias`. */
const layers = SIZES.slice(1).map((out, k) => {
  const weight = new Float32Array(SIZES[k] * out);
  sparseInit(weight, [out, SIZES[k]], { random, density: 0.05 });
  return {
    weight: tf.variable(tf.transpose(tf.tensor2d(weight, [out, SIZES[k]]))),
    bias: tf.variable(tf.zeros([out])),
  };
});

const logits = (x) =>
  layers.reduce((inputs, { weight, bias }, k) => {
    const sums = tf.add(tf.matMul(inputs, weight), bias);
    return k < layers.length - 1 ? tf.relu(sums) : sums;
  }, x);
const loss = (x, labels) => {
  const right = tf.mul(tf.logSoftmax(logits(x)), tf.oneHot(tf.tensor1d(labels, "int32"), 10));
  return tf.mul(tf.sum(right), -1 / labels.length);
};

const optimizer = new AdaBregOptimizer({ tau: 0.01, regularizer: l1(0.1) });
for (let k = 0; k < STEPS; k++) {
  const indices = Array.from({ length: BATCH }, () => random.integer(train.count));
  tf.tidy(() => void optimizer.minimize(() => loss(...samples(train, indices))));
}

const [x, labels] = samples(
  test,
  Array.from({ length: 500 }, (_, k) => k),
);
const answers = tf.tidy(() => tf.argMax(logits(x), 1).dataSync());
const right = labels.filter((label, k) => answers[k] === label).length / labels.length;
const weights = layers.flatMap(({ weight }) => [...weight.dataSync()]);
const density = weights.filter((w) => w !== 0).length / weights.length;
console.log(`accuracy ${(100 * right).toFixed(1)} %, density ${(100 * density).toFixed(1)} %`);
