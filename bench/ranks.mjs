/**
 * Two processes of one thread against one process of two threads, on one machine: a training step
 * of a network (batch 128 in two parts), dense, by kernel groups and by an unstructured weight,
 * exact, fine and frozen. See README.md for what is measured.
 *
 *     node ranks.mjs [--network resnet18|convnet] [--rounds 5] [--steps 3] [--density 0.034]
 *                    [--coarse 9] [--patience 0] [--pick groups]
 *                    [--out ../results/bench/ranks-resnet18.json]
 *
 * `npm run build:mpi` in the root first. Without mpirun there is nothing to compare with.
 */
import { fileURLToPath } from "node:url";

import { runInterleaved } from "./lib/children.mjs";
import {
  coarse,
  density,
  KINDS,
  LABELS,
  network,
  pick,
  schedule,
  title,
  resultFile,
  turns,
} from "./lib/network-options.mjs";
import { commit, machine, median, row, writeResult } from "./lib/result.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const out = resultFile ?? here(`../results/bench/ranks-${network}.json`);

const ONE = "1 process of 2 threads";
const TWO = "2 processes of 1 thread";

/** @param {string} kind @param {number} threads */
const side = (kind, threads) => [
  process.execPath,
  here("peers/bregman-network.mjs"),
  JSON.stringify({
    network,
    backend: "native",
    threads,
    kind,
    density,
    coarse,
    microBatches: 2,
    ...schedule,
  }),
];
const MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2"];
const env = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };

const before = machine();
const variants = KINDS.filter((kind) => kind.includes(pick)).flatMap((kind) => [
  { name: `${kind}, ${ONE}`, command: side(kind, 2) },
  { name: `${kind}, ${TWO}`, command: [...MPIRUN, ...side(kind, 1)], env },
]);
const reports = await runInterleaved(variants, turns);

/** @type {any[]} */
const rows = [];
for (const kind of KINDS) {
  const [one, two] = [ONE, TWO].map((name) => reports.get(`${kind}, ${name}`));
  if (!one || !two) continue;
  for (const step of Object.keys(two[0].samples)) {
    const [theirs, ours] = [one, two].map((all) => all.map(({ samples }) => median(samples[step])));
    const talk = two.map((report) => report.talk[step]);
    const talkMs = median(talk.map((steps) => median(steps.map(({ ms }) => ms))));
    const bytesSent = median(talk.map((steps) => median(steps.map(({ sent }) => sent))));
    rows.push({
      ...row(`${title}, ${LABELS[kind]}, ${step} step, ${TWO} against ${ONE}`, ours, theirs),
      bytesSent,
      talkMs: Number(talkMs.toPrecision(3)),
    });
  }
}
console.log();
for (const { what, ours, other, ratio, bytesSent, talkMs } of rows) {
  const sent = `${(bytesSent / 1e6).toFixed(2)} MB sent by each, ${talkMs} ms sending and waiting`;
  console.log(`${ratio.toFixed(2).padStart(7)}x  ${what}: ${ours} to ${other} ms; ${sent}`);
}
if (rows.length > 0) {
  writeResult(out, { name: `ranks-${network}`, commit: commit(), machine: before, rows });
  console.log(`\nwritten to ${out}`);
}
