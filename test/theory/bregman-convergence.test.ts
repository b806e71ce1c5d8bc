/**
 * Theorem 11, corollary 12 and lemma 13: convergence in the Bregman distance, at the rate 1 / k for
 * tau = c / k.
 */
import { describe, expect, test } from "vitest";
import { linBreg } from "#bregman/optim/index.js";
import { groupLasso, l1 } from "#bregman/regularizers/index.js";
import {
  DELTA,
  expectedSteps,
  meanBetween,
  noisyPath,
  SIGMA,
  slope,
  valley,
  valueAt,
  type Schedule,
} from "./experiments/convex.js";
import { descend } from "./support/descent.js";
import { distanceByDefinition, distanceTo } from "./support/distances.js";

const L = valley().lipschitz;

describe("lemma 13: D of J_delta is D of J plus |t - theta|^2 / (2 delta)", () => {
  test.each([
    ["l1", l1(0.5), 1],
    ["l1", l1(0.2), 4],
    ["rows", groupLasso({ lambda: 0.1 }), 0.5],
  ] as const)("%s", (_, regularizer, delta) => {
    const optimizer = linBreg({ tau: 0.02 / delta, delta, regularizer });
    const problem = valley();
    let most = 0;
    descend(optimizer, problem, {
      steps: 300,
      onStep({ after }) {
        const distance = distanceTo(problem.minimiser, after, optimizer);
        most = Math.max(most, distance);
        expect(
          Math.abs(distance - distanceByDefinition(problem.minimiser, after, optimizer)),
        ).toBeLessThan(1e-12);
      },
    });
    expect(most).toBeGreaterThan(0.5);
  });
});

describe("theorem 11, one step: E D+ <= (1 - tau nu (1 - 2 tau delta^2 L^2 / nu)) D + delta tau^2 sigma^2", () => {
  test.each([0.05, 0.02])("tau %s", (tau) => {
    const steps = expectedSteps(tau, 1500);
    const nu = Math.min(...steps.map((step) => step.nu));
    expect(nu).toBeGreaterThan(0.5);
    const factor = 1 - tau * nu * (1 - (2 * tau * DELTA ** 2 * L ** 2) / nu);
    for (const { distance, expected } of steps) {
      expect(expected).toBeLessThanOrEqual(factor * distance + DELTA * tau ** 2 * SIGMA ** 2);
    }
    // It needs the noise's term near the minimiser.
    expect(steps.some(({ distance, expected }) => expected > 1.05 * factor * distance)).toBe(true);
  });
});

describe("theorem 11, constant steps: the distance ends below tau delta sigma^2 / nu~, lower for smaller tau", () => {
  const tails = ([0.05, 0.02, 0.01] as const).map((tau) => {
    const { steps, distances } = noisyPath(`constant ${tau}` as Schedule);
    return { tau, tail: meanBetween(steps, distances, 2000, 10_000) };
  });
  test.each(tails)("tau $tau", ({ tau, tail }) => {
    // Once the signs of the minimiser are found, nu is at least delta mu = 1.
    const slowed = 1 - 2 * tau * DELTA ** 2 * L ** 2;
    expect(slowed).toBeGreaterThan(0);
    expect(tail).toBeLessThan((tau * DELTA * SIGMA ** 2) / slowed);
    expect(tail).toBeGreaterThan(1e-6);
  });
  test("about in proportion", () => {
    const ratios = tails.map(({ tau, tail }) => tail / tau);
    expect(Math.max(...ratios) / Math.min(...ratios)).toBeLessThan(1.5);
  });
});

describe("corollary 12, tau = 2 / (k + 20): the distance falls as 1 / k", () => {
  const { steps, distances } = noisyPath("2 / (k+20)");
  const scaledAt = (k: number): number => k * valueAt(steps, distances, k);
  test("k D stays within a band from 500 steps on", () => {
    const scaled = steps.flatMap((k, i) => (k >= 500 ? k * distances[i] : []));
    expect(Math.max(...scaled) / Math.min(...scaled)).toBeLessThan(4);
    expect(scaledAt(1000) / scaledAt(9000)).toBeGreaterThan(0.5);
    expect(scaledAt(1000) / scaledAt(9000)).toBeLessThan(2);
  });
  test("the slope in a log-log plot is -1", () => {
    expect(Math.abs(slope(steps, distances, 500, 10_000) + 1)).toBeLessThan(0.15);
  });
});
