/**
 * The plots of docs/method.md: a few lines over a linear or logarithmic axis, as an SVG file that
 * stands on its own.
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly dash?: boolean;
}

export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  /** Values outside are left out. */
  readonly domain?: readonly [number, number];
}

export interface ChartOptions {
  readonly x: Axis;
  readonly y: Axis;
  /** Where there is room for the lines' names; default "top-right". */
  readonly legend?: "top-left" | "top-right" | "bottom-left" | "bottom-right";
  /** Horizontal rules. */
  readonly rules?: readonly number[];
  /** Dots at the points as well. */
  readonly dots?: boolean;
}

/** Okabe and Ito's colours, which the colour-blind can tell apart. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const LINE_HEIGHT = 15;

export function chart(
  lines: readonly Line[],
  { x, y, legend = "top-right", rules = [], dots }: ChartOptions,
): string {
  const marks = lines.flatMap((line, k) => {
    const stroke = COLOURS[k % COLOURS.length];
    const points = line.x
      .map((at, i) => [at, line.y[i]])
      .filter((point) => isShown(point[0], x) && isShown(point[1], y));
    return [
      Plot.line(points, { stroke, strokeWidth: 1.8, ...(line.dash && { strokeDasharray: "5,4" }) }),
      ...(dots ? [Plot.dot(points, { fill: stroke, r: 2.5 })] : []),
      Plot.text([line.name], {
        frameAnchor: legend,
        dx: legend.endsWith("left") ? 8 : -8,
        dy: legend.startsWith("top")
          ? 6 + LINE_HEIGHT * k
          : -6 - LINE_HEIGHT * (lines.length - 1 - k),
        fill: stroke,
        stroke: "white",
        strokeWidth: 4,
      }),
    ];
  });
  const axis = ({ label, log, domain }: Axis): Plot.ScaleOptions => ({
    label,
    labelArrow: "none",
    grid: true,
    ...(log ? { type: "log", ticks: 6, tickFormat: power } : {}),
    ...(domain && { domain: [...domain] }),
  });
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const figure = Plot.plot({
    document,
    width: 620,
    height: 300,
    marginLeft: 58,
    marginRight: 26,
    marginBottom: 38,
    style: {
      fontSize: "12px",
      background: "white",
      color: "#333",
      fontFamily: "system-ui, sans-serif",
    },
    x: axis(x),
    y: axis(y),
    marks: [
      Plot.frame({ stroke: "#bbb" }),
      Plot.ruleY(rules, { stroke: "#888", strokeDasharray: "2,3" }),
      ...marks,
    ],
  } as unknown as Plot.PlotOptions) as unknown as {
    outerHTML: string;
    setAttribute(name: string, value: string): void;
  };
  figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${figure.outerHTML}\n`;
}

const isShown = (
  value: number,
  { log, domain: [low, high] = [-Infinity, Infinity] }: Axis,
): boolean => Number.isFinite(value) && (!log || value > 0) && value >= low && value <= high;

/** Powers of ten only, as 0.01 or 1e-6. */
function power(value: number): string {
  if (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) > 1e-9) return "";
  return value >= 1e-3 && value <= 1e5
    ? String(Number(value.toPrecision(1)))
    : value.toExponential(0);
}
