/**
 * The child's half of the protocol: a side is handed its configuration as JSON in argv, does the
 * same schedule of steps as every other side, and prints one line of JSON.
 *
 * A side may queue work: the clock stops only when the loss of a block's last step has been read,
 * once a block, as a training loop that shows its progress would do.
 */
import { BATCHES } from "./problem.mjs";

/**
 * Steps before the clock starts; their losses are read, which is what is compared between the
 * sides.
 */
export const WARMUP = 100;
export const BLOCKS = 10;
/**
 * Blocks run before those that count: a queued step takes other paths than one that is waited for.
 */
export const WARMUP_BLOCKS = 2;
export const STEPS = 20;

/**
 * @typedef {object} Config
 * @property {number} threads
 * @property {number} density of the initial weights, 0 to 1
 * @property {string} [backend] "native" or "wasm", ours only
 * @property {number} [coarse] frozen steps after each fine one, ours only
 * @property {number} [sampleDual] relative variance that estimated gradients may have, ours only
 */

/**
 * @typedef {object} Report
 * @property {number[]} samples milliseconds a step, one value a block
 * @property {number[]} losses of the warm-up steps
 * @property {number} lastLoss of the last step
 * @property {number} density at the end
 * @property {number} cpuMs CPU time of the whole process
 * @property {string} note what was in fact used (threads, backend, versions)
 */

/** @returns {Config} */
export function config() {
  return JSON.parse(process.argv[2]);
}

/**
 * Runs the schedule and prints the report.
 * @template T
 * @param {object} side
 * @param {(batch: number) => T} side.step does one training step on batch number `batch`; may only
 *   queue it
 * @param {(handle: T) => number | Promise<number>} side.loss waits for a step and reads its loss
 * @param {(handle: T) => void} [side.drop] lets go of a loss nobody reads
 * @param {() => number | Promise<number>} side.density
 * @param {string} side.note
 */
export async function run({ step, loss, drop = () => {}, density, note }) {
  const losses = [];
  let count = 0;
  const next = () => step(count++ % BATCHES);
  for (let k = 0; k < WARMUP; k++) losses.push(await loss(next()));
  const samples = [];
  let lastLoss = NaN;
  for (let block = 0; block < WARMUP_BLOCKS + BLOCKS; block++) {
    const start = performance.now();
    for (let k = 1; k < STEPS; k++) drop(next());
    lastLoss = await loss(next());
    if (block >= WARMUP_BLOCKS) samples.push((performance.now() - start) / STEPS);
  }
  const { user, system } = process.cpuUsage();
  /** @type {Report} */
  const report = {
    samples,
    losses,
    lastLoss,
    density: await density(),
    cpuMs: (user + system) / 1000,
    note,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
