/**
 * Where the time of a network's training step goes: every op of the step's plan runs as a program of its own, in the order of the
 * step and on the same pool, with a clock around it; the medians of several steps are added up by kind of op.
 *
 *     node network-profile.mjs [--network resnet18|convnet] [--kind groups|entries|dense] [--step frozen|fine] [--density 0.034]
 *                               [--backend native] [--threads 2] [--steps 5] [--by-layer]
 *
 * Ops that run together, piece by piece (see kernels/program.c), are one program and one line.
 */
import { parseArgs } from "node:util";

import { createPool } from "../dist/runtime/pool.js";
import { writeProgram } from "../dist/runtime/program.js";
import { median } from "./lib/result.mjs";
import { batch, networkTrainer, sparseDensity } from "./lib/network.mjs";

const { values } = parseArgs({
  options: {
    network: { type: "string", default: "resnet18" },
    kind: { type: "string", default: "groups" },
    step: { type: "string", default: "frozen" },
    density: { type: "string", default: "0.034" },
    backend: { type: "string", default: "native" },
    threads: { type: "string", default: "2" },
    steps: { type: "string", default: "5" },
    "by-layer": { type: "boolean", default: false },
  },
});
/** Runs before the clock counts. */
const WARMUP = 2;

const pool = await createPool({ backend: values.backend, threads: Number(values.threads) });
const { network, kind, step: stepKind } = values;
const trainer = networkTrainer(pool, { network, kind, density: Number(values.density) });
const frozen = stepKind === "frozen" && kind !== "dense";
// One fine step, then frozen ones for good.
if (frozen) trainer.freeze(1_000_000, "kept");
trainer.step(batch(0));

const { forward, loss, backward } = trainer.plan.lower(frozen);
const updates = (/** @type {any} */ { parameter, gradient }) =>
  trainer.updaters.find((one) => one.parameter === parameter).actions(gradient, frozen ? "frozen" : "exact");
const stages = [
  ...[...forward, loss].map(({ name, ops }) => ({ name: `${name} forward`, ops })),
  ...backward.map(({ name, ops, gradients }) => ({
    name: `${name} backward`,
    ops: [...ops, ...gradients.flatMap(updates)],
  })),
];
/** @type {{ layer: string, ops: any[] }[]} ops that run together */
const chains = [];
for (const { name, ops } of stages)
  for (const one of ops) {
    if (one.parts && chains.length > 0) chains.at(-1).ops.push(one);
    else chains.push({ layer: name, ops: [one] });
  }
const parts = chains.map(({ layer, ops }) => {
  const name = ops.map(({ kernel }) => kernel).join(" + ");
  return { name, what: `${layer}: ${name}`, program: writeProgram(pool.memory, ops), times: [] };
});

const whole = [];
for (let step = 0; step < WARMUP + Number(values.steps); step++) {
  const start = performance.now();
  trainer.step(batch(step));
  if (step >= WARMUP) whole.push(performance.now() - start);
  for (const { program, times } of parts) {
    const start = performance.now();
    pool.run(program);
    if (step >= WARMUP) times.push(performance.now() - start);
  }
}

const sums = new Map();
for (const { name, what, times } of parts) {
  const key = values["by-layer"] ? what : name;
  const { ms, count } = sums.get(key) ?? { ms: 0, count: 0 };
  sums.set(key, { ms: ms + median(times), count: count + 1 });
}
const total = [...sums.values()].reduce((sum, { ms }) => sum + ms, 0);
console.log(
  `${pool.backend}, ${pool.isa}, ${pool.threads} threads; ${kind}, ${frozen ? "frozen" : "fine"} step, density ${(sparseDensity(trainer) * 100).toFixed(2)} %`,
);
console.log(
  `a step ${median(whole).toFixed(1)} ms; its ops one by one ${total.toFixed(1)} ms; arena ${(trainer.plan.bytes / 2 ** 20).toFixed(0)} MiB\n`,
);
for (const [key, { ms, count }] of values["by-layer"] ? sums : [...sums].toSorted((a, b) => b[1].ms - a[1].ms)) {
  console.log(
    `${ms.toFixed(2).padStart(8)} ms ${((ms / total) * 100).toFixed(1).padStart(5)} %  ${String(count).padStart(3)} x  ${key}`,
  );
}
await pool.close();
