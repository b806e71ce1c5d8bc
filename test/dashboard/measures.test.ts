/** Marks of the curves' axes say where they stand. */
import { expect, test } from "vitest";
import { DENSITY, TIMES, WORK } from "#bregman/dashboard/page/measures.js";

const marks = ({ mark, text }: typeof WORK, from: number, step: number) =>
  Array.from({ length: 5 }, (_, k) => (mark ?? text)(from + k * step, step));

test("no two marks of an axis are the same, and none is rounded", () => {
  expect(marks(DENSITY, 0, 0.05)).toEqual(["0 %", "5 %", "10 %", "15 %", "20 %"]);
  expect(marks(DENSITY, 0.94, 0.025)).toEqual(["94.0 %", "96.5 %", "99.0 %", "101.5 %", "104.0 %"]);
  expect(marks(DENSITY, 0.03, 0.0025)).toEqual(["3.00 %", "3.25 %", "3.50 %", "3.75 %", "4.00 %"]);
  expect(marks(WORK, 5000, 2500)).toEqual(["5,000", "7,500", "10k", "12.5k", "15k"]);
  expect(marks(WORK, 9e5, 5e4)).toEqual(["900k", "950k", "1M", "1.05M", "1.1M"]);
});

test("epochs have whole marks, times those of a clock", () => {
  expect(TIMES["epoch"].steps!.slice(0, 5)).toEqual([1, 2, 5, 10, 20]);
  expect(TIMES["epoch"].steps!.every(Number.isInteger)).toBe(true);
  const steps = TIMES["seconds"].steps!;
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(marks(TIMES["seconds"], 0, 30)).toEqual(["0:00", "0:30", "1:00", "1:30", "2:00"]);
});
