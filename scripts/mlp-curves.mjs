// Writes docs/images/mlp-*.svg from results/mnist-mlp-*: the curves of the paper's figures 2
// (lambda) and 3 (optimizer), each line the mean over a recipe's seeds.
//   npm run build && node scripts/mlp-curves.mjs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../dist/report/charts.js";
import { standaloneSvg } from "../dist/report/standalone-svg.js";
import { runsOf } from "./runs.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * The lines of a figure, and its panels by file name. SGD has no regularizer to read the l1 norm
 * from.
 */
const SGD = { name: "SGD", recipe: "mnist-mlp-sgd", colour: "var(--muted)" };
const LINBREG = {
  name: "LinBreg 0.1",
  recipe: "mnist-mlp-linbreg",
  colour: "var(--c0)",
  lambda: 0.1,
};
const byLambda = [
  LINBREG,
  { name: "LinBreg 0.01", recipe: "mnist-mlp-linbreg-1e-2", colour: "var(--c1)", lambda: 0.01 },
  { name: "LinBreg 0.001", recipe: "mnist-mlp-linbreg-1e-3", colour: "var(--c3)", lambda: 0.001 },
  { name: "ProxSGD", recipe: "mnist-mlp-proxsgd", colour: "var(--c2)", lambda: 0.0001 },
];
const byOptimizer = [
  LINBREG,
  { name: "momentum 0.1", recipe: "mnist-mlp-momentum", colour: "var(--c1)", lambda: 0.1 },
  { name: "AdaBreg 0.5", recipe: "mnist-mlp-adabreg-5e-1", colour: "var(--c2)", lambda: 0.5 },
];
const accuracy = {
  label: "Validation accuracy",
  pick: (epoch) => epoch.validAccuracy,
  format: percent,
  domain: [0.94, 0.99],
};
const density = { label: "Density", pick: (epoch) => epoch.density, format: percent, names: true };
const l1 = {
  label: "l1 norm",
  pick: (epoch, { lambda }) => epoch.regularizer / lambda,
  format: String,
  names: true,
};
const PANELS = {
  "lambda-density": { ...density, lines: [...byLambda, SGD], domain: [0, 1] },
  "lambda-accuracy": { ...accuracy, lines: [...byLambda, SGD] },
  "lambda-l1": { ...l1, lines: byLambda },
  "optimizer-density": { ...density, lines: byOptimizer, domain: [0, 0.15] },
  "optimizer-accuracy": { ...accuracy, lines: [...byOptimizer, SGD] },
};

/** The value at each epoch, mean over the seeds' runs; what lies below the axis is left out. */
function meanOf(line, { pick, domain: [least] = [0] }) {
  const runs = runsOf(line.recipe).map(({ epochs }) => epochs);
  return runs[0]
    .map(({ epoch }, k) => {
      const values = runs.map((epochs) => pick(epochs[k], line));
      return { epoch, value: values.reduce((total, value) => total + value, 0) / runs.length };
    })
    .filter(({ value }) => value >= least);
}

function percent(share) {
  return `${Number((100 * share).toPrecision(3))} %`;
}

for (const [name, panel] of Object.entries(PANELS)) {
  const series = panel.lines.map((line) => ({ ...line, points: meanOf(line, panel) }));
  const svg = lineChart(series, { ...panel, label: `${panel.label} over epochs` });
  writeFileSync(`${ROOT}docs/images/mlp-${name}.svg`, standaloneSvg(svg));
}
