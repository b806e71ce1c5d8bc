/**
 * The figure of a comparison: accuracy (or loss) against density, one point a method with its
 * spread both ways, as SVG text.
 *
 * Names stand in a column on the right, in the order of the points and moved apart, each tied to
 * its point by a line.
 */
import * as Plot from "../bundled/plot.js";
import { largest, smallest } from "../extremes.js";
import { FRAME, toSvg } from "./charts.js";
import { parameter } from "./format.js";

/** A value with its spread to both sides. */
export interface Range {
  readonly mean: number;
  readonly deviation: number;
}

export interface ScatterPoint {
  readonly name: string;
  readonly x: Range;
  readonly y: Range;
}

export interface ScatterOptions {
  /** What the figure shows, for readers who can't see it. */
  readonly label: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

const [WIDTH, HEIGHT, NAMES] = [760, 420, 230];
const [TOP, BOTTOM] = [24, 44];
/** Least distance of two names, in pixels. */
const LINE = 17;

/** Points with error bars. */
export function scatterChart(
  points: readonly ScatterPoint[],
  { label, xLabel, yLabel }: ScatterOptions,
): string {
  const x = domain(points.map((point) => point.x));
  const y = domain(points.map((point) => point.y));
  const perPixel = (y[1] - y[0]) / (HEIGHT - TOP - BOTTOM);
  const ordered = [...points].sort((a, b) => b.y.mean - a.y.mean);
  const heights = apart(
    ordered.map((point) => point.y.mean),
    LINE * perPixel,
    y,
  );
  const rows = ordered.map((point, k) => ({
    name: point.name,
    colour: `var(--c${k % 8})`,
    x: point.x.mean,
    x1: point.x.mean - point.x.deviation,
    x2: point.x.mean + point.x.deviation,
    y: point.y.mean,
    y1: point.y.mean - point.y.deviation,
    y2: point.y.mean + point.y.deviation,
    end: x[1],
    height: heights[k],
  }));
  const colour = "colour";
  return toSvg({
    ...FRAME,
    width: WIDTH,
    height: HEIGHT,
    marginTop: TOP,
    marginBottom: BOTTOM,
    marginRight: NAMES,
    ariaLabel: label,
    x: {
      domain: x,
      label: xLabel,
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 6,
      tickFormat: parameter,
    },
    y: { domain: y, label: yLabel, labelArrow: "none", ticks: 6, tickFormat: parameter },
    marks: [
      Plot.gridY({ ticks: 6, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.gridX({ ticks: 6, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.link(rows, {
        x1: "x",
        y1: "y",
        x2: "end",
        y2: "height",
        stroke: colour,
        strokeOpacity: 0.35,
      }),
      Plot.ruleX(rows, { x: "x", y1: "y1", y2: "y2", stroke: colour, strokeWidth: 1.5 }),
      Plot.ruleY(rows, { y: "y", x1: "x1", x2: "x2", stroke: colour, strokeWidth: 1.5 }),
      Plot.dot(rows, {
        x: "x",
        y: "y",
        r: 4.5,
        fill: colour,
        title: (row: (typeof rows)[number]) =>
          `${row.name}: ${yLabel} ${parameter(row.y)}, ${xLabel} ${parameter(row.x)}`,
      }),
      Plot.text(rows, {
        x: "end",
        y: "height",
        text: "name",
        dx: 6,
        textAnchor: "start",
        fill: colour,
      }),
    ],
  });
}

/** Ends of an axis: those of the bars, with some room. */
function domain(ranges: readonly Range[]): [number, number] {
  const low = smallest(ranges.map(({ mean, deviation }) => mean - deviation));
  const high = largest(ranges.map(({ mean, deviation }) => mean + deviation));
  const room = 0.08 * (high - low) || 0.05 * Math.abs(high) || 1;
  return [low - room, high + room];
}

/** Falling values moved apart to a least distance, within the ends as far as there is room. */
function apart(
  values: readonly number[],
  distance: number,
  [low, high]: readonly [number, number],
): number[] {
  const places: number[] = [];
  for (const value of values)
    places.push(Math.min(value, (places.at(-1) ?? high + distance) - distance));
  // Those pushed out below move up again.
  let floor = low;
  for (let k = places.length - 1; k >= 0; k--) {
    places[k] = Math.max(places[k], floor);
    floor = places[k] + distance;
  }
  return places;
}
