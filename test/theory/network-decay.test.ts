/**
 * Theorem 2 for networks: with tanh, whose loss is smooth, it holds with the L of the path; with
 * ReLU there is no L.
 */
import { describe, expect, test } from "vitest";
import { linBreg } from "#bregman/optim/index.js";
import { l1 } from "#bregman/regularizers/index.js";
import {
  network,
  networkDecay,
  networkLosses,
  STEPS,
  trainedLosses,
} from "./experiments/network-decay.js";
import { descend } from "./support/descent.js";

const rises = (losses: readonly number[]): number =>
  losses.filter((loss, k) => k > 0 && loss > losses[k - 1]).length;

describe("tanh, float64", () => {
  test("below the bound of its path the loss falls in every step, by what theorem 2 says", () => {
    const { share, increases, slack, losses } = networkDecay(network("tanh"), 0.15);
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(1);
    expect(increases).toBe(0);
    expect(slack).toBeGreaterThan(-1e-13);
    expect(losses.at(-1)).toBeLessThan(0.05 * losses[0]);
  });

  test("above it the loss rises", () => {
    const { share, increases } = networkDecay(network("tanh"), 0.3);
    expect(share).toBeGreaterThan(1);
    expect(increases).toBeGreaterThan(20);
  });
});

describe("tanh, trained by the library in float32", () => {
  test("the same losses, none of which is higher than the one before", async () => {
    const losses = await trainedLosses(0.15);
    const exact = networkLosses(network("tanh"), 0.15);
    expect(losses.length).toBe(STEPS);
    losses.forEach((loss, k) => expect(Math.abs(loss - exact[k])).toBeLessThan(2e-6));
    expect(rises(losses)).toBe(0);
  });

  test("above the bound they rise", async () => {
    expect(rises(await trainedLosses(0.3))).toBeGreaterThan(20);
  });
});

describe("ReLU: observed only, there is no theorem", () => {
  test("a small step takes the loss down in every step, a larger one does not", () => {
    const net = network("relu");
    const small = networkLosses(net, 0.02);
    expect(rises(small)).toBe(0);
    expect(small.at(-1)).toBeLessThan(0.2 * small[0]);
    expect(rises(networkLosses(net, 0.1))).toBeGreaterThan(4);
  });

  test("at a kink the loss rises however small the step: relu(theta - 1) + relu(1 - theta)", () => {
    const problem = {
      n: 1,
      lipschitz: Number.NaN,
      loss: ([theta]: ArrayLike<number> & Iterable<number>) => Math.abs(theta - 1),
      gradient: ([theta]: ArrayLike<number> & Iterable<number>) =>
        Float64Array.of(Math.sign(theta - 1)),
    };
    for (const tau of [0.07, 0.007, 0.0007]) {
      let [before, increases] = [Infinity, 0];
      const onStep = ({ after }: { after: { theta: Float64Array } }): void => {
        const loss = problem.loss(after.theta);
        if (loss > before) increases++;
        before = loss;
      };
      descend(linBreg({ tau, regularizer: l1(0.3) }), problem, {
        steps: Math.ceil(1.3 / tau) + 12,
        onStep,
      });
      expect(increases).toBeGreaterThan(2);
      expect(before).toBeLessThan(tau);
    }
  });
});
