/**
 * Planes of bf16: gradients are those of float64 to the rounding of bf16, and where every number is
 * one that a bf16 can hold, to the bit those of float32.
 */
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import type { Precision } from "#bregman/nn/precision.js";
import type { Model } from "#bregman/nn/model.js";
import { storeSamples } from "#bregman/nn/store-samples.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { none } from "#bregman/regularizers/none.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { size } from "#bregman/shape-size.js";
import { createTrainer, type TrainerOptions } from "#bregman/engine/trainer.js";
import { describe, expect, test } from "vitest";
import { backward, forward } from "../reference/network.js";
import { firstGradients } from "../support/first-gradients.js";
import { IMAGE_MODELS } from "../support/image-models.js";
import { normError } from "../support/norms.js";
import { batchOf, randomProblem, toFloat64, type Problem } from "../support/problem.js";
import { problemTrainer } from "../support/problem-trainer.js";
import { RESIDUAL_NET } from "../support/residual-net.js";

const { variants, problem: notBuilt } = nativeVariants();
if (notBuilt) console.log(`native is not tested: ${notBuilt}`);
const pools = await Promise.all(
  variants.map(
    async (isa) => [isa, await createPool({ backend: "native", isa, threads: 1 })] as const,
  ),
);

// lambda is so small that it changes no result, but it makes the trainer use sparse kernels.
const REGULARIZERS = {
  dense: none(),
  entries: l1(1e-30),
  pairs: groupLasso({ lambda: 1e-30, groups: "kernels" }),
};
type Kind = keyof typeof REGULARIZERS;
const KINDS = Object.keys(REGULARIZERS) as Kind[];
const TAU = 1;

const everySample = (count: number) => Int32Array.from({ length: count }, (_, k) => count - 1 - k);

function gradientsOf(
  pool: Pool,
  problem: Problem,
  kind: Kind,
  options: Partial<TrainerOptions> & { precision: Precision; count?: number },
) {
  const { model, inputs, labels, targets, parameters } = problem;
  const { count = problem.count, ...settings } = options;
  const plain = linBreg({ tau: TAU });
  const create = () =>
    createTrainer({
      pool,
      model,
      loss: "crossEntropy",
      samples: storeSamples(pool.memory, [{ inputs, labels, targets }], {
        features: size(model.input),
        targetFeatures: size(model.output),
      }),
      batchSize: count,
      initial: parameters,
      optimizers: {
        weight: linBreg({ tau: TAU, regularizer: kind === "dense" ? none() : l1(1e-30) }),
        conv: linBreg({ tau: TAU, regularizer: REGULARIZERS[kind] }),
        bias: plain,
      },
      ...settings,
    });
  return firstGradients(pool, create, everySample(count), TAU);
}

/**
 * A problem whose numbers are whole, in few bits: inputs up to 3, two weights of 1 or -1 for each
 * output. Every sum is one too, or half or a quarter of one.
 */
function wholeProblem(model: Model, count: number): Problem {
  const random = stream(1, "whole");
  const sign = () => (random.bernoulli(0.5) ? 1 : -1);
  const parameters = new Map<string, Float32Array>();
  for (const node of model.nodes)
    for (const { name, role, shape, fanIn } of node.parameters) {
      const density = role === "conv" || role === "weight" ? Math.min(0.5, 2 / fanIn) : 0.5;
      const draw = () => (random.bernoulli(density) ? sign() : 0);
      parameters.set(`${node.name}.${name}`, Float32Array.from({ length: size(shape) }, draw));
    }
  return {
    ...randomProblem(model, count),
    parameters,
    inputs: Float32Array.from({ length: count * size(model.input) }, () => random.integer(7) - 3),
    // No output comes near to them, so that the gradient of each is a sign.
    targets: Float32Array.from({ length: count * size(model.output) }, () => 1000 * sign()),
  };
}

/** Of these, averages and smooth functions give numbers that a bf16 can't hold. */
const ROUNDED: readonly string[] = [
  "5x5, then 1x1",
  "one dimension",
  "every activation",
  "overlapping max pool, average pool",
  "a batch norm and its own input, added",
  "batch norm",
  "residual blocks",
  "flatten into an activation",
  "dense blocks",
];
const EXACT = Object.entries(IMAGE_MODELS).filter(([name]) => !ROUNDED.includes(name));
/** It has no image. */
const FLAT = "skips";

