/** Curves of several runs over each other, by uPlot. Their x need not rise: a density may fall. */
import uPlot from "../../bundled/uplot.js";
import type { Axis } from "./measures.js";

/** A line of a chart. */
export interface ChartLine {
  readonly name: string;
  /** A CSS colour that the canvas knows. */
  readonly colour: string;
  readonly dash: boolean;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface Chart {
  draw(lines: readonly ChartLine[], x: Axis, y: Axis): void;
}

const HEIGHT = 250;
/** A line with more points has no dots. */
const MOST_DOTS = 40;
/** Pixels around a point in which it is hovered. */
const NEAR = 30;

/** An empty chart in a figure, which has a caption for what is hovered. */
export function createChart(figure: HTMLElement): Chart {
  const place = figure.querySelector<HTMLElement>(".plot")!;
  const caption = figure.querySelector("figcaption")!;
  let chart: uPlot | undefined;
  let drawn: Parameters<Chart["draw"]> | undefined;

  const draw: Chart["draw"] = (lines, x, y) => {
    const before = drawn;
    drawn = [lines, x, y];
    const title = `${y.title} over ${x.title.toLowerCase()}`;
    place.setAttribute("aria-label", describe(title, lines, x, y));
    if (looks(before) !== looks(drawn)) {
      chart?.destroy();
      chart = undefined;
      caption.textContent = title;
    }
    if (lines.length === 0) return;
    const data = [null, ...lines.map((line) => [line.x, line.y])] as unknown as uPlot.AlignedData;
    if (chart) return chart.setData(data);
    chart = new uPlot(
      optionsOf(() => drawn![0], drawn, place.clientWidth),
      data,
      place,
    );
    const { over } = chart;
    over.addEventListener("pointermove", ({ offsetX, offsetY }) => {
      const near = nearest(chart!, drawn![0], offsetX, offsetY);
      caption.textContent = near
        ? `${near.line.name}: ${y.text(near.y)}, ${x.title.toLowerCase()} ${x.text(near.x)}`
        : title;
    });
    over.addEventListener("pointerleave", () => (caption.textContent = title));
  };
  let width = 0;
  new ResizeObserver(() => {
    if (place.clientWidth !== width) chart?.setSize({ width: place.clientWidth, height: HEIGHT });
    width = place.clientWidth;
  }).observe(place);
  return { draw };
}

/** All but the points. */
function looks(drawn: Parameters<Chart["draw"]> | undefined): string {
  const [lines = [], x, y] = drawn ?? [];
  return JSON.stringify([lines.map(({ name, colour, dash }) => [name, colour, dash]), x, y]);
}

function optionsOf(
  now: () => readonly ChartLine[],
  [lines, x, y]: Parameters<Chart["draw"]>,
  width: number,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const [muted, rule] = ["--muted", "--line"].map((name) => style.getPropertyValue(name).trim());
  const axis = {
    stroke: muted,
    font: "12px system-ui, sans-serif",
    grid: { stroke: rule, width: 1 },
    ticks: { show: false },
  };
  const range = (of: "x" | "y") => () => rangeOf(now().map((line) => line[of]));
  const facets = [
    { scale: "x", auto: true },
    { scale: "y", auto: true },
  ];
  return {
    mode: 2,
    width,
    height: HEIGHT,
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: range("x") }, y: { range: range("y") } },
    axes: [
      { ...axis, space: 60, size: 30, ...marksOf(x) },
      { ...axis, size: 62, ...marksOf(y) },
    ],
    series: [
      {},
      ...lines.map(({ colour, dash }) => ({
        facets,
        stroke: colour,
        width: 2,
        paths: pathOf(dash),
      })),
    ],
  } as uPlot.Options;
}

/** The marks of an axis: what is written is where it stands, not near it. */
function marksOf({ text, mark = text, steps }: Axis): Partial<uPlot.Axis> {
  return {
    values: (_, values, _axis, _space, step) => values.map((value) => mark(value, step)),
    ...(steps && { incrs: [...steps] }),
  };
}

/** Draws a line from point to point in the order they have. */
function pathOf(dash: boolean): uPlot.Series.PathBuilder {
  return (chart, index) => {
    uPlot.orient(
      chart,
      index,
      (series, _x, _y, scaleX, scaleY, toX, toY, left, top, wide, high) => {
        const [xs, ys] = chart.data[index] as unknown as [number[], number[]];
        const { ctx } = chart;
        const [line, dots] = [new Path2D(), new Path2D()];
        const radius = 2.5 * devicePixelRatio;
        xs.forEach((value, k) => {
          const [px, py] = [toX(value, scaleX, wide, left), toY(ys[k], scaleY, high, top)];
          if (k === 0) line.moveTo(px, py);
          else line.lineTo(px, py);
          dots.moveTo(px + radius, py);
          dots.arc(px, py, radius, 0, 2 * Math.PI);
        });
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = (series.stroke as () => string)();
        ctx.lineWidth = 2 * devicePixelRatio;
        ctx.lineJoin = "round";
        if (dash) ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.stroke(line);
        if (xs.length <= MOST_DOTS) ctx.fill(dots);
        ctx.restore();
      },
    );
    return null;
  };
}

/** The ends of an axis, with a little room; never none. */
function rangeOf(all: readonly (readonly number[])[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const values of all)
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return [0, 1];
  const room = high > low ? 0.04 * (high - low) : Math.abs(high) * 0.1 || 0.1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

function nearest(
  chart: uPlot,
  lines: readonly ChartLine[],
  left: number,
  top: number,
): { line: ChartLine; x: number; y: number } | undefined {
  let found: { line: ChartLine; x: number; y: number } | undefined;
  let least = NEAR;
  for (const line of lines) {
    line.x.forEach((x, k) => {
      const y = line.y[k];
      const distance = Math.hypot(chart.valToPos(x, "x") - left, chart.valToPos(y, "y") - top);
      if (distance < least) [least, found] = [distance, { line, x, y }];
    });
  }
  return found;
}

/** The chart in words: where each line ends. */
function describe(title: string, lines: readonly ChartLine[], x: Axis, y: Axis): string {
  const ends = lines.flatMap((line) => {
    const last = line.x.length - 1;
    return last < 0
      ? []
      : [`${line.name} ends at ${y.text(line.y[last])}, ${x.text(line.x[last])}`];
  });
  return ends.length === 0 ? `${title}: nothing yet` : `${title}: ${ends.join("; ")}`;
}
