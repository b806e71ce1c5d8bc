/** The path of a run: what is read off the births, and what the picture shows. */
import { decode } from "fast-png";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { birthChart } from "#bregman/report/birth-chart.js";
import { birthPath, earliestByInput, medianBirth } from "#bregman/report/birth-path.js";
import { birthPicture } from "#bregman/report/birth-picture.js";
import { sequentialColour } from "#bregman/report/colours.js";
import type { EpochMetrics } from "#bregman/measure/events.js";

/** Lines of a net with one layer of 2 x 3 weights. */
const line = (epoch: number, nonZeros: number, births?: number, deaths?: number) =>
  ({
    epoch,
    layers: [{ name: "linear1", shape: [2, 3], weights: 6, nonZeros, births, deaths }],
  }) as unknown as EpochMetrics;
const lines = [line(0, 2, 0, 0), line(1, 3, 2, 1), line(2, 3, 1, 1)];
// Weights 0 and 4 are of the start, 1 is of epoch 1, 5 of epoch 2; 4 has died, and so has another
// of epoch 1.
const births = new Map([["linear1.weight", Uint16Array.of(1, 2, 0, 0, 0, 3)]]);

describe("birthPath", () => {
  const path = birthPath({ recipe: "r", seed: 4 }, births, lines);

  test("has the births and deaths of each epoch, and of the living their age", () => {
    expect(path).toEqual({
      recipe: "r",
      seed: 4,
      epoch: 2,
      layers: [
        {
          layer: "linear1",
          shape: [2, 3],
          weights: 6,
          nonZeros: 3,
          births: [2, 2, 1],
          deaths: [0, 1, 1],
          survivors: [1, 1, 1],
          alive: { index: [0, 1, 5], epoch: [0, 1, 2] },
        },
      ],
    });
    // What was born and has not died is there.
    const [{ births: born, deaths, nonZeros }] = path.layers;
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(born) - sum(deaths)).toBe(nonZeros);
  });

  test("the median, and the earliest birth in training of each input", () => {
    const [layer] = path.layers;
    expect(medianBirth(layer)).toBe(1);
    expect(medianBirth({ ...layer, nonZeros: 0, survivors: [0, 0, 0] })).toBeUndefined();
    expect(earliestByInput(layer)).toEqual([undefined, 1, 2]);
    const both = { ...layer, alive: { index: [1, 4, 0, 3], epoch: [5, 3, 0, 9] } };
    expect(earliestByInput(both)).toEqual([9, 3, undefined]);
  });

  test("lines of an earlier version are refused in one line", () => {
    const message =
      "could not show the path of r: what was born in epoch 1 was not kept (it was trained by an earlier version of bregman)";
    expect(() => birthPath({ recipe: "r" }, births, [lines[0], line(1, 3), lines[2]])).toThrow(
      new UnusableFileError(message),
    );
  });
});

test("the figure has a cell for each layer and epoch with births, the darker the more", () => {
  const many = new Map([["linear1.weight", Uint16Array.of(1, 2, 2, 0, 2, 2)]]);
  const path = birthPath({ recipe: "r" }, many, [...lines.slice(0, 2), line(2, 5, 2, 0)]);
  const { document } = parseHTML(birthChart(path));
  const cells = [...document.querySelectorAll("rect")].filter((cell) =>
    cell.querySelector("title"),
  );
  expect(cells.map((cell) => cell.textContent)).toEqual([
    "linear1, before training: 1 of its weights (20.0 %)",
    "linear1, epoch 1: 4 of its weights (80.0 %)",
  ]);
  expect(cells.map((cell) => Number(cell.getAttribute("fill-opacity")))).toEqual([0.5, 1]);
});

test("the picture: white without a birth, dark for the first epoch, light for the last", () => {
  const png = birthPicture([[undefined, 0, 5, 5]], [2, 2], 5, { zoom: 1 });
  const { width, height, data, palette } = decode(png);
  expect([width, height]).toEqual([4, 4]);
  const colour = (y: number, x: number) => [...palette![data[(y + 1) * 4 + x + 1]]].slice(0, 3);
  expect(colour(0, 0)).toEqual([255, 255, 255]);
  expect(colour(0, 1)).toEqual([...sequentialColour(0)]);
  expect(colour(1, 0)).toEqual([...sequentialColour(1)]);
  expect(colour(1, 1)).toEqual([...sequentialColour(1)]);
});

test("tiles stand in lines, and the scale of one epoch is no division by zero", () => {
  const png = birthPicture([[0], [0], [0]], [1, 1], 0, { zoom: 1, columns: 2 });
  const { width, height, data, palette } = decode(png);
  expect([width, height]).toEqual([12, 12]);
  expect([...palette![data[13]]].slice(0, 3)).toEqual([...sequentialColour(0)]);
});
