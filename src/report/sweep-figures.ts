/**
 * The figures of a sweep: validation against density, and parallel coordinates, a line a trial
 * across its values and what came of them. The best trial and those of the front stand out in both.
 */
import * as Plot from "../bundled/plot.js";
import { largest, smallest } from "../extremes.js";
import type { SweepTable, SweptTrial } from "../sweep/table.js";
import { FRAME, toSvg } from "./charts.js";
import { parameter } from "./format.js";
import { type SweepAxis, sweepAxes } from "./sweep-axes.js";

interface Look {
  readonly colour: string;
  readonly opacity: number;
  readonly width: number;
  readonly dash?: string;
}

const BEST: Look = { colour: "var(--valid)", opacity: 1, width: 2.5 };
const FRONT: Look = { colour: "var(--train)", opacity: 0.9, width: 1.6 };
const OTHER: Look = { colour: "var(--muted)", opacity: 0.45, width: 1 };
const DIVERGED: Look = { colour: "var(--death)", opacity: 0.6, width: 1, dash: "3,3" };

/** How a trial is drawn; the first row is the best. */
function lookOf(row: SweptTrial, k: number): Look {
  if (row.diverged) return DIVERGED;
  if (k === 0) return BEST;
  return row.front ? FRONT : OTHER;
}

/** The values of a trial on a line, for hovering. */
function titleOf(axes: readonly SweepAxis[], row: SweptTrial): string {
  const seen = axes.map(({ name, text }) => `${name} ${text(row)}`);
  return [...seen, ...(row.diverged ? ["diverged"] : [])].join(", ");
}

/** Validation against density, as SVG text; the trials of the front are joined. */
export function sweepScatter(table: SweepTable): string {
  const { rows, by } = table;
  const axes = sweepAxes(table);
  const [scale, yLabel] =
    by === "validAccuracy" ? [100, "validation accuracy, %"] : [1, "validation loss"];
  const points = rows
    .flatMap((row, k) => {
      const { density, [by]: reached } = row;
      if (!density || !reached) return [];
      const [x, y] = [100 * density.mean, scale * reached.mean];
      const [dx, dy] = [100 * density.deviation, scale * reached.deviation];
      const ends = { x1: x - dx, x2: x + dx, y1: y - dy, y2: y + dy };
      return [{ ...lookOf(row, k), ...ends, x, y, front: row.front, title: titleOf(axes, row) }];
    })
    // The best is drawn last, over the others.
    .reverse();
  const front = points.filter((point) => point.front).sort((a, b) => a.x - b.x);
  const xs = points.map(({ x }) => x);
  const isLog = xs.length > 0 && smallest(xs) > 0 && largest(xs) / smallest(xs) > 20;
  const bars = { stroke: "colour", strokeOpacity: "opacity" };
  return toSvg({
    ...FRAME,
    width: 760,
    height: 400,
    marginTop: 24,
    marginBottom: 44,
    ariaLabel: `${yLabel} against density, by trial`,
    x: {
      type: isLog ? "log" : "linear",
      nice: !isLog,
      inset: 12,
      label: "density, %",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 6,
      tickFormat: parameter,
    },
    y: {
      label: yLabel,
      nice: true,
      inset: 12,
      labelArrow: "none",
      ticks: 6,
      tickFormat: parameter,
    },
    color: { type: "identity" },
    marks: [
      Plot.gridY({ ticks: 6, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.gridX({ ticks: 6, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.line(front, { x: "x", y: "y", stroke: FRONT.colour, strokeOpacity: 0.4 }),
      Plot.ruleX(points, { x: "x", y1: "y1", y2: "y2", ...bars }),
      Plot.ruleY(points, { y: "y", x1: "x1", x2: "x2", ...bars }),
      Plot.dot(points, {
        x: "x",
        y: "y",
        r: (point: (typeof points)[number]) => 3 + point.width,
        fill: "colour",
        fillOpacity: "opacity",
        title: "title",
      }),
    ],
    r: { type: "identity" },
    opacity: { type: "identity" },
  });
}

/** Width of the space between two axes, in pixels. */
const GAP = 150;

/** Parallel coordinates, as SVG text. */
export function parallelCoordinates(table: SweepTable): string {
  const axes = sweepAxes(table);
  const lines = table.rows
    .map((row, k) => ({ row, look: lookOf(row, k), title: titleOf(axes, row) }))
    .reverse();
  const ticks = axes.flatMap((axis, x) =>
    axis.ticks.map(({ place, text }) => ({ x, place, text })),
  );
  const heads = axes.map(({ name }, x) => ({ x, name }));
  return toSvg({
    ...FRAME,
    width: Math.max(760, 80 + GAP * axes.length),
    height: 400,
    marginTop: 44,
    marginLeft: 70,
    marginRight: 90,
    marginBottom: 24,
    ariaLabel: `values of ${axes.map(({ name }) => name).join(", ")}, a line a trial`,
    x: { axis: null, domain: [0, Math.max(1, axes.length - 1)] },
    y: { axis: null, domain: [0, 1] },
    marks: [
      Plot.ruleX(heads, { x: "x", stroke: "var(--line)", strokeWidth: 2 }),
      ...lines.map(({ row, look, title }) => {
        const points = axes.flatMap(({ place }, x) => {
          const y = place(row);
          return y === undefined ? [] : [{ x, y, title }];
        });
        return Plot.line(points, {
          x: "x",
          y: "y",
          z: null,
          stroke: look.colour,
          strokeOpacity: look.opacity,
          strokeWidth: look.width,
          ...(look.dash !== undefined && { strokeDasharray: look.dash }),
          title: "title",
        });
      }),
      Plot.text(ticks, {
        x: "x",
        y: "place",
        text: "text",
        dx: 6,
        textAnchor: "start",
        fill: "var(--muted)",
        stroke: "var(--card)",
        strokeWidth: 3,
      }),
      Plot.text(heads, {
        x: "x",
        y: 1,
        text: "name",
        dy: -20,
        fill: "var(--ink)",
        fontWeight: 600,
      }),
    ],
  });
}
