/**
 * A whole training step of a convolutional network (batch 128): dense, by kernel groups and by an
 * unstructured weight, each layer at the same density or at that of its recipe, exact, with the
 * sampled dual, fine and frozen, in float32 and with planes of bf16; against PyTorch's dense SGD
 * step, in float32 and in its fastest mode, and against the dense limit, the time that the dense
 * step's products take at the rate of PyTorch's sgemm. See README.md for what is measured.
 *
 *     node network-step.mjs [--network resnet18|convnet] [--rounds 5] [--steps 3] [--density 0.034]
 *                            [--coarse 9] [--patience 0] [--pick native] [--no-compile]
 *                            [--out ../results/bench/resnet18-step.json]
 */
import { fileURLToPath } from "node:url";

import { runInterleaved } from "./lib/children.mjs";
import { BATCH, denseFlops, flopShare } from "./lib/network.mjs";
import {
  CASES,
  coarse,
  compile,
  network,
  pick,
  schedule,
  title,
  resultFile,
  turns,
} from "./lib/network-options.mjs";
import { commit, machine, median, row, threadsName, writeResult } from "./lib/result.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const out = resultFile ?? here(`../results/bench/${network}-step.json`);

/**
 * glibc's allocator hands big blocks back to the system after every step unless told otherwise;
 * OpenBLAS knows best itself.
 */
const TORCH_ENV = {
  OPENBLAS_CORETYPE: undefined,
  OPENBLAS_L2_SIZE: undefined,
  MALLOC_MMAP_MAX_: "0",
  MALLOC_TRIM_THRESHOLD_: "8000000000",
  MALLOC_TOP_PAD_: "268435456",
};
/** @typedef {{ backend: string, threads: number, precision?: "bf16" }} Side */
/** @type {readonly Side[]} */
const SIDES = [
  { backend: "native", threads: 2 },
  { backend: "native", threads: 2, precision: "bf16" },
  { backend: "native", threads: 1 },
  { backend: "native", threads: 1, precision: "bf16" },
  { backend: "wasm", threads: 2 },
];

const sideName = (/** @type {Side} */ { backend, threads, precision }) =>
  `${precision ? `${backend} in ${precision}` : backend}, ${threadsName(threads)}`;
const torchName = (/** @type {number} */ threads) => `PyTorch, ${threadsName(threads)}`;

/** Relative variance that the sampled dual may have. */
const SAMPLE_DUAL = 4;
const sampledName = (/** @type {string} */ name) => `${name}, sampled dual`;

const before = machine();
const ours = (/** @type {string} */ name, /** @type {object} */ config) => ({
  name,
  command: [process.execPath, here("peers/bregman-network.mjs"), JSON.stringify(config)],
});
/** A recipe's densities and the sampled dual: natively on two threads. */
const isFull = (/** @type {Side} */ { backend, threads }) => backend === "native" && threads === 2;
const variants = [
  ...SIDES.flatMap((side) =>
    CASES.filter(({ density }) => density !== "recipe" || isFull(side)).flatMap(
      ({ kind, density, label }) => {
        const name = `${label}, ${sideName(side)}`;
        const config = { network, ...side, kind, density, coarse, ...schedule };
        const sampled = { ...config, coarse: 0, sampleDual: SAMPLE_DUAL };
        const isSampled = kind !== "dense" && density !== "recipe" && isFull(side);
        return [ours(name, config), ...(isSampled ? [ours(sampledName(name), sampled)] : [])];
      },
    ),
  ),
  ...[2, 1].map((threads) => ({
    name: torchName(threads),
    command: [
      process.env.BREGMAN_PYTHON ?? "/usr/bin/python3",
      here("peers/torch_network.py"),
      JSON.stringify({ network, threads, batch: BATCH, compile, ...schedule }),
    ],
    env: { ...TORCH_ENV, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) },
  })),
].filter(({ name }) => name.includes(pick) || name.startsWith("PyTorch"));
const reports = await runInterleaved(variants, turns);

/** Its version, where it is there. */
const torch = /torch (\d+\.\d+\.\d+)/.exec(reports.get(torchName(2))?.[0].note ?? "")?.[1];

/**
 * A step's milliseconds, a value a round; "mean" is that of a cycle of one fine and `coarse` frozen
 * steps.
 */
function times(
  /** @type {string} */ name,
  /** @type {"exact" | "fine" | "frozen" | "mean" | "sampled"} */ step,
) {
  if (step === "sampled") return times(sampledName(name), "exact");
  return reports.get(name)?.map(({ samples }) => {
    if (step !== "mean") return median(samples[step]);
    return (median(samples.fine) + coarse * median(samples.frozen)) / (coarse + 1);
  });
}

