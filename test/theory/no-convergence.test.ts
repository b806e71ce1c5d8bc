/**
 * Example 1: where J is infinite at the minimiser, the iterates converge to something else and v
 * runs away.
 */
import { expect, test } from "vitest";
import { drift } from "./experiments/no-convergence.js";

test("the minimiser -1 may not be reached: theta stays at 0, v falls by the same 2 tau for ever", () => {
  const { theta, v } = drift(-1, 1000);
  const at = theta.indexOf(0);
  expect(at).toBeGreaterThan(0);
  expect(at).toBeLessThan(10);
  theta.slice(at).forEach((value) => expect(value).toBe(0));
  v.slice(at + 1).forEach((value, k) => expect(value - v[at + k]).toBeCloseTo(-0.2, 12));
  expect(v.at(-1)).toBeLessThan(-198);
});

test("a minimiser where J is finite is reached, and v comes to rest", () => {
  const { theta, v } = drift(0.7, 1000);
  expect(theta.at(-1)).toBeCloseTo(0.7, 12);
  expect(v.at(-1)).toBeCloseTo(v.at(-2)!, 12);
});
