/**
 * One sample at a time, on one thread: milliseconds of a forward pass with the positions of the
 * image in the lanes, beside the pass by tiles of samples, native and wasm. What is compared runs
 * in turns, and the median of each counts.
 *
 *     node single.mjs [--rounds 15] [--ms 40] [--only MLP]
 *     node single.mjs --crossover
 *
 * inference.mjs has ONNX Runtime beside them. --crossover: from which density on a layer costs less
 * with all of its weights: what the dense kernel takes, over what the sparse one takes for each
 * weight.
 */
import { parseArgs } from "node:util";

import { simplify } from "../dist/export/simplify/simplify.js";
import { median } from "../dist/median.js";
import { conv2d } from "../dist/nn/layers/conv2d.js";
import { size } from "../dist/shape-size.js";
import { linear } from "../dist/nn/layers/linear.js";
import { sequential } from "../dist/nn/model.js";
import { compileSingle } from "../dist/predict/single/compile.js";
import { createTiledPass } from "../dist/predict/tiled-pass.js";
import { TILE } from "../dist/runtime/kernel-table.js";
import { createPool } from "../dist/runtime/pool.js";
import { INFERENCE_NETWORKS, inferenceNetwork, randomNetwork } from "./lib/inference-network.mjs";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    ms: { type: "string", default: "40" },
    only: { type: "string", default: "" },
    crossover: { type: "boolean", default: false },
  },
});

/** Milliseconds that this process has computed: others' turns do not count. */
function computed() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of one run: the mean over `ms` milliseconds. */
async function timed(run, ms) {
  let count = 0;
  const start = computed();
  let now = start;
  do {
    for (let k = 0; k < 4; k++) await run();
    count += 4;
    now = computed();
  } while (now - start < ms);
  return (now - start) / count;
}

/** Flat samples that are computed together, as in a page. */
const MANY = 32;

/** Our two passes on a backend, each with the sample put in; of flat ones also with many. */
async function ours(network, backend) {
  const pool = await createPool({ backend, threads: 1 });
  const small = simplify(network);
  const sample = Float32Array.from({ length: size(network.model.input) }, (_, k) => (k % 7) / 7);
  const single = compileSingle(pool, small);
  const tiled = createTiledPass(pool, small, TILE);
  const out = new Float32Array(size(network.model.output));
  tiled.inputs.set(sample);
  tiled.run(1, out);
  single.input.set(sample);
  single.run();
  const error = Math.max(...out.map((y, k) => Math.abs(y - single.output[k])));
  /** @type {Record<string, () => void>} */
  const together = {};
  if (network.model.input.length === 1) {
    const samples = Float32Array.from({ length: MANY * sample.length }, (_, k) => (k % 7) / 7);
    const side = compileSingle(pool, small, MANY);
    const tiles = createTiledPass(pool, small, MANY);
    const outs = new Float32Array(MANY * out.length);
    together[`${MANY} side by side, ${backend}`] = () => {
      side.input.set(samples);
      side.run();
    };
    together[`${MANY} by tiles, ${backend}`] = () => {
      tiles.inputs.set(samples);
      tiles.run(MANY, outs);
    };
  }
  return {
    runs: {
      [`single, ${backend}`]() {
        single.input.set(sample);
        single.run();
      },
      [`by tiles, ${backend}`]() {
        tiled.inputs.set(sample);
        tiled.run(1, out);
      },
      ...together,
    },
    error: error / Math.max(...out.map(Math.abs)),
    bytes: single.bytes,
    pool,
  };
}

/** Layers whose crossover is looked for, and a density at which they surely are sparse. */
const LAYERS = {
  "linear 784 x 200": { model: sequential([784], [linear(200)]), density: 0.05 },
  "linear 512 x 512": { model: sequential([512], [linear(512)]), density: 0.05 },
  "3 x 3, 64 @ 32 x 32": {
    model: sequential([64, 32, 32], [conv2d(64, { kernel: 3, padding: 1 })]),
    density: 0.3,
  },
  "3 x 3, 256 @ 8 x 8": {
    model: sequential([256, 8, 8], [conv2d(256, { kernel: 3, padding: 1 })]),
    density: 0.3,
  },
};

async function crossovers() {
  for (const backend of ["native", "wasm"])
    for (const [name, { model, density }] of Object.entries(LAYERS)) {
      const pool = await createPool({ backend, threads: 1 });
      const plans = [density, 1].map((d) =>
        compileSingle(pool, randomNetwork(model, { linear: d, conv: d })),
      );
      const times = [[], []];
      for (const { run } of plans) await timed(run, Number(args.ms) * 2);
      for (let round = 0; round < Number(args.rounds); round++)
        for (const [k, { run }] of plans.entries())
          times[k].push(await timed(run, Number(args.ms)));
      const [sparse, dense] = times.map(median);
      const percent = ((100 * dense * density) / sparse).toFixed(0);
      console.log(`${backend}, ${name}: ${percent} %`);
      await pool.close();
    }
}

if (args.crossover) await crossovers();
for (const name of Object.keys(INFERENCE_NETWORKS)) {
  if (args.crossover || !name.includes(args.only)) continue;
  const network = inferenceNetwork(/** @type {keyof typeof INFERENCE_NETWORKS} */ (name));
  const sides = [await ours(network, "native"), await ours(network, "wasm")];
  const runs = Object.assign({}, ...sides.map((side) => side.runs));
  const times = Object.fromEntries(Object.keys(runs).map((key) => [key, []]));
  for (const run of Object.values(runs)) await timed(run, Number(args.ms) * 2);
  for (let round = 0; round < Number(args.rounds); round++)
    for (const [key, run] of Object.entries(runs))
      times[key].push(await timed(run, Number(args.ms)));
  const errors = sides.map(({ error }) => error.toExponential(1)).join(" and ");
  const megabytes = (sides[0].bytes / 1e6).toFixed(1);
  console.log(`${name}: apart by ${errors} (native, wasm), ${megabytes} MB`);
  for (const [key, all] of Object.entries(times))
    console.log(`  ${key.padEnd(26)} ${median(all).toFixed(4)} ms`);
  for (const { pool } of sides) await pool.close();
}
