/**
 * The picture of bench/density-sweep: milliseconds of a step against density, a line for each kind
 * of step, the dense step as a rule.
 */
import * as Plot from "@observablehq/plot";

import { apart, FRAME, toSvg } from "../../dist/report/charts.js";
import { standaloneSvg } from "../../dist/report/standalone-svg.js";
import { median } from "./result.mjs";

/**
 * @param {readonly { kind: string, step: string, density: number, ours: number, other: number }[]}
 *   rows
 * @returns {string} SVG
 */
export function sweepPicture(rows) {
  const dense = median(rows.map(({ other }) => other));
  const top = Math.max(dense, ...rows.map(({ ours }) => ours)) * 1.05;
  const lines = rows.map((entry) => ({ ...entry, line: `${entry.kind}, ${entry.step}` }));
  const names = [...new Set(lines.map(({ line }) => line))];
  const densest = Math.max(...lines.map(({ density }) => density));
  const ends = lines.filter(({ density }) => density === densest);
  const labels = apart(
    ends.map(({ line, density, ours }) => ({ line, density, y: ours })),
    top,
  );
  const colour = (/** @type {{ line: string }} */ { line }) => `var(--c${names.indexOf(line)})`;
  const svg = toSvg({
    ...FRAME,
    width: 760,
    height: 420,
    marginRight: 210,
    ariaLabel: "Milliseconds of a ResNet-18 training step against density",
    x: {
      type: "log",
      domain: [0.01, 1],
      ticks: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
      tickFormat: (/** @type {number} */ x) => `${100 * x} %`,
      label: "density",
    },
    y: { domain: [0, top], label: "ms a step", labelArrow: "none", ticks: 6 },
    marks: [
      Plot.gridY({ ticks: 6, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.ruleY([dense], { stroke: "var(--muted)", strokeDasharray: "4 3" }),
      Plot.text([{ x: 0.01, y: dense }], {
        x: "x",
        y: "y",
        text: () => "dense",
        dx: 4,
        dy: -7,
        textAnchor: "start",
        fill: "var(--muted)",
      }),
      Plot.line(lines, { x: "density", y: "ours", z: "line", stroke: colour }),
      Plot.dot(lines, { x: "density", y: "ours", r: 2.5, fill: colour }),
      Plot.text(labels, {
        x: "density",
        y: "y",
        text: "line",
        dx: 8,
        textAnchor: "start",
        fill: colour,
      }),
    ],
  });
  return standaloneSvg(svg);
}