describe.each(pools)("%s", (_isa, pool) => {
  describe.each(EXACT)("%s: of whole numbers, the bits of float32", (_name, model) => {
    test.each(KINDS.flatMap((kind) => [2, 32].map((count) => [kind, count] as const)))(
      "%s, batch %i",
      (kind, count) => {
        const problem = wholeProblem(model, count);
        const loss = "meanAbsoluteError";
        const [exact, found] = (["float32", "bf16"] as const).map((precision) =>
          gradientsOf(pool, problem, kind, { precision, loss }),
        );
        expect(found).toEqual(exact);
        const expected = backward(
          model,
          toFloat64(problem.parameters),
          batchOf(problem, everySample(count), loss),
        );
        expect(normError(found, expected.gradients)).toBeLessThan(1e-6);
        // The gradient has come to the first layer.
        expect([...found.values()][0].some((value) => value !== 0)).toBe(true);
      },
    );
  });

  test.each(KINDS)("images of bytes, %s: whole numbers give the bits of float32", (kind) => {
    const model = IMAGE_MODELS["strides and padding of each side"];
    const problem = wholeProblem(model, 32);
    const [exact, found] = (["float32", "bf16"] as const).map((precision) =>
      gradientsOf(pool, problem, kind, {
        precision,
        loss: "meanAbsoluteError",
        samples: storeSamples(
          pool.memory,
          [{ inputs: Uint8Array.from(problem.inputs, (x) => x + 3), targets: problem.targets }],
          { features: size(model.input), targetFeatures: 4, mean: [0, 0], std: [1 / 255, 1 / 255] },
        ),
      }),
    );
    expect(found).toEqual(exact);
    expect([...found.values()][0].some((value) => value !== 0)).toBe(true);
  });

  describe.each(Object.entries(IMAGE_MODELS))("%s: the gradients of float64", (name, model) => {
    test.each(KINDS.flatMap((kind) => [21, 40].map((count) => [kind, count] as const)))(
      "%s, batch %i",
      (kind, count) => {
        const problem = randomProblem(model, count, { density: 0.35 });
        const loss = name === FLAT ? "meanSquaredError" : "crossEntropy";
        const found = gradientsOf(pool, problem, kind, { precision: "bf16", loss });
        const { gradients } = backward(
          model,
          toFloat64(problem.parameters),
          batchOf(problem, everySample(count), loss),
        );
        const error = normError(found, gradients);
        // A bf16 is right to 1 in 512; a ReLU or a maximum near a tie may go the other way, and in
        // the deep net many do: there inputs that are moved by 1 in 512 move the gradient by 4 %.
        expect(error).toBeLessThan(name === "residual blocks" ? 0.1 : 0.04);
        if (name === FLAT) expect(error).toBeLessThan(1e-5);
        else expect(error).toBeGreaterThan(1e-4);
      },
    );
  });

  test.each(KINDS)("a batch in parts has the gradients of the whole, %s", (kind) => {
    const problem = randomProblem(IMAGE_MODELS["reads twice"], 48, { density: 0.35 });
    const [whole, parts] = [1, 3].map((microBatches) =>
      gradientsOf(pool, problem, kind, { precision: "bf16", microBatches }),
    );
    expect(normError(parts, whole)).toBeLessThan(2e-3);
  });

  test("what is evaluated and predicted is that of float64", () => {
    const mark = pool.memory.mark();
    const problem = randomProblem(RESIDUAL_NET, 60, { density: 0.35 });
    const sparse = linBreg({ tau: 0.1, regularizer: l1(0.01) });
    const trainer = problemTrainer(pool, problem, {
      batchSize: 21,
      optimizers: { weight: sparse, bias: linBreg({ tau: 0.1 }) },
      precision: "bf16",
    });
    const buffers = new Map(
      RESIDUAL_NET.nodes.flatMap(({ name, buffers }) =>
        buffers.map((buffer) => [
          `${name}.${buffer.name}`,
          Float64Array.from({ length: size(buffer.shape) }, (_, k) =>
            k < size(buffer.shape) / 2 ? 0 : 1,
          ),
        ]),
      ),
    );
    const indices = everySample(60);
    const batch = batchOf(problem, indices);
    const outputs = forward(RESIDUAL_NET, toFloat64(problem.parameters), batch, buffers).at(-1)!;
    const error = normError(
      new Map([["outputs", trainer.predict(indices)]]),
      new Map([["outputs", outputs]]),
    );
    expect(error).toBeLessThan(0.01);
    expect(error).toBeGreaterThan(1e-4);
    pool.memory.release(mark);
  });

  test("without images nothing changes: the bits of float32", () => {
    const problem = randomProblem(mlp([30, 24, 5]), 40, { density: 0.2 });
    const [exact, found] = (["float32", "bf16"] as const).map((precision) =>
      gradientsOf(pool, problem, "entries", { precision }),
    );
    expect(found).toEqual(exact);
  });

  test.each(["conv2d1", "conv2d2"])("a run that diverges names the layer: %s", (layer) => {
    const mark = pool.memory.mark();
    const problem = randomProblem(IMAGE_MODELS["3x3 with padding"], 20);
    problem.parameters.get(`${layer}.weight`)!.fill(3e38);
    const plain = linBreg({ tau: 0.1 });
    const trainer = problemTrainer(pool, problem, {
      batchSize: 20,
      optimizers: { weight: plain, bias: plain },
      precision: "bf16",
    });
    expect(() => trainer.step(everySample(20))).toThrow(
      new RegExp(`^the loss is (NaN|Infinity) at step 1: .*layer "${layer}"`),
    );
    pool.memory.release(mark);
  });
});

test.runIf(pools.length > 1)("instruction sets agree as closely as bf16 is", () => {
  const problem = randomProblem(RESIDUAL_NET, 40, { density: 0.35 });
  for (const kind of KINDS) {
    const [first, ...others] = pools.map(([, pool]) =>
      gradientsOf(pool, problem, kind, { precision: "bf16" }),
    );
    for (const other of others) expect(normError(other, first)).toBeLessThan(0.02);
  }
});

test("wasm is refused", async () => {
  const pool = await createPool({ backend: "wasm", threads: 1 });
  const problem = randomProblem(RESIDUAL_NET, 8);
  const create = () => gradientsOf(pool, problem, "dense", { precision: "bf16" });
  expect(create).toThrow(InputError);
  expect(create).toThrow(
    'precision "bf16" takes the native backend, this one is "wasm": use "float32"',
  );
  await pool.close();
});
