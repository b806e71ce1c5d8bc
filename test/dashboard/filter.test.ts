/** What is typed above the dashboard's table, and what a column is sorted by. */
import { expect, test } from "vitest";
import type { RunSummary } from "#bregman/dashboard/messages.js";
import { sorted } from "#bregman/dashboard/page/columns.js";
import { parseFilter } from "#bregman/dashboard/page/filter.js";

const run = (id: string, more: Partial<RunSummary> = {}): RunSummary => ({
  id,
  recipe: "mnist-quick",
  state: "finished",
  changed: 0,
  ...more,
});
const RUNS = [
  run("a", { density: 0.03, testAccuracy: 0.971, seed: 1, optimizer: "linBreg" }),
  run("b10", { density: 0.2, testAccuracy: 0.98, seed: 10, optimizer: "adaBreg" }),
  run("b2", { state: "running", density: 0.05, seed: 2, recipe: "other" }),
];
const found = (text: string) => {
  const { fits, faults } = parseFilter(text);
  return [...RUNS.filter(fits).map(({ id }) => id), ...faults];
};

test.each([
  ["", ["a", "b10", "b2"]],
  ["  B ", ["a", "b10", "b2"]],
  ["b1", ["b10"]],
  ["quick linbreg", ["a"]],
  ["density<5%", ["a"]],
  ["density<=0.05", ["a", "b2"]],
  ["density>4 test>=98", ["b10"]],
  ["seed=1", ["a"]],
  ["state:run", ["b2"]],
  ["recipe=other", ["b2"]],
  ["opt=ada", ["b10"]],
  ["test>0", ["a", "b10"]],
  ["colour=red seed>1", ["b10", "b2", "no column is called colour"]],
  ["seed<x", ["a", "b10", "b2", "x is no number"]],
  ["density<%", ["a", "b10", "b2", "% is no number"]],
])("%j finds %j", (text, ids) => {
  expect(found(text)).toEqual(ids);
});

test("a column is sorted by its values, numbers in texts as numbers; what has none is last", () => {
  const by = (column: string, down: boolean) => sorted(RUNS, { column, down }).map(({ id }) => id);
  expect(by("run", false)).toEqual(["a", "b2", "b10"]);
  expect(by("run", true)).toEqual(["b10", "b2", "a"]);
  expect(by("test", false)).toEqual(["a", "b10", "b2"]);
  expect(by("test", true)).toEqual(["b10", "a", "b2"]);
  expect(by("density", true)).toEqual(["b10", "b2", "a"]);
});
