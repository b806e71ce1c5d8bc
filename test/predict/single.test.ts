/**
 * One sample at a time gives what the batch of the reference gives, to rounding: networks of every
 * kind of layer, graphs drawn at random; every backend and instruction set, any number of threads.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { compileSingle } from "#bregman/predict/single/compile.js";
import { size } from "#bregman/shape-size.js";
import { mlp } from "#bregman/models/mlp.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { dropout } from "#bregman/nn/layers/dropout.js";
import { add, flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { scaledSum } from "#bregman/nn/layers/scaled-sum.js";
import { graph, type Model } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { everything } from "../support/every-layer.js";
import { MODELS as GRAPHS } from "../support/graph-models.js";
import { relativeError } from "../support/problem.js";
import { randomModel } from "../support/random-model.js";
import { randomInputs, randomNetwork, referenceOutput } from "../support/random-network.js";
import { forEachBackend } from "../support/run-op.js";

/** Words on either side of a plan that it must leave alone. */
const GUARD = 512;

/**
 * Outputs of several samples, one after the other or so many side by side; before them comes one
 * that is NaN all over, of which nothing may be left.
 */
function outputs(pool: Pool, network: Network, inputs: Float32Array, samples = 1): Float32Array {
  const { memory } = pool;
  const mark = memory.mark();
  const features = samples * size(network.model.input);
  const guard = () => memory.i32(memory.allocate(GUARD * 4), GUARD).fill(1234567);
  const before = guard();
  const { input, output, run } = compileSingle(pool, network, samples);
  input.fill(NaN);
  run();
  // The program is in memory now.
  const after = guard();
  const all = new Float32Array((inputs.length / features) * output.length);
  for (let k = 0; k * features < inputs.length; k++) {
    input.set(inputs.subarray(k * features, (k + 1) * features));
    run();
    all.set(output, k * output.length);
  }
  for (const words of [before, after]) expect(words.every((word) => word === 1234567)).toBe(true);
  memory.release(mark);
  return all;
}

/** Of the sample with the largest one. */
function errorOf(pool: Pool, network: Network, count: number, samples = 1): number {
  const inputs = randomInputs(network, count);
  return relativeError(outputs(pool, network, inputs, samples), referenceOutput(network, inputs));
}

const MODELS: Record<string, Model> = { ...GRAPHS, "every layer": everything };

/** Of samples without positions, which can lie side by side. */
const FLAT: Record<string, Model> = {
  ...Object.fromEntries(Object.entries(MODELS).filter(([, { input }]) => input.length === 1)),
  "one feature": mlp([1, 3, 1]),
  "sums, and what leaves all as it is": graph([7], ({ input, apply }) => {
    const x = apply(relu(), apply(linear(11), apply(flatten(), input)));
    const y = apply(dropout(), apply(linear(11, { bias: false }), x));
    const sum = apply(scaledSum(), apply(relu(), apply(add(), x, y)), y, x);
    return apply(flatten(), apply(linear(3), sum));
  }),
};

forEachBackend((_, pool) => {
  describe.each(Object.entries(FLAT))("side by side: %s", (_name, model) => {
    test.each([0.1, 0.4, 1])("density %d", (density) => {
      const network = randomNetwork(model, { seed: 5, density, dead: density < 1 ? 0.2 : 0 });
      for (const samples of [2, 5, 16, 32, 33]) {
        expect(errorOf(pool, network, 2 * samples, samples)).toBeLessThan(1e-5);
        expect(errorOf(pool, simplify(network), 2 * samples, samples)).toBeLessThan(1e-5);
      }
    });
  });

  describe.each(Object.entries(MODELS))("%s", (_name, model) => {
    test.each([0.1, 0.4, 1])("density %d", (density) => {
      const network = randomNetwork(model, { seed: 5, density, dead: density < 1 ? 0.2 : 0 });
      expect(errorOf(pool, network, 3)).toBeLessThan(1e-5);
      expect(errorOf(pool, simplify(network), 3)).toBeLessThan(1e-5);
    });
  });

  test("graphs drawn at random", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        const network = randomNetwork(randomModel(seed), {
          seed,
          density: [0.1, 0.3, 1][seed % 3],
          dead: seed % 2 ? 0.2 : 0,
        });
        expect(errorOf(pool, simplify(network), 2)).toBeLessThan(2e-5);
        expect(errorOf(pool, network, 2)).toBeLessThan(2e-5);
      }),
      { numRuns: 60, seed: 23 },
    );
  });
});

const { variants } = nativeVariants();

describe.each([...variants.map((isa) => ["native", isa] as const), ["wasm", undefined] as const])(
  "%s %s, three threads",
  async (backend, isa) => {
    const pools = await Promise.all([1, 3].map((threads) => createPool({ backend, isa, threads })));
    afterAll(() => Promise.all(pools.map((pool) => pool.close())));

    test.each(Object.entries(MODELS))("%s has the bits of one", (_name, model) => {
      const network = randomNetwork(model, { seed: 7, density: 0.5, dead: 0.1 });
      const inputs = randomInputs(network, 3);
      const [one, three] = pools.map((pool) => outputs(pool, network, inputs));
      expect(three).toEqual(one);
    });

    test.each(Object.entries(FLAT))("side by side: %s has the bits of one", (_name, model) => {
      const network = randomNetwork(model, { seed: 7, density: 0.5, dead: 0.1 });
      const inputs = randomInputs(network, 32);
      const [one, three] = pools.map((pool) => outputs(pool, network, inputs, 32));
      expect(three).toEqual(one);
    });
  },
);
