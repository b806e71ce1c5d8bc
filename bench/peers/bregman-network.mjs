/**
 * A training step of a network with this library, through the trainer that `bregman train` uses:
 * exact steps, then cycles of one fine and some frozen steps. The milliseconds of each step, by its
 * kind. Started by mpirun it is one of several ranks: the first one reports, also what it sends and
 * how long it is at it, waiting for the others included.
 */
import { joinRanks } from "../../dist/ranks/mpi.js";
import { startedRanks } from "../../dist/ranks/started.js";
import { openPool } from "../lib/pool.mjs";
import { batch, layersOf, networkTrainer, sparseDensity } from "../lib/network.mjs";

const given = JSON.parse(process.argv[2]);
const { backend, threads, network, kind, density, coarse, steps, warmup } = given;
const { microBatches, sampleDual, precision } = given;
const ranks = startedRanks() > 1 ? withClock(joinRanks()) : undefined;
const pool = await openPool({ backend, threads });
const trainer = networkTrainer(pool, {
  network,
  kind,
  density,
  microBatches,
  sampleDual,
  precision,
  ranks,
});
let count = 0;
let loss = NaN;
/** Of each kind of step: milliseconds of talk with other ranks, and bytes that are sent. */
const talk = { exact: [], fine: [], frozen: [] };
/** Milliseconds of the next step. */
const timed = () => {
  const indices = batch(count++);
  const { next } = trainer;
  const before = { sent: ranks?.traffic().sent, ms: ranks?.spent };
  const start = performance.now();
  ({ loss } = trainer.step(indices));
  const ms = performance.now() - start;
  if (ranks)
    talk[next].push({ ms: ranks.spent - before.ms, sent: ranks.traffic().sent - before.sent });
  return ms;
};
const times = (/** @type {number} */ n) => Array.from({ length: n }, timed);

times(warmup);
const samples = { exact: times(steps) };
if (kind !== "dense" && coarse > 0) {
  trainer.freeze(coarse, "kept");
  times(1 + warmup);
  times(coarse - warmup);
  samples.fine = [];
  samples.frozen = [];
  for (let k = 0; k < steps; k++) {
    samples.fine.push(timed());
    samples.frozen.push(...times(coarse));
  }
}
const { user, system } = process.cpuUsage();
const note = `${pool.backend}, ${pool.isa}, ${pool.threads} threads, loss ${loss.toFixed(3)}`;
const cpuMs = (user + system) / 1000;
const told = { samples, density: sparseDensity(trainer), cpuMs, note };
const report = ranks ? { ...told, talk, layers: layersOf(trainer) } : told;
ranks?.finish();
if (ranks && ranks.rank > 0) process.exit(0);
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));

/** Ranks that count the milliseconds they are at it. */
function withClock(/** @type {import("../../dist/ranks/ranks.js").Ranks} */ inner) {
  const clocked = { ...inner, spent: 0 };
  for (const name of ["exchange", "gather", "fill", "begin", "through"]) {
    clocked[name] = (/** @type {any[]} */ ...args) => {
      const start = performance.now();
      const result = inner[name](...args);
      clocked.spent += performance.now() - start;
      return result;
    };
  }
  return clocked;
}
