/**
 * Theorem 6 and corollary 10: on a strongly convex loss the iterates converge to the minimiser, J
 * notwithstanding.
 */
import { describe, expect, test } from "vitest";
import {
  exactPath,
  expectedSteps,
  meanBetween,
  noisyPath,
  valley,
  valueAt,
} from "./experiments/convex.js";
import { square } from "./support/problems.js";

describe("without noise", () => {
  const { distances, errors, end } = exactPath(0.99 / 18, 1500);

  test("the Bregman distance to the minimiser falls in every step", () => {
    distances.forEach(
      (d, k) => k > 0 && expect(d).toBeLessThanOrEqual(distances[k - 1] * (1 + 1e-12) + 1e-30),
    );
  });
  test("the iterates converge, and with them the zeros: a weight that should not be there fades", () => {
    expect(errors[0]).toBeGreaterThan(1);
    expect(errors.at(-1)).toBeLessThan(1e-25);
    const { minimiser } = valley();
    // Not always to an exact 0: v comes back to lambda, and that takes for ever.
    minimiser.forEach((value, i) => expect(Math.abs(end.theta[i]) < 1e-12).toBe(value === 0));
  });
  test("far above the bound the distance grows", () => {
    const { distances: growing } = exactPath(1, 300);
    expect(growing.at(-1)).toBeGreaterThan(growing[0]);
  });
});

describe("one noisy step, its expectation written out over all values of the noise", () => {
  const steps = expectedSteps(0.05, 2000);
  test("E D+ <= D - tau <grad L, theta - theta*> + delta tau^2 E |g|^2 / 2", () => {
    for (const { distance, expected, alignment, squareGradient } of steps) {
      expect(expected).toBeLessThanOrEqual(
        distance - 0.05 * alignment + (0.05 ** 2 * squareGradient) / 2 + 1e-14,
      );
    }
    // Not vacuous: it takes more than half of the last term.
    const { distance, expected, alignment, squareGradient } = steps[0];
    expect(steps.length).toBeGreaterThan(90);
    const used = steps.map(
      (s) => (s.expected - s.distance + 0.05 * s.alignment) / ((0.05 ** 2 * s.squareGradient) / 2),
    );
    expect(Math.max(...used)).toBeGreaterThan(0.5);
    expect(expected).toBeLessThan(distance + (0.05 ** 2 * squareGradient) / 2 - 0.05 * alignment);
  });
  test("<grad L, theta - theta*> >= mu |theta - theta*|^2, and E |g|^2 <= L^2 |theta - theta*|^2 + sigma^2", () => {
    for (const { alignment, squareError, squareGradient } of steps) {
      expect(alignment).toBeGreaterThanOrEqual(squareError - 1e-14);
      expect(squareGradient).toBeLessThanOrEqual(9 * squareError + 0.3 ** 2 + 1e-14);
    }
  });
});

describe("with noise, mean of 20 runs", () => {
  test("steps that are square-summable but not summable: the error goes to zero", () => {
    const { steps, errors } = noisyPath("0.055 / (k+1)^0.6");
    expect(valueAt(steps, errors, 1000)).toBeLessThan(0.1);
    expect(errors.at(-1)).toBeLessThan(5e-5);
    expect(errors.at(-1)).toBeLessThan(0.01 * valueAt(steps, errors, 1000));
  });
  test("a constant step: it stays at a level of its own", () => {
    const { steps, errors } = noisyPath("constant 0.05");
    const [early, late] = [
      meanBetween(steps, errors, 300, 1500),
      meanBetween(steps, errors, 1500, 10_000),
    ];
    expect(late / early).toBeGreaterThan(0.7);
    expect(late).toBeGreaterThan(1e-4);
  });
  test("summable steps: it stops on the way", () => {
    const { errors } = noisyPath("0.055 / (k+1)^2");
    expect(errors.at(-1)).toBeGreaterThan(0.9 * square(valley().minimiser));
  });
});
