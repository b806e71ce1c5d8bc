/**
 * Theorem 2: the loss falls in every step if tau <= 2 / (delta L), by at least what the inequality
 * says.
 */
import { describe, expect, test } from "vitest";
import { bowl, equations, lossDecay } from "./experiments/loss-decay.js";

describe.each([1, 3])("full gradients, least squares, delta %s", (delta) => {
  const run = (share: number) => lossDecay(equations(), { share, delta });

  test.each([0.5, 0.9, 0.99])("tau = %s of the bound: the loss never rises", (share) => {
    const { increases, slack, losses } = run(share);
    expect(increases).toBe(0);
    expect(slack).toBeGreaterThan(-1e-13);
    expect(losses.at(-1)).toBeLessThan(0.01 * losses[0]);
  });

  test("tau = 1.2 of the bound: it rises again and again, and does not get there", () => {
    const { increases, losses } = run(1.2);
    expect(increases).toBeGreaterThan(300);
    expect(losses.at(-1)).toBeGreaterThan(5 * run(0.9).losses.at(-1)!);
  });

  test("tau = 2.5 of the bound: it diverges", () => {
    const { losses } = run(2.5);
    expect(losses.length).toBeLessThan(20);
    expect(losses.at(-1)).toBeGreaterThan(1e6 * losses[0]);
  });

  test.each([1.2, 2.5])(
    "the inequality itself holds at tau = %s of the bound too: its last term turns negative",
    (share) => {
      expect(run(share).slack).toBeGreaterThan(-1e-13);
    },
  );
});

describe("the inequality is sharp", () => {
  // Births and deaths included: J is in it by D_J^sym.
  test.each([0.6, 0.9, 1.2])(
    "curvature L in all directions, tau = %s of the bound: an equality",
    (share) => {
      const { slack, mostSlack } = lossDecay(bowl(), { share, lambda: 1, steps: 5 });
      expect(Math.max(-slack, mostSlack)).toBeLessThan(1e-10);
    },
  );

  test("with an L that is 2 % too small it is wrong", () => {
    const problem = bowl();
    const flatter = { ...problem, lipschitz: 0.98 * problem.lipschitz };
    expect(lossDecay(flatter, { share: 0.9, lambda: 1, steps: 5 }).slack).toBeLessThan(-1e-3);
  });
});

describe("noisy gradients", () => {
  test.each([0.25, 0.5, 0.9])(
    "tau = %s of the bound: the loss may rise by the noise's term, and no more",
    (share) => {
      const { increases, slack, slackWithoutNoise } = lossDecay(equations(), { share, sigma: 0.5 });
      expect(slack).toBeGreaterThan(-1e-13);
      // Not vacuous: it needs that term.
      expect(slackWithoutNoise).toBeLessThan(-0.1);
      expect(increases).toBeGreaterThan(100);
    },
  );
});
