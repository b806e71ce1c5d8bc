// Writes docs/images/mlp-*.svg from results/mnist-mlp-*: the curves of the paper's figures 2 (lambda) and 3 (optimizer), each line
// the mean over a recipe's seeds.
//   npm run build && node scripts/mlp-curves.mjs
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../dist/report/charts.js";
import { standaloneSvg } from "../dist/report/standalone-svg.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const SGD = { name: "SGD", recipe: "mnist-mlp-sgd", colour: "var(--muted)" };
const FIGURES = {
  lambda: [
    { name: "LinBreg 0.1", recipe: "mnist-mlp-linbreg", colour: "var(--c0)", lambda: 0.1 },
    { name: "LinBreg 0.01", recipe: "mnist-mlp-linbreg-1e-2", colour: "var(--c1)", lambda: 0.01 },
    { name: "LinBreg 0.001", recipe: "mnist-mlp-linbreg-1e-3", colour: "var(--c3)", lambda: 0.001 },
    { name: "ProxSGD", recipe: "mnist-mlp-proxsgd", colour: "var(--c2)", lambda: 0.0001 },
    SGD,
  ],
  optimizer: [
    { name: "LinBreg", recipe: "mnist-mlp-linbreg", colour: "var(--c0)", lambda: 0.1 },
    { name: "momentum", recipe: "mnist-mlp-momentum", colour: "var(--c1)", lambda: 0.1 },
    { name: "AdaBreg 0.5", recipe: "mnist-mlp-adabreg-5e-1", colour: "var(--c2)", lambda: 0.5 },
    SGD,
  ],
};

/** The value at each epoch, mean over the seeds' runs. */
function meanOf(recipe, pick) {
  const folder = `${ROOT}results/${recipe}`;
  const runs = readdirSync(folder).map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")).epochs);
  return runs[0].map(({ epoch }, k) => ({
    epoch,
    value: runs.reduce((total, epochs) => total + pick(epochs[k]), 0) / runs.length,
  }));
}

const percent = (share) => `${Number((100 * share).toPrecision(3))} %`;
const PANELS = {
  accuracy: {
    label: "Validation accuracy",
    pick: () => (line) => line.validAccuracy,
    format: percent,
    domain: [0.94, 0.99],
  },
  density: { label: "Density", pick: () => (line) => line.density, format: percent, domain: [0, 1], names: true },
  l1: {
    label: "l1 norm",
    pick:
      ({ lambda }) =>
      (line) =>
        line.regularizer / lambda,
    format: String,
    names: true,
  },
};
for (const [figure, lines] of Object.entries(FIGURES)) {
  for (const [panel, { label, pick, domain, ...options }] of Object.entries(PANELS)) {
    // SGD has no regularizer to read the norm from.
    const series = lines
      .filter((line) => panel !== "l1" || line.lambda)
      .map((line) => ({
        ...line,
        points: meanOf(line.recipe, pick(line)).filter(({ value }) => value >= (domain?.[0] ?? 0)),
      }));
    const svg = lineChart(series, { label: `${label} over epochs`, ...options, ...(domain && { domain }) });
    writeFileSync(`${ROOT}docs/images/mlp-${figure}-${panel}.svg`, standaloneSvg(svg));
  }
}
