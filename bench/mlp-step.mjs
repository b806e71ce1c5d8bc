/**
 * One training step of the 784-200-80-10 MLP on MNIST (batch 128): ours by density, threads and
 * backend, with the gradient of every weight, with frozen steps and with the sampled dual, against
 * @jax-js/jax and @tensorflow/tfjs (wasm), against PyTorch where it is installed, and against our
 * own dense step. See README.md for what is measured.
 *
 *     node mlp-step.mjs [--rounds 5] [--patience 0] [--densities 0.01,0.02,0.05,0.08,1] [--pick "1 thread"]
 *                       [--out ../results/bench/mlp-step.json] [--peers-only] [--no-compile]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { runInterleaved } from "./lib/children.mjs";
import {
  BATCH,
  BATCHES,
  COARSE,
  SAMPLE_DUAL,
  SIZES,
  TAU,
  lambdaFor,
  writeProblem,
} from "./lib/problem.mjs";
import { commit, machine, median, row, threadsName, writeResult } from "./lib/result.mjs";
import { BLOCKS, STEPS, WARMUP, WARMUP_BLOCKS } from "./lib/side.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    patience: { type: "string", default: "0" },
    densities: { type: "string", default: "0.01,0.02,0.05,0.08,1" },
    pick: { type: "string", default: "" },
    out: { type: "string", default: here("../results/bench/mlp-step.json") },
    "peers-only": { type: "boolean", default: false },
    "no-compile": { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const densities = values.densities.split(",").map(Number);
const THREADS = [1, 2];
const BACKENDS = ["native", "wasm"];
/**
 * Ways to the gradient of a zero weight: of every step, of one step in ten, estimated. A dense net
 * has none.
 */
const WAYS = [
  { label: "", config: {} },
  { label: `, mean of 1 fine and ${COARSE} frozen steps`, config: { coarse: COARSE } },
  { label: ", sampled dual", config: { sampleDual: SAMPLE_DUAL } },
];
const OURS = BACKENDS.flatMap((backend) =>
  WAYS.map(({ label, config }) => ({ side: `${backend}${label}`, backend, config })),
);
/** PyTorch's modes: see peers/torch_step.py. */
const TORCH_MODES = ["float32", "bfloat16"].flatMap((precision) =>
  [false, true].map((compiled) => ({
    side: `PyTorch, ${precision}${compiled ? ", compiled" : ""}`,
    precision,
    compiled,
  })),
);
const oursAt = (/** @type {number} */ density) =>
  OURS.filter(({ side, backend }) => density < 1 || side === backend);

/**
 * glibc's allocator hands big blocks back to the system after every step unless told otherwise: up
 * to 2x for PyTorch.
 */
const TORCH_ENV = {
  OPENBLAS_CORETYPE: undefined,
  MALLOC_MMAP_MAX_: "0",
  MALLOC_TRIM_THRESHOLD_: "8000000000",
  MALLOC_TOP_PAD_: "268435456",
};
const schedule = {
  warmup: WARMUP,
  warmupBlocks: WARMUP_BLOCKS,
  blocks: BLOCKS,
  steps: STEPS,
  batch: BATCH,
  batches: BATCHES,
};

const percent = (/** @type {number} */ density) => Number((density * 100).toPrecision(3));
const nameOf = (
  /** @type {string} */ side,
  /** @type {number} */ density,
  /** @type {number} */ threads,
) => `${side}, ${percent(density)} %, ${threadsName(threads)}`;

/** @returns {import("./lib/children.mjs").Variant[]} */
function variantsAt(/** @type {number} */ density, /** @type {string} */ folder) {
  const script = (/** @type {string} */ file, /** @type {object} */ config) => [
    process.execPath,
    here(`peers/${file}`),
    JSON.stringify(config),
  ];
  const torch = { density, lambda: lambdaFor(density), tau: TAU, sizes: SIZES, folder, schedule };
  return THREADS.flatMap((threads) => [
    ...(values["peers-only"] ? [] : oursAt(density)).map(({ side, backend, config }) => ({
      name: nameOf(side, density, threads),
      command: script("bregman-step.mjs", { density, threads, backend, ...config }),
    })),
    {
      name: nameOf("jax-js", density, threads),
      command: script("jax-step.mjs", { density, threads }),
    },
    {
      name: nameOf("tfjs", density, threads),
      command: script("tfjs-step.mjs", { density, threads }),
    },
    ...TORCH_MODES.filter(({ compiled }) => !(compiled && values["no-compile"])).map(
      ({ side, precision, compiled }) => ({
        name: nameOf(side, density, threads),
        command: [
          process.env.BREGMAN_PYTHON ?? "/usr/bin/python3",
          here("peers/torch_step.py"),
          JSON.stringify({ ...torch, threads, precision, compiled }),
        ],
        env: {
          ...TORCH_ENV,
          OMP_NUM_THREADS: String(threads),
          OPENBLAS_NUM_THREADS: String(threads),
        },
      }),
    ),
  ]);
}

