/** Density and accuracy by epoch, as they come. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Curves {
  clear(): void;
  /** Shares of 1. */
  add(epoch: number, density: number, accuracy: number): void;
}

const HEIGHT = 190;

/** Makes an empty figure as wide as `parent`. */
export function createCurves(parent: HTMLElement): Curves {
  const style = getComputedStyle(parent);
  const [muted, line, first, second] = ["--muted", "--line", "--first", "--second"].map((name) =>
    style.getPropertyValue(name),
  );
  const points: [number[], number[], number[]] = [[], [], []];
  const percent = (_: uPlot, value: number | null) =>
    value === null ? "–" : `${value.toFixed(2)} %`;
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const values = (_: uPlot, ticks: number[]) => ticks.map((tick) => `${tick} %`);
  const chart = new uPlot(
    {
      width: parent.clientWidth,
      height: HEIGHT,
      scales: { x: { time: false } },
      series: [
        { label: "Epoch" },
        { label: "Density", stroke: first, width: 2, scale: "density", value: percent },
        { label: "Accuracy", stroke: second, width: 2, scale: "accuracy", value: percent },
      ],
      axes: [
        { ...axis, incrs: [1, 2, 5, 10, 20, 50] },
        { ...axis, scale: "density", stroke: first, values },
        { ...axis, scale: "accuracy", side: 1, stroke: second, grid: { show: false }, values },
      ],
    },
    points,
    parent,
  );
  new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height: HEIGHT })).observe(
    parent,
  );
  return {
    clear() {
      for (const list of points) list.length = 0;
      chart.setData(points);
    },
    add(epoch, density, accuracy) {
      [epoch, 100 * density, 100 * accuracy].forEach((value, k) => points[k].push(value));
      chart.setData(points);
    },
  };
}
