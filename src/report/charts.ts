/**
 * The report's figures: Observable Plot rendered to SVG text, with linkedom as the document.
 *
 * Colours are CSS variables of the page (style.ts), so a figure follows its light or dark theme.
 * Every point carries a <title>, which browsers show on hovering: no script is needed.
 */
import * as Plot from "../bundled/plot.js";
import { parseHTML } from "../bundled/linkedom.js";
import { largest, smallest } from "../extremes.js";

export interface Point {
  readonly epoch: number;
  /** A gap in the line where it is null or not finite. */
  readonly value: number | null | undefined;
}

export interface Series {
  readonly name: string;
  /** A CSS colour, e.g. "var(--train)". */
  readonly colour: string;
  readonly points: readonly Point[];
  readonly width?: number;
  readonly dash?: string;
}

export interface LineChartOptions {
  /** What the figure shows, for readers who can't see it. */
  label: string;
  /** Text of a value, on the axis and on hovering. */
  format: (value: number) => string;
  /** Logarithmic if the positive values span more than this factor. Default: never. */
  logFrom?: number | undefined;
  /** Ends of the y axis; by default those of the data. */
  domain?: readonly [number, number] | undefined;
  /** The epochs the x axis spans; by default those of the data. */
  epochs?: readonly number[] | undefined;
  /** Vertical marks with a caption, e.g. where the learning rate fell. */
  marks?: readonly { readonly epoch: number; readonly text: string }[] | undefined;
  /** Each line's name at its end, for a figure without a legend. Default false. */
  names?: boolean | undefined;
}

const WIDTH = 480;
const HEIGHT = 260;
/** What all figures share. */
export const FRAME = {
  width: WIDTH,
  height: HEIGHT,
  marginTop: 18,
  marginLeft: 58,
  marginRight: 14,
  marginBottom: 38,
  style: { fontSize: "12px", background: "none", color: "var(--muted)", fontFamily: "inherit" },
};
/** With more points than this, dots would only thicken the line. */
const MOST_DOTS = 40;
/** Room for a line's name beside its end. */
const NAME_WIDTH = 100;
/** Least distance between the names of two lines, as a share of the axis. */
const LEAST_GAP = 0.05;

