/**
 * A training step of a network with this library, through the trainer that `bregman train` uses:
 * exact steps, then cycles of one fine and some frozen steps. The milliseconds of each step, by its
 * kind.
 */
import { openPool } from "../lib/pool.mjs";
import { batch, networkTrainer, sparseDensity } from "../lib/network.mjs";

const { backend, threads, network, kind, density, coarse, steps, warmup } = JSON.parse(
  process.argv[2],
);
const pool = await openPool({ backend, threads });
const trainer = networkTrainer(pool, { network, kind, density });
let count = 0;
let loss = NaN;
/** Milliseconds of the next step. */
const timed = () => {
  const indices = batch(count++);
  const start = performance.now();
  ({ loss } = trainer.step(indices));
  return performance.now() - start;
};
const times = (/** @type {number} */ n) => Array.from({ length: n }, timed);

times(warmup);
const samples = { exact: times(steps) };
if (kind !== "dense") {
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
const report = { samples, density: sparseDensity(trainer), cpuMs: (user + system) / 1000, note };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
