/**
 * Corollary 3: with square-summable steps the noisy iterates come to rest; with constant steps they
 * never do.
 */
import { describe, expect, test } from "vitest";
import { sumAt, sums, type Sums } from "./experiments/summability.js";

/** How much the partial sums grow from 1,000 steps to 8,000. */
const growth = ({ steps, symmetric, moved }: Sums): { symmetric: number; moved: number } => ({
  symmetric: sumAt(steps, symmetric, 8000) / sumAt(steps, symmetric, 1000),
  moved: sumAt(steps, moved, 8000) / sumAt(steps, moved, 1000),
});

describe("tau_k = tau_0 / (k + 1)^0.6", () => {
  const run = sums(0.6);
  test("the sums of D_J^sym and |dtheta|^2 stay below the bound at every step", () => {
    expect(run.slack).toBeGreaterThan(0);
    // Not out of reach: the sums get to half of it.
    expect((run.moved.at(-1)! / 4 + run.symmetric.at(-1)!) / run.bound.at(-1)!).toBeGreaterThan(
      0.3,
    );
  });
  test("they level off", () => {
    const { symmetric, moved } = growth(run);
    expect(symmetric).toBeLessThan(1.01);
    expect(moved).toBeLessThan(1.02);
  });
});

describe("a constant step", () => {
  const run = sums(0);
  test("the sums grow with the number of steps", () => {
    const { symmetric, moved } = growth(run);
    expect(symmetric).toBeGreaterThan(4);
    expect(moved).toBeGreaterThan(6);
  });
});
