/**
 * One sample at a time, on one thread: milliseconds of a forward pass with the positions of the
 * image in the lanes, beside the pass by tiles of samples, native and wasm. What is compared runs
 * in turns, and the median of each counts.
 *
 *     node single.mjs [--rounds 15] [--ms 40] [--only mlp] [--ort node_modules/onnxruntime-node]
 *     node single.mjs --crossover
 *
 * --ort: an installed onnxruntime-node, which is measured too, on the dense network and on the
 * simplified one. --crossover: from which density on a layer costs less with all of its weights:
 * what the dense kernel takes, over what the sparse one takes for each weight.
 */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { initialParameters } from "../dist/engine/initial.js";
import { encodeOnnx } from "../dist/export/onnx/onnx.js";
import { simplify } from "../dist/export/simplify/simplify.js";
import { median } from "../dist/median.js";
import { convNet } from "../dist/models/convnet.js";
import { mlp } from "../dist/models/mlp.js";
import { resNet18 } from "../dist/models/resnet18.js";
import { conv2d } from "../dist/nn/layers/conv2d.js";
import { size } from "../dist/nn/layers/layer.js";
import { linear } from "../dist/nn/layers/linear.js";
import { sequential } from "../dist/nn/model.js";
import { compileSingle } from "../dist/predict/single/compile.js";
import { createTiledPass } from "../dist/predict/tiled-pass.js";
import { stream } from "../dist/random.js";
import { TILE } from "../dist/runtime/kernel-table.js";
import { createPool } from "../dist/runtime/pool.js";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    ms: { type: "string", default: "40" },
    only: { type: "string", default: "" },
    ort: { type: "string" },
    crossover: { type: "boolean", default: false },
  },
});

/** Whole kernels, or single weights; `linear`: the density of the linear layers. */
const NETWORKS = {
  "mlp 8 %": { model: mlp([784, 200, 80, 10]), convs: 1, linear: 0.08, mask: "entry" },
  "convnet 4 % weights": { model: convNet(), convs: 0.04, linear: 0.04, mask: "entry" },
  "convnet 4 % groups": { model: convNet(), convs: 0.04, linear: 0.04, mask: "kernel" },
  "resnet18 3.4 % weights": { model: resNet18(), convs: 0.034, linear: 1, mask: "entry" },
  "resnet18 3.4 % groups": { model: resNet18(), convs: 0.034, linear: 1, mask: "kernel" },
};

/** A network of random weights at these densities. */
function networkOf({ model, convs, linear: linears, mask }) {
  const drawn = initialParameters(model, stream(1, "init"), {
    weights: { density: linears, atLeast: 0 },
    convs: { density: convs, mask, atLeast: 0 },
  });
  const specs = model.nodes.flatMap((node) =>
    [...node.parameters, ...node.buffers].map((spec) => ({
      ...spec,
      name: `${node.name}.${spec.name}`,
    })),
  );
  const values = specs.map(({ name, shape, initial }) => {
    const data =
      drawn.get(name) ?? Float32Array.from({ length: size(shape) }, (_, k) => initial(k));
    return [name, { shape, data }];
  });
  return { model, parameters: new Map(values), buffers: new Map(values) };
}

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

/** Our two passes on a backend, each with the sample put in. */
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
    },
    error: error / Math.max(...out.map(Math.abs)),
    bytes: single.bytes,
    pool,
  };
}

/** ONNX Runtime on one thread. */
async function theirs(ort, network) {
  const session = await ort.InferenceSession.create(encodeOnnx(network), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const shape = [1, ...network.model.input];
  const data = Float32Array.from({ length: size(shape) }, (_, k) => (k % 7) / 7);
  const input = new ort.Tensor("float32", data, shape);
  return () => session.run({ input });
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
        compileSingle(pool, networkOf({ model, convs: d, linear: d, mask: "entry" })),
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

const ort = args.ort && createRequire(import.meta.url)(resolve(args.ort));
if (args.crossover) await crossovers();
for (const [name, settings] of Object.entries(NETWORKS)) {
  if (args.crossover || !name.includes(args.only)) continue;
  const network = networkOf(settings);
  const sides = [await ours(network, "native"), await ours(network, "wasm")];
  const runs = Object.assign({}, ...sides.map((side) => side.runs));
  if (ort) {
    const dense = networkOf({ ...settings, convs: 1, linear: 1, mask: "entry" });
    runs["ONNX Runtime, dense"] = await theirs(ort, dense);
    runs["ONNX Runtime, simplified"] = await theirs(ort, simplify(network));
  }
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
