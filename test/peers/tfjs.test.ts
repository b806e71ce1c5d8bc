/** LinBreg and AdaBreg as optimizers of TensorFlow.js: the authors' trajectories, files, memory. */
import { execFileSync } from "node:child_process";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { AdaBregOptimizer, LinBregOptimizer } from "#bregman/peers/tfjs.js";
import { elasticNet, groupLasso, l1, nuclear } from "#bregman/regularizers/index.js";
import {
  fixtures,
  referenceProblem,
  referenceRegularizer,
  type ReferenceCase,
} from "../support/reference-fixtures.js";
import { distance } from "../support/regularizer-table.js";

type Both = LinBregOptimizer | AdaBregOptimizer;

function optimizerOf({ optimizer, hyper, regularizer, lamda }: ReferenceCase): Both {
  const { lr: tau, delta = 1, momentum = 0, betas, eps } = hyper;
  const J = referenceRegularizer(regularizer, lamda);
  if (optimizer === "LinBreg")
    return new LinBregOptimizer({ tau, delta, momentum, regularizer: J });
  const [beta1, beta2] = betas!;
  return new AdaBregOptimizer({ tau, delta, beta1, beta2, eps: eps!, regularizer: J });
}

beforeAll(() => tf.setBackend("cpu"));

/** Moves a variable by a gradient. */
function step(optimizer: Both, variable: tf.Variable, g: tf.Tensor): void {
  optimizer.applyGradients([{ name: variable.name, tensor: g }]);
}

describe("the authors' code", () => {
  const cases = fixtures.cases.filter(
    ({ optimizer, dtype, regularizer }) =>
      optimizer !== "ProxSGD" && dtype === "float32" && regularizer !== "l1_pos",
  );
  const title = (c: ReferenceCase) =>
    `${c.optimizer} ${JSON.stringify(c.hyper)} ${c.regularizer} ${c.lamda} on ${c.input}`;

  test("has so many cases here", () => expect(cases.length).toBe(84));

  test.each(cases.map((c) => [title(c), c] as const))("%s", (_, c) => {
    const problem = referenceProblem(c);
    // [out, in] as [in, out], [out, in, height, width] as [height, width, in, out].
    const [there, back] =
      problem.shape.length === 2
        ? [
            [1, 0],
            [1, 0],
          ]
        : [
            [2, 3, 1, 0],
            [3, 2, 0, 1],
          ];
    const array = (data: ArrayLike<number>) =>
      tf.tidy(() => tf.transpose(tf.tensor(Array.from(data), [...problem.shape]), there));
    const flat = (x: tf.Tensor) => tf.tidy(() => tf.transpose(x, back).dataSync());
    const optimizer = optimizerOf(c);
    const theta = tf.variable(array(problem.theta0));
    const steps = c.steps ?? c.theta.map((__, k) => k + 1);
    for (let k = 1; k <= 10; k++) {
      step(optimizer, theta, array(problem.gradient(flat(theta), k - 1)));
      const at = steps.indexOf(k);
      if (at < 0) continue;
      expect(distance(flat(theta), c.theta[at])).toBeLessThan(2e-6);
      if (c.v) expect(distance(flat(optimizer.dual(theta)!), c.v[at])).toBeLessThan(2e-6);
    }
    optimizer.dispose();
  });
});

describe("as an optimizer of TensorFlow.js", () => {
  const regularizer = groupLasso({ lambda: 0.1, groups: "rows" });
  const start = () => tf.tidy(() => tf.variable(tf.tensor2d([1, 0, 0.5, 0, 0, 0], [3, 2])));
  const gradient = (k: number) => tf.tensor2d([0.1, -1, k, 0.5, 0.2, -k], [3, 2]);

  test.each([
    new LinBregOptimizer({ tau: 0.2, momentum: 0.5, nesterov: true, regularizer }),
    new AdaBregOptimizer({ tau: 0.2, delta: 2, regularizer: elasticNet({ lambda: 0.1, mu: 0.2 }) }),
  ])("it is written as JSON and read again, with its state", async (optimizer) => {
    const [one, other] = [start(), start()];
    for (let k = 0; k < 3; k++) step(optimizer, one, gradient(k));
    // Of a variable by the name of the first.
    const className = optimizer.getClassName();
    const config = JSON.parse(JSON.stringify(optimizer.getConfig())) as tf.serialization.ConfigDict;
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    const [of, fromConfig] = classNameMap[className];
    const read = fromConfig(of as never, config) as unknown as Both;
    expect(read.getConfig()).toEqual(optimizer.getConfig());
    const weights = await optimizer.getWeights();
    await read.setWeights(
      weights.map(({ name, tensor }) => ({
        name: name.replace(one.name, other.name),
        tensor: tf.clone(tensor),
      })),
    );
    expect(read.iterations).toBe(3);
    other.assign(one);
    step(optimizer, one, gradient(4));
    step(read, other, gradient(4));
    expect([...other.dataSync()]).toEqual([...one.dataSync()]);
    expect([...read.dual(other)!.dataSync()]).toEqual([...optimizer.dual(one)!.dataSync()]);
  });

  test("steps leave no tensors behind, and dispose takes all", () => {
    const before = tf.memory().numTensors;
    const optimizer = new AdaBregOptimizer({ tau: 0.1, regularizer: l1(0.1) });
    const w = start();
    const loss = () => tf.sum(tf.square(tf.sub(w, 1))) as tf.Scalar;
    optimizer.minimize(loss);
    const held = tf.memory().numTensors;
    for (let k = 0; k < 5; k++) optimizer.minimize(loss);
    expect(tf.memory().numTensors).toBe(held);
    optimizer.dispose();
    w.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("biases have no regularizer", () => {
    const bias = tf.variable(tf.tensor1d([0]));
    step(new LinBregOptimizer({ tau: 1, regularizer: l1(10) }), bias, tf.tensor1d([1]));
    expect([...bias.dataSync()]).toEqual([-1]);
  });

  test("what can't be is said in a line", () => {
    expect(() => new LinBregOptimizer({ regularizer: nuclear(1) })).toThrow(
      "linBreg: the regularizer must be a sum of sizes of weights and norms of groups",
    );
    expect(() => new AdaBregOptimizer({ tau: 0 })).toThrow("tau must be a finite number above 0");
    const kernels = groupLasso({ lambda: 1, groups: "kernels" });
    const of = () => step(new LinBregOptimizer({ regularizer: kernels }), start(), gradient(0));
    expect(of).toThrow('groups "kernels" need a shape of at least');
  });
});

test(
  "the paper's MLP is trained on MNIST and stays sparse: examples/tfjs.js",
  { timeout: 240_000 },
  () => {
    const text = execFileSync(process.execPath, ["examples/tfjs.js", "20"], {
      encoding: "utf8",
      stdio: "pipe",
    });
    const last = /accuracy ([\d.]+) %, density ([\d.]+) %\n$/.exec(text)!;
    expect(Number(last[1])).toBeGreaterThan(50);
    expect(Number(last[2])).toBeLessThan(40);
    expect(Number(last[2])).toBeGreaterThan(5);
  },
);
