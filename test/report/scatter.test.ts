/** The figure of a comparison: one point, two bars and one name a method, names apart. */
import { describe, expect, test } from "vitest";
import { scatterChart, type ScatterPoint } from "#bregman/report/scatter.js";

const point = (name: string, x: number, y: number, deviation = 0.2): ScatterPoint => ({
  name,
  x: { mean: x, deviation },
  y: { mean: y, deviation },
});
const draw = (points: readonly ScatterPoint[]) =>
  scatterChart(points, { label: "all", xLabel: "density", yLabel: "accuracy" });
/** Heights of the names, by name. */
const heights = (svg: string) =>
  new Map(
    [...svg.matchAll(/transform="translate\([\d.]+,([\d.-]+)\)"[^>]*>(m\d)<\/text>/g)].map(
      ([, y, name]) => [name, Number(y)],
    ),
  );

describe("scatterChart", () => {
  test("names of equal points stand apart, in the order of the points, inside the figure", () => {
    const points = Array.from({ length: 8 }, (_, k) => point(`m${k}`, 8, 97 - 0.01 * k));
    const found = heights(draw([...points].reverse()));
    const places = points.map(({ name }) => found.get(name)!);
    expect(places).toHaveLength(8);
    for (let k = 1; k < places.length; k++) expect(places[k] - places[k - 1]).toBeGreaterThan(16);
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(Math.max(...places)).toBeLessThan(420 - 30);
  });

  test("no name moves that has room", () => {
    const found = heights(draw([point("m0", 5, 90), point("m1", 6, 95), point("m2", 7, 100)]));
    expect(found.get("m0")! - found.get("m1")!).toBeCloseTo(found.get("m1")! - found.get("m2")!, 3);
  });

  test("each point says its figures on hovering, and a single point without spread has a place", () => {
    const svg = draw([point("m0", 8.125, 97.5, 0)]);
    expect(svg).toContain("<title>m0: accuracy 97.5, density 8.125</title>");
    expect(svg).not.toContain("NaN");
  });
});
