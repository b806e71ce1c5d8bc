/**
 * Where the time of a network's training step goes: every op of the step's plan runs as a program
 * of its own, in the order of the step and on the same pool, with a clock around it; the medians of
 * several steps are added up by kind of op.
 *
 *     node network-profile.mjs [--network resnet18|convnet|mlp] [--kind groups|entries|dense] [--step frozen|fine|sampled]
 *                               [--density 0.034] [--backend native] [--threads 2] [--warmup 2] [--steps 5] [--by-layer]
 *                               [--sample-dual 1] [--precision float32|bf16] [--without-products]
 *
 * Ops that run together, piece by piece (see kernels/program.c), are one program and one line. The
 * MLP is the one of mlp-step.mjs, on MNIST and always of single weights, and trains for `--warmup`
 * steps first. `--sample-dual` is the tolerance of sampled steps. `--without-products` leaves out
 * all multiplications with weights and for them: what remains are the passes over memory.
 */
import { parseArgs } from "node:util";

import { createPool } from "../dist/runtime/pool.js";
import { writeProgram } from "../dist/runtime/program.js";
import { mlpTrainer } from "./lib/mlp.mjs";
import { batch, networkTrainer, sparseDensity } from "./lib/network.mjs";
import { SAMPLE_DUAL, batchIndices } from "./lib/problem.mjs";
import { median } from "./lib/result.mjs";

const { values } = parseArgs({
  options: {
    network: { type: "string", default: "resnet18" },
    kind: { type: "string", default: "groups" },
    step: { type: "string", default: "frozen" },
    density: { type: "string", default: "0.034" },
    backend: { type: "string", default: "native" },
    threads: { type: "string", default: "2" },
    warmup: { type: "string", default: "2" },
    steps: { type: "string", default: "5" },
    "sample-dual": { type: "string", default: String(SAMPLE_DUAL) },
    precision: { type: "string", default: "float32" },
    "by-layer": { type: "boolean", default: false },
    "without-products": { type: "boolean", default: false },
  },
});
const warmup = Number(values.warmup);

const pool = await createPool({ backend: values.backend, threads: Number(values.threads) });
const { network, kind, step: stepKind } = values;
const density = Number(values.density);
const isMlp = network === "mlp";
const sampleDual = stepKind === "sampled" ? Number(values["sample-dual"]) : undefined;
const trainer = isMlp
  ? mlpTrainer(pool, { density, sampleDual })
  : networkTrainer(pool, { network, kind, density, sampleDual, precision: values.precision });
const batches = isMlp
  ? batchIndices()
  : Array.from({ length: warmup + Number(values.steps) }, (_, k) => batch(k));
const batchOf = (/** @type {number} */ step) => batches[step % batches.length];
const frozen = stepKind === "frozen" && kind !== "dense";
for (let step = 0; isMlp && step < warmup; step++) trainer.step(batchOf(step));
// One fine step, then frozen ones for good.
if (frozen) trainer.freeze(1_000_000, "kept");
trainer.step(batchOf(0));

const { forward, loss, backward } = trainer.plan.lower(frozen);
const updates = (/** @type {any} */ { parameter, gradient }) =>
  trainer.updaters
    .find((one) => one.parameter === parameter)
    .actions(gradient, frozen ? "frozen" : "exact");
const stages = [
  ...[...forward, loss].map(({ name, ops }) => ({ name: `${name} forward`, ops })),
  ...backward.map(({ name, ops, gradients }) => ({
    name: `${name} backward`,
    ops: [...ops, ...gradients.flatMap(updates)],
  })),
];
/** @type {{ layer: string, ops: any[] }[]} ops that run together */
const chains = [];
/** Ops whose work is multiplications with a weight, or for one. */
const PRODUCT =
  /^(conv|dense|sparse|sampled)(Dense|Sparse|Pairs|Sampled)?(Forward|InputGrad|WeightGrad)?$/;
for (const { name, ops } of stages)
  for (const one of ops) {
    if (values["without-products"] && PRODUCT.test(one.kernel)) continue;
    if (one.parts && chains.length > 0) chains.at(-1).ops.push(one);
    else chains.push({ layer: name, ops: [one] });
  }
const parts = chains.map(({ layer, ops }) => {
  const name = ops.map(({ kernel }) => kernel).join(" + ");
  return { name, what: `${layer}: ${name}`, program: writeProgram(pool.memory, ops), times: [] };
});

const whole = [];
for (let step = 0; step < warmup + Number(values.steps); step++) {
  // Without products the numbers mean nothing, and a step would say so.
  if (!values["without-products"]) {
    const start = performance.now();
    trainer.step(batchOf(step));
    if (step >= warmup) whole.push(performance.now() - start);
  }
  for (const { program, times } of parts) {
    const start = performance.now();
    pool.run(program);
    if (step >= warmup) times.push(performance.now() - start);
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
  `${pool.backend}, ${pool.isa}, ${pool.threads} threads; ${kind}, ${frozen ? "frozen" : stepKind === "sampled" ? "sampled" : "fine"} step, density ${(sparseDensity(trainer) * 100).toFixed(2)} %`,
);
console.log(
  `${whole.length ? `a step ${median(whole).toFixed(3)} ms; its` : "the passes over memory of a step;"} ops one by one ${total.toFixed(3)} ms; arena ${(trainer.plan.bytes / 2 ** 20).toFixed(0)} MiB\n`,
);
for (const [key, { ms, count }] of values["by-layer"]
  ? sums
  : [...sums].toSorted((a, b) => b[1].ms - a[1].ms)) {
  console.log(
    `${ms.toFixed(4).padStart(9)} ms ${((ms / total) * 100).toFixed(1).padStart(5)} %  ${String(count).padStart(3)} x  ${key}`,
  );
}
await pool.close();
