/**
 * delta is a scale: for a 1-homogeneous J, (delta, lambda, tau) and (1, delta lambda, delta tau) give the same theta.
 * With u = delta v both are u <- u - delta tau g, theta <- prox_{delta J}(u); the step of AdaBreg scales likewise.
 */
import { describe, expect, test } from "vitest";
import type { Floats, Shape } from "#bregman/regularizers/index.js";
import type { Spec } from "../support/naive-regularizers.js";
import { MIRROR, randomArray, randomFrom } from "../support/optimizer-table.js";
import { build, dimensionsOf, distance, nameOf, SPECS } from "../support/regularizer-table.js";

/** 12 weights, of a matrix or of a convolution. */
const shapeFor = (spec: Spec): Shape => (dimensionsOf(spec) > 2 ? [2, 2, 1, 3] : [4, 3]);

describe("delta is a scale: (delta, lambda, tau) and (1, delta lambda, delta tau) give the same theta", () => {
  // A loss with many minima: sum_i (theta_i^2 - c_i)^2 / 4 + 0.3 sum_i sin(3 theta_i + theta_{i+1}).
  const gradient = (theta: Floats): Float64Array => {
    const g = Float64Array.from(theta, (x, i) => x * (x * x - 0.1 * i));
    theta.forEach((x, i) => {
      const next = (i + 1) % theta.length;
      const slope = 0.3 * Math.cos(3 * x + theta[next]);
      g[i] += 3 * slope;
      g[next] += slope;
    });
    return g;
  };

  describe.each(MIRROR)("%s", (_, make) => {
    test.each(SPECS.filter((spec) => spec.kind !== "none").map((spec) => [nameOf(spec), spec] as const))(
      "%s",
      (name, spec) => {
        // Powers of two scale without rounding: then not a bit differs. Otherwise a few roundings do.
        for (const [delta, tolerance] of [
          [2, 0],
          [0.25, 0],
          [3, 1e-9],
        ] as const) {
          const start = randomArray(randomFrom(`scale ${name}`), 12).map((x) =>
            spec.kind === "nonNegativeL1" ? Math.abs(x) : x,
          );
          const run = (scale: number, other: number): Float64Array => {
            const lambda = 0.1 * other;
            const optimizer = make({ tau: 0.02 * other, delta: scale, regularizer: build(spec, lambda) });
            const theta = Float64Array.from(start);
            const state = optimizer.init(theta, shapeFor(spec));
            for (let k = 0; k < 50; k++) optimizer.step(state, theta, gradient(theta), shapeFor(spec));
            return theta;
          };
          expect(distance(run(delta, 1), run(1, delta))).toBeLessThanOrEqual(tolerance);
        }
      },
    );
  });
});
