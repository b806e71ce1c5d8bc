/**
 * Milliseconds of a training step against density: ResNet-18 (batch 128) by kernel groups and by an
 * unstructured weight, step with the gradient of every weight, fine and frozen; each against the
 * dense step measured next to it, since minutes later the machine may be faster or slower by more
 * than the difference. Writes the numbers and a picture.
 *
 *     node density-sweep.mjs [--rounds 3] [--steps 2] [--densities 0.01,0.02,0.05,0.1,0.2,0.5,1] [--threads 2] [--backend native]
 *                            [--out ../results/bench/density-sweep.json]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeFileSync } from "node:fs";

import { runInterleaved } from "./lib/children.mjs";
import { commit, machine, median, row, writeResult } from "./lib/result.mjs";
import { sweepPicture } from "./lib/sweep-picture.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "2" },
    densities: { type: "string", default: "0.01,0.02,0.05,0.1,0.2,0.5,1" },
    threads: { type: "string", default: "2" },
    backend: { type: "string", default: "native" },
    out: { type: "string", default: here("../results/bench/density-sweep.json") },
  },
});
const COARSE = 5;
const WARMUP = 2;
const LABELS = { groups: "kernel groups", entries: "unstructured" };
const STEPS = { exact: "gradient of every weight", frozen: "frozen" };

const before = machine();
const side = { backend: values.backend, threads: Number(values.threads) };
const variant = (/** @type {string} */ name, /** @type {object} */ setting) => ({
  name,
  command: [
    process.execPath,
    here("peers/bregman-network.mjs"),
    JSON.stringify({
      network: "resnet18",
      ...side,
      ...setting,
      coarse: COARSE,
      steps: Number(values.steps),
      warmup: WARMUP,
    }),
  ],
});
const sparse = ["groups", "entries"].flatMap((kind) =>
  values.densities
    .split(",")
    .map((text) => ({ kind, density: Number(text), name: `${LABELS[kind]} ${text}` })),
);
const denseOf = (/** @type {string} */ name) => `dense, beside ${name}`;
const reports = await runInterleaved(
  sparse.flatMap(({ name, ...setting }) => [
    variant(denseOf(name), { kind: "dense", density: 1 }),
    variant(name, setting),
  ]),
  {
    rounds: Number(values.rounds),
    onReport: (round, { name }, report) => {
      if (report === null) return console.log(`${name}: skipped, not built here`);
      const times = Object.entries(report.samples).map(
        ([kind, ms]) => `${kind} ${median(ms).toFixed(1)} ms`,
      );
      console.log(`round ${round + 1}  ${name}: ${times.join(", ")} (${report.note})`);
    },
  },
);
const times = (/** @type {string} */ name, /** @type {string} */ step) =>
  reports.get(name).map(({ samples }) => median(samples[step]));
if (reports.size === 0) process.exit(1);

const rows = sparse.flatMap(({ kind, density, name }) =>
  Object.entries(STEPS).map(([step, label]) => ({
    kind: LABELS[kind],
    density,
    step,
    ...row(
      `ResNet-18, ${LABELS[kind]} ${density * 100} %, ${label}, against dense`,
      times(name, step),
      times(denseOf(name), "exact"),
      "ms/step",
    ),
  })),
);
for (const { what, ours, other, ratio } of rows)
  console.log(`${ratio.toFixed(2).padStart(7)}x  ${what}: ${ours} to ${other} ms`);

writeResult(values.out, {
  name: "density-sweep",
  commit: commit(),
  machine: before,
  ...side,
  rows,
});
writeFileSync(values.out.replace(/\.json$/, ".svg"), sweepPicture(rows));
console.log(`written to ${values.out}, and a picture beside it`);