/** PyTorch's times in its fastest mode: of one precision, or of both. */
function torchTimes(/** @type {number} */ threads, precision = "") {
  const all = reports.get(torchName(threads));
  if (!all) return undefined;
  const modes = Object.keys(all[0].samples).filter((mode) => mode.startsWith(precision));
  const [fastest] = modes
    .map((mode) => ({ mode, times: all.map(({ samples }) => median(samples[mode])) }))
    .sort((a, b) => median(a.times) - median(b.times));
  return fastest;
}

/** Milliseconds of the dense step's products at the rate of sgemm. */
const limit = (/** @type {number} */ threads) =>
  reports.get(torchName(threads))?.map(({ gflops }) => denseFlops(network) / median(gflops) / 1e6);

/** Kinds of steps, with their share of the dense step's products where the forward pass has `f`. */
const STEPS = /** @type {const} */ ([
  { step: "frozen", label: "frozen step", flops: (/** @type {number} */ f) => f },
  {
    step: "mean",
    label: `mean of 1 fine and ${coarse} frozen steps`,
    flops: (/** @type {number} */ f) => (f * (2 + 3 * coarse) + 1) / 3 / (coarse + 1),
  },
  {
    step: "exact",
    label: "step with the gradient of every weight",
    flops: (/** @type {number} */ f) => (2 * f + 1) / 3,
  },
  // What is drawn, and so what it costs, follows from the data.
  { step: "sampled", label: `step with sampleDual ${SAMPLE_DUAL}`, flops: undefined },
]);
/** @type {any[]} */
const rows = [];
const compare = (
  /** @type {string} */ what,
  /** @type {number[] | undefined} */ ours,
  /** @type {number[] | undefined} */ other,
  /** @type {object | undefined} */ more = {},
) => {
  if (ours && other) rows.push({ ...row(what, ours, other, "ms/step"), ...more });
};
for (const side of SIDES) {
  const { threads } = side;
  const own = times(`dense, ${sideName(side)}`, "exact");
  const [same, fastest] = [torchTimes(threads, "float32"), torchTimes(threads)];
  const opponents = [
    {
      label: `PyTorch's dense step, ${threadsName(threads)}`,
      other: same?.times,
      more: same && { mode: same.mode },
    },
    {
      label: `PyTorch's fastest dense step, ${threadsName(threads)}`,
      other: fastest?.times,
      more: fastest && { mode: fastest.mode },
    },
    { label: `the dense limit, ${threadsName(threads)}`, other: limit(threads), more: undefined },
  ];
  for (const { label, other, more } of opponents)
    compare(`${title}, dense step, ${sideName(side)}, against ${label}`, own, other, more);
  for (const { kind, density, label: name } of CASES.filter(({ kind }) => kind !== "dense")) {
    const forward = flopShare({ network, kind, density });
    for (const { step, label, flops } of STEPS) {
      const ours = times(`${name}, ${sideName(side)}`, step);
      const what = `${title}, ${name}, ${label}, ${sideName(side)}, against`;
      for (const { label, other, more } of opponents)
        compare(`${what} ${label}`, ours, other, more);
      // Of the speed-up that the products' FLOPs promise, the share that the whole step has.
      if (ours && own && flops) {
        const share = Number(((median(own) / median(ours)) * flops(forward)).toPrecision(3));
        compare(`${what} our own dense step`, ours, own, { share });
      }
    }
  }
}
for (const { kind, label: name } of CASES) {
  const steps = kind === "dense" ? STEPS.filter(({ step }) => step === "exact") : STEPS;
  for (const { step, label } of steps)
    for (const native of ["native", "native in bf16"])
      compare(
        `${title}, ${name}, ${kind === "dense" ? "step" : label}, ${native}, 2 threads, against 1 thread`,
        times(`${name}, ${native}, 2 threads`, step),
        times(`${name}, ${native}, 1 thread`, step),
      );
}

console.log();
for (const { what, ours, other, ratio, share } of rows)
  console.log(
    `${ratio.toFixed(2).padStart(7)}x  ${what}: ${ours} to ${other} ms${share === undefined ? "" : `, realised share ${share}`}`,
  );
if (rows.length > 0) {
  writeResult(out, { name: `${network}-step`, commit: commit(), machine: before, torch, rows });
  console.log(`\nwritten to ${out}`);
}
