/** The loss over a rising learning rate, with what is proposed, as a picture of its own. */
import * as Plot from "../bundled/plot.js";
import { largest, smallest } from "../extremes.js";
import type { FoundTau } from "../measure/tau-sweep.js";
import { FRAME, toSvg } from "./charts.js";
import { parameter } from "./format.js";
import { standaloneSvg } from "./standalone-svg.js";

/** The text of an SVG file. Losses above three times the first are cut off. */
export function tauChart({ steps, proposal }: FoundTau): string {
  const losses = steps.map(({ smoothed }) => smoothed);
  const top = Math.min(largest(losses), 3 * losses[0]);
  const bottom = smallest(losses);
  const shown = steps.filter(({ smoothed }) => smoothed <= top);
  return standaloneSvg(
    toSvg({
      ...FRAME,
      ariaLabel: "Loss over the learning rate",
      x: {
        type: "log",
        label: "learning rate of the weights, τ",
        labelAnchor: "center",
        labelArrow: "none",
        tickFormat: parameter,
        ticks: 6,
      },
      y: {
        domain: [bottom - 0.05 * (top - bottom), top],
        label: "loss",
        labelArrow: "none",
        ticks: 6,
      },
      marks: [
        Plot.gridY({ ticks: 6, stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.dot(
          steps.filter(({ loss }) => loss <= top && loss >= bottom),
          { x: "tau", y: "loss", r: 1.5, fill: "var(--muted)" },
        ),
        Plot.line(shown, { x: "tau", y: "smoothed", stroke: "var(--c0)", strokeWidth: 2 }),
        Plot.ruleX([proposal], { stroke: "var(--valid)", strokeDasharray: "4 3" }),
        Plot.text([{ tau: proposal }], {
          x: "tau",
          y: top,
          text: () => `τ ${parameter(proposal)}`,
          dx: 6,
          dy: 8,
          textAnchor: "start",
          fill: "var(--valid)",
        }),
      ],
    }),
  );
}
