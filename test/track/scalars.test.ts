/** A run as numbers with names: of lines of now and of earlier versions, and of its end. */
import { expect, test } from "vitest";
import { parseEpoch } from "#bregman/runs/run-schema.js";
import { finalScalars, scalarsOf } from "#bregman/track/scalars.js";
import { sampleFinal } from "../report/sample-run.js";

test("lines of earlier versions have a test accuracy", () => {
  const line = { epoch: 2, validAccuracy: 0.5, density: 0.1 };
  const named = (more: object) =>
    new Map(scalarsOf(parseEpoch(JSON.stringify({ ...line, ...more }), "a line")));
  expect(named({ testAccuracy: 0.25 }).get("accuracy/test")).toBe(0.25);
  expect(named({}).has("accuracy/test")).toBe(false);
  expect(named({}).get("accuracy/validation")).toBe(0.5);
});

test("the end has the figures of the best epoch, where there is one", () => {
  const best = { epoch: 3, validAccuracy: 0.75, testAccuracy: 0.5, density: 1, linearDensity: 1 };
  const named = new Map(finalScalars({ ...sampleFinal, best }));
  expect(named.get("final/best_test_accuracy")).toBe(0.5);
  expect(named.get("final/best_validation_accuracy")).toBe(0.75);
  expect(named.get("final/test_accuracy")).toBe(sampleFinal.testAccuracy);
  const { best: _, ...others } = sampleFinal;
  const names = finalScalars(others).map(([name]) => name);
  expect(names.filter((name) => name.startsWith("final/best"))).toEqual([]);
});
