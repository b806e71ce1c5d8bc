/** Density and accuracy by epoch, as they come, with a legend that has their values. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { onSchemeChange } from "./scheme.js";

export interface Curves {
  /** Empties it, for so many epochs. */
  begin(epochs: number): void;
  /** Shares of 1. */
  add(epoch: number, density: number, accuracy: number): void;
}

const HEIGHT = 200;

/** Makes an empty figure as wide as `parent`, above the list of its legend. */
export function createCurves(parent: HTMLElement, legend: HTMLElement): Curves {
  const points: [number[], number[], number[]] = [[], [], []];
  const last = () => points[0].length - 1;
  let epochs = 1;
  // Functions, since a page that turns dark has others.
  const colour = (name: string) => () => getComputedStyle(parent).getPropertyValue(name);
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const series = (scale: string, name: string) => ({
    scale,
    stroke: colour(name),
    width: 2,
    points: { size: 5, fill: colour(name) },
  });
  const values = (_: uPlot, ticks: number[]) => ticks.map((tick) => `${tick} %`);
  const chart = new uPlot(
    {
      width: parent.clientWidth,
      height: HEIGHT,
      padding: [10, 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: () => [0, epochs] },
        density: { range: (_, _low, high) => [0, densityEnd(high)] },
        accuracy: { range: [0, 100] },
      },
      series: [{}, series("density", "--first"), series("accuracy", "--second")],
      axes: [
        { ...axis, size: 30, incrs: [1, 2, 5, 10, 20, 50] },
        { ...axis, scale: "density", stroke: colour("--first"), values },
        {
          ...axis,
          scale: "accuracy",
          side: 1,
          stroke: colour("--second"),
          grid: { show: false },
          values,
        },
      ],
      hooks: { setCursor: [({ cursor }) => showLegend(cursor.idx ?? last())] },
    },
    points,
    parent,
  );
  const showLegend = (k: number) => {
    const texts = points.map((list, of) =>
      list[k] === undefined ? "–" : of === 0 ? String(list[k]) : `${list[k].toFixed(2)} %`,
    );
    legend.querySelectorAll("dd").forEach((value, of) => (value.textContent = texts[of]));
  };
  let width = 0;
  new ResizeObserver(() => {
    if (parent.clientWidth !== width) chart.setSize({ width: parent.clientWidth, height: HEIGHT });
    width = parent.clientWidth;
  }).observe(parent);
  onSchemeChange(() => chart.redraw(false));
  const show = () => {
    chart.setData(points);
    showLegend(last());
  };
  return {
    begin(count) {
      epochs = count;
      for (const list of points) list.length = 0;
      show();
    },
    add(epoch, density, accuracy) {
      [epoch, 100 * density, 100 * accuracy].forEach((value, k) => points[k].push(value));
      show();
    },
  };
}

/** A little above the largest, at most all; 5 % before there is one. */
function densityEnd(largest: number | null): number {
  return largest ? Math.min(100, 1.1 * largest) : 5;
}
