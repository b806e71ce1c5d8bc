// Writes docs/images/roofline.svg: what the kernels of ResNet-18's convolutions reach, under the
// roof of the machine, from results/bench/peak.json and conv-layers.json.
//   npm run build && node scripts/roofline.mjs          writes the picture
//                    node scripts/roofline.mjs --check  exits 1 with one line if it is another one
import * as Plot from "@observablehq/plot";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FRAME, toSvg } from "../dist/report/charts.js";
import { standaloneSvg } from "../dist/report/standalone-svg.js";
import { resultOf } from "./runs.mjs";

const PICTURE = fileURLToPath(new URL("../docs/images/roofline.svg", import.meta.url));
const [BATCH, DENSITY, FLOAT] = [128, 0.034, 4]; // as conv-layers.json was taken
const ROW =
  /^ResNet-18 (\d+)-(\d+) (\d)x\d(?:\/(\d))? @(\d+), forward, (.*) 3\.4 %, native, 1 thread/;

const { gflops: peak, gbytesPerSecond } = resultOf("bench/peak").rows.find(
  ({ what, threads }) => what.startsWith("native") && threads === 1,
);

/**
 * FLOPs a byte of a layer's forward product: its inputs, weights and outputs each go through memory
 * once. A single weight has its place beside it, a kernel of a group as good as none.
 */
function intensity([into, out, kernel, stride, side], kind) {
  const weights = into * out * kernel ** 2 * (kind === "dense" ? 1 : DENSITY);
  const positions = (side / stride) ** 2;
  const values = BATCH * (into * side ** 2 + out * positions);
  const stored = weights * (kind === "single weights" ? 2 : 1);
  return (2 * BATCH * positions * weights) / (FLOAT * (values + stored));
}

const points = resultOf("bench/conv-layers").rows.flatMap(({ what, gflops }) => {
  const found = ROW.exec(what);
  if (!found) return [];
  const shape = found.slice(1, 6).map((text) => Number(text ?? 1));
  const sparse = found[6] === "unstructured" ? "single weights" : found[6];
  const point = (kind, rate) => ({ kind, x: intensity(shape, kind), y: rate });
  // The dense kernel stands beside each of the two.
  const dense = sparse === "kernel groups" ? [point("dense", gflops.other)] : [];
  return [point(sparse, gflops.ours), ...dense];
});

const [least, most] = [0.1, 1000];
const ridge = peak / gbytesPerSecond;
const roof = [least, ridge, most].map((x) => ({ x, y: Math.min(peak, x * gbytesPerSecond) }));
const KINDS = { dense: "var(--c0)", "kernel groups": "var(--c2)", "single weights": "var(--c3)" };
const colour = ({ kind }) => KINDS[kind];
const names = Object.keys(KINDS).map((kind, k) => ({ kind, x: 130, y: 12 / 1.6 ** k }));

const svg = toSvg({
  ...FRAME,
  width: 720,
  height: 400,
  marginTop: 24,
  marginBottom: 44,
  marginRight: 24,
  ariaLabel:
    "Rates of dense and sparse convolutions over their FLOPs a byte, below the machine's roof",
  x: {
    type: "log",
    domain: [least, most],
    label: "FLOPs a byte",
    labelAnchor: "center",
    labelArrow: "none",
    tickFormat: String,
    ticks: 4,
  },
  y: {
    type: "log",
    domain: [1, 300],
    label: "GFLOP/s",
    labelArrow: "none",
    tickFormat: String,
    ticks: 3,
  },
  marks: [
    Plot.gridY({ ticks: 3, stroke: "var(--line)", strokeOpacity: 1 }),
    Plot.gridX({ ticks: 4, stroke: "var(--line)", strokeOpacity: 1 }),
    Plot.line(roof, { x: "x", y: "y", stroke: "var(--ink)", strokeWidth: 1.5 }),
    Plot.text([{ x: ridge, y: peak, text: `${Math.round(peak)} GFLOP/s` }], {
      x: "x",
      y: "y",
      text: "text",
      textAnchor: "start",
      dy: -9,
      fill: "var(--muted)",
    }),
    Plot.text([{ x: 0.5, y: 0.5 * gbytesPerSecond, text: `${Math.round(gbytesPerSecond)} GB/s` }], {
      x: "x",
      y: "y",
      text: "text",
      textAnchor: "end",
      dx: -8,
      fill: "var(--muted)",
    }),
    Plot.dot(points, { x: "x", y: "y", r: 4, fill: colour }),
    Plot.dot(names, { x: "x", y: "y", r: 4, fill: colour }),
    Plot.text(names, { x: "x", y: "y", text: "kind", textAnchor: "start", dx: 10, fill: colour }),
  ],
});

const text = standaloneSvg(svg);
if (!process.argv.includes("--check")) writeFileSync(PICTURE, text);
else if (readFileSync(PICTURE, "utf8") !== text) {
  console.error("docs/images/roofline.svg is not that of results/bench: node scripts/roofline.mjs");
  process.exit(1);
}
if (!process.argv.includes("--check")) console.table(points);
