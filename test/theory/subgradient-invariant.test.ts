/**
 * The subgradient invariant: v is in dJ_delta(theta) at the start and after every step, and what
 * follows for births. Source: Bungert et al., JMLR 23:192 (2022), algorithms 1 to 3.
 */
import { describe, expect, test } from "vitest";
import { adaBreg, linBreg } from "#bregman/optim/index.js";
import { l1 } from "#bregman/regularizers/index.js";
import { MIRROR, randomArray, randomFrom } from "../support/optimizer-table.js";
import { distance, inDomain, ROWS } from "../support/regularizer-table.js";
import { invariantRun, shapeFor } from "./experiments/invariant.js";

describe.each(MIRROR)("%s", (optimizerName, make) => {
  describe.each(ROWS)("%s", (regularizerName, spec) => {
    const shape = shapeFor(spec);
    describe.each([
      ["float64", Float64Array, 1e-12],
      ["float32", Float32Array, 4e-6],
    ] as const)("%s", (_, FloatArray, tolerance) => {
      test.each([0.5, 1, 3])(
        "v is in dJ_delta(theta) at the start and after every step, delta = %s",
        (delta) => {
          const { error, born } = invariantRun([optimizerName, make], spec, { delta, FloatArray });
          expect(error).toBeLessThan(tolerance);
          // Not vacuous.
          expect(born).toBeGreaterThan(0);
        },
      );

      test("the start is a fixed point: prox_{delta J}(delta v0) = theta0, zeros exact", () => {
        const random = randomFrom(`start, ${regularizerName}`);
        for (const delta of [0.5, 1, 3]) {
          const optimizer = make({ tau: 0.1, delta, regularizer: spec.make(1) });
          const start = randomArray(random, 12);
          const theta0 = FloatArray.from(inDomain(spec, start));
          const { v } = optimizer.init(theta0, shape);
          const theta = v.map((value) => delta * value) as typeof v;
          optimizer.regularizer.prox(theta, delta, shape, theta);
          expect(distance(theta, theta0)).toBeLessThan(tolerance);
          // A zero weight in a group that lives has v = 0, and so has every weight of a zero group.
          if (spec.mixes) continue; // Its zeros are sums of products of singular vectors.
          theta0.forEach((value, i) => value === 0 && expect(Math.abs(theta[i])).toBe(0));
        }
      });
    });
  });
});

describe("birth under a constant gradient", () => {
  /** The number of the step that makes theta non-zero. */
  function birth(optimizer: ReturnType<typeof linBreg>, g: number): number {
    const theta = Float64Array.of(0);
    const state = optimizer.init(theta, [1]);
    for (let k = 1; k <= 10_000; k++) {
      optimizer.step(state, theta, Float64Array.of(g), [1]);
      if (theta[0] !== 0) {
        expect(Math.sign(theta[0])).toBe(-Math.sign(g));
        return k;
      }
    }
    return Infinity;
  }

  test.each([
    [0.1, 1, 0.03],
    [0.01, 0.7, -0.9],
    [0.3, 0.5, 2],
    [1, 1, -0.4],
  ])("LinBreg, tau %s, lambda %s, g %s: after ceil(lambda / (tau |g|)) steps", (tau, lambda, g) => {
    expect(birth(linBreg({ tau, regularizer: l1(lambda) }), g)).toBe(
      Math.ceil(lambda / (tau * Math.abs(g))),
    );
  });

  test("LinBreg: at |v| = lambda exactly it is not born yet", () => {
    // All powers of two, so that v reaches lambda without rounding at step 8.
    expect(birth(linBreg({ tau: 0.25, regularizer: l1(1) }), 0.5)).toBe(9);
  });

  test("LinBreg: delta scales the weight, not its birth", () => {
    for (const delta of [0.25, 1, 8])
      expect(birth(linBreg({ tau: 0.1, delta, regularizer: l1(1) }), 0.03)).toBe(334);
  });

  test.each([1e-3, 1, 1e3])(
    "AdaBreg, g %s: after about lambda / tau steps whatever the gradient",
    (g) => {
      expect(birth(adaBreg({ tau: 0.01, regularizer: l1(0.995) }), g)).toBe(100);
    },
  );

  test("LinBreg with momentum is later by what its mean is behind", () => {
    // v_k = -tau g sum_{j <= k} (1 - beta^j)
    const [tau, beta, lambda, g] = [0.1, 0.9, 0.777, 0.5];
    let k = 0;
    for (let v = 0; v <= lambda; v += tau * g * (1 - beta ** k)) k++;
    expect(birth(linBreg({ tau, momentum: beta, regularizer: l1(lambda) }), g)).toBe(k);
  });
});
