/**
 * What the figure of a comparison shows: the first of test accuracy, validation accuracy and test
 * loss that all recipes have.
 */
import { expect, test } from "vitest";
import { compareFigure } from "#bregman/report/compare-report.js";
import type { Comparison } from "#bregman/sweep/comparison.js";

const one = (mean: number) => ({ mean, deviation: 0, values: [mean] });
const row = (recipe: string, figures: object) => ({ recipe, density: one(0.1), ...figures });
const figure = (...rows: object[]) => compareFigure({ rows } as unknown as Comparison);

test.each([
  [
    "test accuracy, %",
    "97",
    [{ testAccuracy: one(0.97), validAccuracy: one(0.5) }, { testAccuracy: one(0.9) }],
  ],
  [
    "validation accuracy, %",
    "96",
    [{ validAccuracy: one(0.96), testAccuracy: one(0.5) }, { validAccuracy: one(0.9) }],
  ],
  ["test loss", "1.25", [{ testLoss: one(1.25) }, { testLoss: one(0.5), validAccuracy: one(0.3) }]],
] as const)("%s", (label, shown, [first, second]) => {
  const svg = figure(row("a", first), row("b", second));
  expect(svg).toContain(`${label} against density, by recipe`);
  expect(svg).toMatch(new RegExp(`a: ${label.replace(", %", "")}[^<]*${shown}`));
});