/** Every side must have computed the same thing, to its rounding, and learned. */
function check(/** @type {Map<string, any[]>} */ reports, /** @type {number} */ density) {
  const mine = [...reports].filter(([name]) => name.includes(`, ${percent(density)} %,`));
  const [firstName, [first]] = mine[0];
  for (const [name, [{ losses, lastLoss }]] of mine) {
    const gap = Math.abs(losses[0] - first.losses[0]);
    if (!(gap < (name.includes("bfloat16") ? 0.02 : 1e-4))) {
      throw new Error(
        `loss of the first step differs: ${name} has ${losses[0]}, ${firstName} has ${first.losses[0]}`,
      );
    }
    if (!(lastLoss < losses[0]))
      throw new Error(`${name} did not learn: loss ${losses[0]} at first, ${lastLoss} at last`);
  }
}

const times = (/** @type {any[]} */ reports) => reports.map(({ samples }) => median(samples));

/** Given n cores, the faster of a side's configurations with up to n threads. */
function bestOf(
  /** @type {Map<string, any[]>} */ reports,
  /** @type {string[]} */ sides,
  /** @type {number} */ density,
  /** @type {number} */ cores,
) {
  const candidates = sides
    .flatMap((side) => THREADS.filter((n) => n <= cores).map((threads) => ({ side, threads })))
    .map(({ side, threads }) => ({
      side,
      threads,
      reports: reports.get(nameOf(side, density, threads)),
    }))
    .filter((candidate) => candidate.reports !== undefined)
    .map((candidate) => ({ ...candidate, times: times(candidate.reports) }));
  return candidates.toSorted((a, b) => median(a.times) - median(b.times))[0];
}

const before = machine();
const folders = densities.map((density) => {
  const folder = mkdtempSync(join(tmpdir(), "bregman-mlp-"));
  writeProblem(folder, density);
  return folder;
});
process.on("exit", () =>
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })),
);

const variants = densities
  .flatMap((density, k) => variantsAt(density, folders[k]))
  .filter(({ name }) => name.includes(values.pick));
const reports = await runInterleaved(variants, {
  rounds,
  patience: Number(values.patience),
  onReport: (round, { name }, report) => {
    if (report === null) console.log(`${name}: skipped, not installed here`);
    else {
      const { samples, losses, lastLoss, density, note } = report;
      const figures = `loss ${losses[0].toFixed(5)} to ${lastLoss.toFixed(3)}, density ${(density * 100).toFixed(1)} % at the end`;
      console.log(
        `round ${round + 1}  ${name}: ${median(samples).toFixed(3)} ms a step (${figures}; ${note})`,
      );
    }
  },
});
densities.forEach((density) => check(reports, density));

const torchSides = (/** @type {string} */ wanted) =>
  TORCH_MODES.filter(({ precision }) => precision.startsWith(wanted)).map(({ side }) => side);
const opponents = [
  { label: "@jax-js/jax", sides: ["jax-js"] },
  { label: "@tensorflow/tfjs", sides: ["tfjs"] },
  { label: "the better of the two", sides: ["jax-js", "tfjs"] },
  { label: "PyTorch", sides: torchSides("float32") },
  { label: "PyTorch's fastest", sides: torchSides("") },
];
const rows = densities.flatMap((density) =>
  oursAt(density).flatMap(({ side, backend }) =>
    THREADS.flatMap((threads) => {
      const ours = reports.get(nameOf(side, density, threads));
      if (ours === undefined) return [];
      const what = `MLP step, density ${percent(density)} %, ${side}, ${threadsName(threads)}, against`;
      const against = opponents.flatMap(({ label, sides }) => {
        const best = bestOf(reports, sides, density, threads);
        if (best === undefined) return [];
        const isTorch = label.startsWith("PyTorch");
        const named = sides.length > 1 && !isTorch ? `${best.side}, ` : "";
        const compared = `${what} ${label} (${named}${threadsName(best.threads)})`;
        const mode = isTorch ? { mode: best.side.replace("PyTorch, ", "") } : {};
        return [{ ...row(compared, times(ours), best.times, "ms/step"), ...mode }];
      });
      const dense = density < 1 ? reports.get(nameOf(backend, 1, threads)) : undefined;
      return dense
        ? [...against, row(`${what} our own dense step`, times(ours), times(dense), "ms/step")]
        : against;
    }),
  ),
);

console.log();
for (const { what, ours, other, ratio } of rows)
  console.log(`${ratio.toFixed(2).padStart(7)}x  ${what}: ${ours} to ${other} ms`);
if (rows.length > 0) {
  const notes = [...reports]
    .filter(([name]) => name.startsWith("PyTorch"))
    .map(([, [{ note }]]) => note);
  const torch = /torch (\d+\.\d+\.\d+)/.exec(notes[0] ?? "")?.[1];
  writeResult(values.out, { name: "mlp-step", commit: commit(), machine: before, torch, rows });
  console.log(`\nwritten to ${values.out}`);
}
