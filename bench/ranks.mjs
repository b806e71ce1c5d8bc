/**
 * Two processes of one thread against one process of two threads, on one machine: a training step
 * of a network (batch 128 in two parts), dense, by kernel groups and by an unstructured weight,
 * exact, fine and frozen. See README.md for what is measured.
 *
 *     node ranks.mjs [--network resnet18|convnet] [--rounds 5] [--steps 3] [--density 0.034]
 *                    [--coarse 9] [--patience 0] [--pick groups]
 *                    [--out ../results/bench/ranks-resnet18.json]
 *
 *     node ranks.mjs --gbit 1,10 [...]
 *
 * `npm run build:mpi` in the root first. Without mpirun there is nothing to compare with. With
 * --gbit two processes of one thread in two network namespaces, joined by a cable of each speed,
 * against a cable without a limit, and against the estimate of `bregman plan --ranks`.
 */
import { fileURLToPath } from "node:url";

import { estimateStep } from "../dist/ranks/estimate.js";
import { runInterleaved } from "./lib/children.mjs";
import {
  coarse,
  density,
  gbits,
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
import { twoMachines } from "./lib/two-machines.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const name = gbits.length > 0 ? `ranks-network-${network}` : `ranks-${network}`;
const out = resultFile ?? here(`../results/bench/${name}.json`);

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

const kinds = KINDS.filter((kind) => kind.includes(pick));
/** Of all rounds: the median of the milliseconds of talk in a step, and of the bytes sent. */
const talkOf = (/** @type {any[]} */ reports, /** @type {string} */ step) => {
  const talk = reports.map((report) => report.talk[step]);
  const middle = (/** @type {"ms" | "sent"} */ what) =>
    median(talk.map((steps) => median(steps.map((one) => one[what]))));
  return { bytesSent: middle("sent"), talkMs: Number(middle("ms").toPrecision(3)) };
};
const timesOf = (/** @type {any[]} */ reports, /** @type {string} */ step) =>
  reports.map(({ samples }) => median(samples[step]));

/** Two processes against one. */
async function onOneMachine() {
  const variants = kinds.flatMap((kind) => [
    { name: `${kind}, ${ONE}`, command: side(kind, 2) },
    { name: `${kind}, ${TWO}`, command: [...MPIRUN, ...side(kind, 1)], env },
  ]);
  const reports = await runInterleaved(variants, turns);
  return kinds.flatMap((kind) => {
    const [one, two] = [ONE, TWO].map((which) => reports.get(`${kind}, ${which}`));
    if (!one || !two) return [];
    return Object.keys(two[0].samples).map((step) => {
      const what = `${title}, ${LABELS[kind]}, ${step} step, ${TWO} against ${ONE}`;
      return { ...row(what, timesOf(two, step), timesOf(one, step)), ...talkOf(two, step) };
    });
  });
}

/** What `bregman plan --ranks` would say of a step that takes so long without a network. */
function estimate(/** @type {any} */ { layers }, frozen, seconds, gbit) {
  const planned = layers.map(({ all, nonZeros, positions }) => ({
    all,
    numbers: frozen ? nonZeros : all,
    work: positions * ((frozen ? nonZeros : all) + 2 * nonZeros),
  }));
  // A part for each rank. What batch norm tells is little.
  const ranks = { ranks: 2, parts: 2, bitsPerSecond: gbit * 1e9, channels: 0 };
  return estimateStep(ranks, { layers: planned, seconds: 2 * seconds });
}

/** Two processes, as on two machines. */
async function onTwoMachines() {
  const machines = twoMachines();
  try {
    const nameOf = (kind, gbit) => `${kind}, ${gbit === undefined ? "no limit" : `${gbit} Gbit/s`}`;
    const variants = kinds.flatMap((kind) =>
      [undefined, ...gbits].map((gbit) => ({
        name: nameOf(kind, gbit),
        command: [...machines.command, ...side(kind, 1)],
        before: () => machines.setSpeed(gbit),
        env,
      })),
    );
    const reports = await runInterleaved(variants, turns);
    return kinds.flatMap((kind) => {
      const free = reports.get(nameOf(kind));
      if (!free) return [];
      return Object.keys(free[0].samples).flatMap((step) => {
        const freeMs = timesOf(free, step);
        const computing = (median(freeMs) - talkOf(free, step).talkMs) / 1000;
        return gbits.map((gbit) => {
          const ours = reports.get(nameOf(kind, gbit));
          const speed = `2 machines at ${gbit} Gbit/s against no limit`;
          const measured = row(
            `${title}, ${LABELS[kind]}, ${step} step, ${speed}`,
            timesOf(ours, step),
            freeMs,
          );
          const talk = talkOf(ours, step);
          const planned = estimate(free[0], step === "frozen", computing, gbit);
          const milliseconds = (seconds) => Number((1000 * seconds).toPrecision(3));
          return {
            ...measured,
            ...talk,
            share: Number((talk.talkMs / measured.ours).toPrecision(3)),
            planned: {
              sendingMs: milliseconds(planned.sending),
              waitingMs: milliseconds(planned.waiting),
              share: Number((planned.waiting / planned.seconds).toPrecision(3)),
            },
          };
        });
      });
    });
  } finally {
    machines.close();
  }
}

const before = machine();
const rows = await (gbits.length > 0 ? onTwoMachines() : onOneMachine());
console.log();
for (const { what, ours, other, ratio, bytesSent, talkMs, planned } of rows) {
  const waits = planned ? ` (planned: ${planned.waitingMs})` : "";
  const mb = (bytesSent / 1e6).toFixed(2);
  const sent = `${mb} MB sent by each, ${talkMs} ms${waits} sending and waiting`;
  console.log(`${ratio.toFixed(2).padStart(7)}x  ${what}: ${ours} to ${other} ms; ${sent}`);
}
if (rows.length > 0) {
  writeResult(out, { name, commit: commit(), machine: before, rows });
  console.log(`\nwritten to ${out}`);
}
