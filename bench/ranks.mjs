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
import { parseArgs } from "node:util";

import { runInterleaved } from "./lib/children.mjs";
import { NETWORKS } from "./lib/network.mjs";
import { commit, machine, median, row, writeResult } from "./lib/result.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    network: { type: "string", default: "resnet18" },
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "3" },
    density: { type: "string", default: "0.034" },
    coarse: { type: "string", default: "9" },
    patience: { type: "string", default: "0" },
    pick: { type: "string", default: "" },
    out: { type: "string" },
  },
});
const { network } = values;
const { title } = NETWORKS[network];
const out = values.out ?? here(`../results/bench/ranks-${network}.json`);
const density = Number(values.density);
const percent = Number((density * 100).toPrecision(3));
const coarse = Number(values.coarse);

const KINDS = /** @type {const} */ (["dense", "groups", "entries"]);
const LABELS = {
  dense: "dense",
  groups: `kernel groups ${percent} %`,
  entries: `unstructured ${percent} %`,
};
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
    steps: Number(values.steps),
    warmup: 2,
  }),
];
const MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2"];
const env = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };

const before = machine();
const variants = KINDS.filter((kind) => kind.includes(values.pick)).flatMap((kind) => [
  { name: `${kind}, ${ONE}`, command: side(kind, 2) },
  { name: `${kind}, ${TWO}`, command: [...MPIRUN, ...side(kind, 1)], env },
]);
const reports = await runInterleaved(variants, {
  rounds: Number(values.rounds),
  patience: Number(values.patience),
  onReport: (round, { name }, report) => {
    if (report === null) console.log(`${name}: skipped, not installed here`);
    else {
      const times = Object.entries(report.samples).map(
        ([step, ms]) => `${step} ${median(ms).toFixed(1)} ms`,
      );
      console.log(`round ${round + 1}  ${name}: ${times.join(", ")} (${report.note})`);
    }
  },
});

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