/** A chart of one or more lines over epochs, as SVG text. */
export function lineChart(
  series: readonly Series[],
  {
    label,
    format,
    logFrom = Infinity,
    domain,
    epochs,
    marks = [],
    names = false,
  }: LineChartOptions,
): string {
  const rows = series.map((one) => ({ ...one, points: one.points.filter(isFinitePoint) }));
  const values = rows.flatMap(({ points }) => points.map(({ value }) => value));
  const [low, high] = domain ?? [smallest(values), largest(values)];
  const positive = values.filter((value) => value > 0);
  const log = domain === undefined && positive.length > 0 && high / smallest(positive) > logFrom;
  const y = log
    ? logAxis(smallest(positive), high)
    : { domain: padded(low, high, domain), ticks: 5 };
  const lines = rows.flatMap(({ name, colour, points, width = 2, dash }) => {
    const shown = log ? points.filter(({ value }) => value > 0) : points;
    const title = ({ epoch, value }: { epoch: number; value: number }) =>
      `${name}, epoch ${epoch}: ${format(value)}`;
    return [
      Plot.line(shown, {
        x: "epoch",
        y: "value",
        stroke: colour,
        strokeWidth: width,
        ...(dash && { strokeDasharray: dash }),
      }),
      // Few points: visible dots. Many: invisible ones, for their titles.
      Plot.dot(shown, {
        x: "epoch",
        y: "value",
        r: shown.length > MOST_DOTS ? 5 : width + 0.5,
        fill: colour,
        fillOpacity: shown.length > MOST_DOTS ? 0 : 1,
        title,
      }),
    ];
  });
  const ends = rows.flatMap(({ name, colour, points }) =>
    points.slice(-1).map(({ epoch, value }) => ({ name, colour, epoch, y: value })),
  );
  const labels = names ? apart(ends, y.domain[1] - y.domain[0]) : [];
  return toSvg({
    ...FRAME,
    ...(names && { marginRight: NAME_WIDTH }),
    ariaLabel: label,
    x: epochAxis(epochs ?? rows.flatMap(({ points }) => points.map(({ epoch }) => epoch))),
    y: { ...y, label: null, tickFormat: format },
    marks: [
      Plot.gridY({ ticks: y.ticks, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.ruleX(marks, { x: "epoch", stroke: "var(--muted)", strokeDasharray: "2,3" }),
      Plot.text(marks, {
        x: "epoch",
        text: "text",
        frameAnchor: "top",
        dy: -8,
        fill: "var(--muted)",
        fontSize: 11,
      }),
      ...lines,
      Plot.text(labels, {
        x: "epoch",
        y: "y",
        text: "name",
        fill: "colour",
        textAnchor: "start",
        dx: 8,
      }),
    ],
  });
}

/**
 * Names of lines from top to bottom, moved down where they would stand on top of one another;
 * `span` is the axis's length.
 */
export function apart<Label extends { readonly y: number }>(
  labels: readonly Label[],
  span: number,
): Label[] {
  let above = Infinity;
  return labels
    .toSorted((a, b) => b.y - a.y)
    .map((label) => ({ ...label, y: (above = Math.min(label.y, above - LEAST_GAP * span)) }));
}

export interface Change {
  readonly epoch: number;
  readonly births: number;
  readonly deaths: number;
}

/** Births as bars above the axis and deaths below it, as SVG text. */
export function changeChart(
  changes: readonly Change[],
  label: string,
  format: (value: number) => string,
): string {
  const bar = (key: "births" | "deaths", sign: 1 | -1, fill: string) =>
    Plot.rectY(changes, {
      x1: ({ epoch }: Change) => epoch - 0.36,
      x2: ({ epoch }: Change) => epoch + 0.36,
      y: (change: Change) => sign * change[key],
      fill,
      title: (change: Change) => `epoch ${change.epoch}: ${format(change[key])} ${key}`,
    });
  const most = largest(
    changes.map(({ births }) => births),
    1,
  );
  const least = -largest(
    changes.map(({ deaths }) => deaths),
    0,
  );
  const epochs = changes.map(({ epoch }) => epoch);
  const axis = epochAxis(epochs);
  return toSvg({
    ...FRAME,
    ariaLabel: label,
    x: { ...axis, domain: [smallest(epochs) - 0.5, largest(epochs) + 0.5] },
    y: {
      label: null,
      domain: [least, most],
      ticks: 5,
      tickFormat: (value: number) => format(Math.abs(value)),
    },
    marks: [
      Plot.gridY({ ticks: 5, stroke: "var(--line)", strokeOpacity: 1 }),
      bar("births", 1, "var(--birth)"),
      bar("deaths", -1, "var(--death)"),
      Plot.ruleY([0], { stroke: "var(--muted)" }),
    ],
  });
}

/** An element of linkedom's, as far as it is needed here. */
interface FigureElement {
  readonly outerHTML: string;
  querySelectorAll(selector: string): Iterable<FigureElement>;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}

/** A figure as SVG text: one picture to who hears it, with the figure's own name. */
export function toSvg(options: Plot.PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const figure = Plot.plot({
    ...options,
    document,
  } as Plot.PlotOptions) as unknown as FigureElement;
  for (const mark of figure.querySelectorAll("g[aria-label]")) mark.removeAttribute("aria-label");
  figure.setAttribute("role", "img");
  return figure.outerHTML;
}

/** Whole epochs only, at most eleven ticks. */
export function epochAxis(epochs: readonly number[]) {
  const [first, last] = [smallest(epochs), largest(epochs)];
  const steps = [1, 2, 5]
    .flatMap((step) => [step, 10 * step, 100 * step, 1000 * step])
    .sort((a, b) => a - b);
  const step = steps.find((candidate) => (last - first) / candidate <= 10) ?? last - first;
  const start = Math.ceil(first / step) * step;
  return {
    label: "epoch",
    labelArrow: "none" as const,
    ticks: Array.from(
      { length: Math.floor((last - start) / step) + 1 },
      (_, k) => start + k * step,
    ),
    tickFormat: (epoch: number) => String(epoch),
    domain: first === last ? [first - 1, first + 1] : [first, last],
  };
}

/** Room for the line's width; a flat line gets an axis all the same. */
function padded(
  low: number,
  high: number,
  fixed: readonly [number, number] | undefined,
): [number, number] {
  if (fixed) return [...fixed];
  if (low === high) return low === 0 ? [0, 1] : [Math.min(0, 2 * low), Math.max(0, 2 * low)];
  return [low >= 0 && low < 0.5 * high ? 0 : low - 0.04 * (high - low), high + 0.04 * (high - low)];
}

/**
 * A logarithmic axis that starts at a round number, with ticks 1, 2, 5 times powers of ten; fewer
 * if that is too many.
 */
function logAxis(low: number, high: number) {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const decades = Array.from({ length: to - from + 1 }, (_, k) => Number(`1e${from + k}`));
  const round = decades.flatMap((decade) =>
    [1, 2, 5].map((step) => Number((step * decade).toPrecision(1))),
  );
  // A floor just below a round number may start at it: the line's width covers that.
  const bottom = round.findLast((mark) => mark <= 1.02 * low) ?? low;
  const within = (marks: readonly number[]) =>
    marks.filter((mark) => mark >= bottom && mark <= high);
  const few = within(round).length <= 8 ? within(round) : within(decades);
  return { type: "log" as const, domain: [Math.min(bottom, low), high], ticks: few };
}

function isFinitePoint(point: Point): point is { epoch: number; value: number } {
  return typeof point.value === "number" && Number.isFinite(point.value);
}
