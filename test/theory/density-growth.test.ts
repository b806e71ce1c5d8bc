/**
 * Observed, not proved: LinBreg's density grows without going back, ProxSGD's goes up and down,
 * SGD's is full at once.
 */
import { expect, test } from "vitest";
import { densityRun, falls } from "./experiments/density.js";

test("LinBreg: the density never falls by more than a trifle, and the loss comes down", async () => {
  const { densities, losses } = await densityRun("LinBreg");
  expect(falls(densities).count).toBeLessThanOrEqual(2);
  expect(falls(densities).most).toBeLessThan(0.002);
  expect(densities[0]).toBeLessThan(0.03);
  expect(densities.at(-1)).toBeGreaterThan(0.1);
  expect(densities.at(-1)).toBeLessThan(0.4);
  expect(losses.at(-1)).toBeLessThan(0.3 * losses[0]);
});

test("AdaBreg: as LinBreg", async () => {
  const { densities } = await densityRun("AdaBreg");
  expect(falls(densities).count).toBeLessThanOrEqual(3);
  expect(falls(densities).most).toBeLessThan(0.002);
  expect(densities.at(-1)).toBeGreaterThan(0.2);
});

test("ProxSGD: it jumps up in the first epoch, and falls again and again", async () => {
  const { densities } = await densityRun("ProxSGD");
  expect(densities[1]).toBeGreaterThan(0.2);
  expect(falls(densities).count).toBeGreaterThan(8);
  expect(falls(densities).most).toBeGreaterThan(0.02);
});

test("SGD: every weight after one epoch", async () => {
  const { densities } = await densityRun("SGD");
  expect(densities[0]).toBeLessThan(0.03);
  expect(densities[1]).toBeGreaterThan(0.995);
});
