/**
 * delta is a scale: (delta, J, tau) and (1, delta J, delta tau) give the same theta. With u = delta
 * v both are u <- u - delta tau g, theta <- prox_{delta J}(u); the step of AdaBreg scales likewise.
 * For a norm delta J is J with delta lambda; for a box it is the box.
 */
import { describe, expect, test } from "vitest";
import { adaBreg } from "#bregman/optim/index.js";
import { elasticNet, l1, type Floats, type Shape } from "#bregman/regularizers/index.js";
import { MIRROR, randomArray, randomFrom } from "../support/optimizer-table.js";
import {
  dimensionsOf,
  distance,
  inDomain,
  SPECS,
  type Spec,
} from "../support/regularizer-table.js";

/** 12 weights, of a matrix or of a convolution. */
const shapeFor = (spec: Spec): Shape => (dimensionsOf(spec) > 2 ? [2, 2, 1, 3] : [4, 3]);

describe("delta is a scale: (delta, J, tau) and (1, delta J, delta tau) give the same theta", () => {
  // A loss with many minima: sum_i (theta_i^2 - c_i)^2 / 4 + 0.3 sum_i sin(3 theta_i +
  // theta_{i+1}).
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
    test.each(SPECS.filter(({ says }) => !says.trivial).map((spec) => [spec.name, spec] as const))(
      "%s",
      (name, spec) => {
        // Powers of two scale without rounding: then not a bit differs. Otherwise a few roundings
        // do.
        for (const [delta, tolerance] of [
          [2, 0],
          [0.25, 0],
          [3, 1e-9],
        ] as const) {
          const start = inDomain(spec, randomArray(randomFrom(`scale ${name}`), 12));
          const run = (scale: number, other: number): Float64Array => {
            const optimizer = make({
              tau: 0.02 * other,
              delta: scale,
              regularizer: spec.make(0.2 * other),
            });
            const theta = Float64Array.from(start);
            const state = optimizer.init(theta, shapeFor(spec));
            for (let k = 0; k < 50; k++)
              optimizer.step(state, theta, gradient(theta), shapeFor(spec));
            return theta;
          };
          expect(distance(run(delta, 1), run(1, delta))).toBeLessThanOrEqual(tolerance);
        }
      },
    );
  });
});

test("the elastic net is another delta: J + mu |.|^2 / 2 with delta is J with delta / (1 + delta mu)", () => {
  const random = randomFrom("elastic net");
  const start = Float64Array.from(randomArray(random, 12));
  const [one, other] = [start.slice(), start.slice()];
  const net = adaBreg({ tau: 0.1, delta: 2, regularizer: elasticNet({ lambda: 0.3, mu: 1.5 }) });
  const plain = adaBreg({ tau: 0.1, delta: 0.5, regularizer: l1(0.3) });
  const [a, b] = [net.init(one, [12]), plain.init(other, [12])];
  for (let k = 0; k < 30; k++) {
    const g = Float64Array.from(randomArray(random, 12));
    net.step(a, one, g, [12]);
    plain.step(b, other, g, [12]);
    expect(distance(one, other)).toBeLessThan(1e-12);
  }
});
