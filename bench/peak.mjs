/**
 * The roofs of this machine: floating-point operations from registers and bytes through memory, for
 * native code and for wasm, by lib/peak.c, which is compiled here (`cc` and clang 16 or later; what
 * is missing is skipped with a message).
 *
 *     node peak.mjs [--out ../results/bench/peak.json]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

import { commit, machine, median, writeResult } from "./lib/result.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: { out: { type: "string", default: here("../results/bench/peak.json") } },
});
const source = here("lib/peak.c");

/** Floats in a vector of this machine's widest set. */
const native = () => {
  const flags = os.arch() === "x64" ? readFileSync("/proc/cpuinfo", "utf8") : "";
  return flags.includes("avx512f") ? 16 : flags.includes("avx2") ? 8 : 4;
};

/** Compiles; false, with a message, where that can't be done. */
function compile(/** @type {string[]} */ ...[command, ...args]) {
  const { status, stderr, error } = spawnSync(command, [...args, source], { encoding: "utf8" });
  if (status !== 0)
    console.log(`skipped: ${command} ${error?.message ?? stderr.trim().split("\n")[0]}`);
  return status === 0;
}

/**
 * One thread of wasm: answers "flops" and "bytes" with its milliseconds, both started together with
 * the others.
 */
const WORKER = `
const { parentPort, workerData: { bytes, elements, turns, gate } } = require("node:worker_threads");
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
exports.memory.grow(Math.ceil((3 * elements * 4) / 65536));
const [a, b, c] = [0, 1, 2].map((k) => 65536 + k * elements * 4);
const works = {
    flops: () => exports.multiply_add(turns, 0.999),
    bytes: () => exports.triad(a, b, c, elements),
  };
parentPort.on("message", ({ work, threads }) => {
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < threads);
  const start = performance.now();
  works[work]();
  parentPort.postMessage(performance.now() - start);
});`;

const SAMPLES = 9;

async function wasmRoof(/** @type {Uint8Array} */ bytes, /** @type {number} */ threads) {
  const [turns, elements] = [20e6, 16 * 2 ** 20];
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const workers = Array.from(
    { length: threads },
    () => new Worker(WORKER, { eval: true, workerData: { bytes, elements, turns, gate } }),
  );
  const once = async (/** @type {"flops" | "bytes"} */ work) => {
    gate[0] = 0;
    const times = workers.map(
      (worker) =>
        new Promise((resolve) => worker.once("message", (/** @type {number} */ ms) => resolve(ms))),
    );
    for (const worker of workers) worker.postMessage({ work, threads });
    return Math.max(...(await Promise.all(times)));
  };
  const [gflops, gbytes] = [[], []];
  for (let k = -2; k < SAMPLES; k++) {
    const [compute, move] = [await once("flops"), await once("bytes")];
    if (k < 0) continue;
    gflops.push((2 * 4 * 12 * turns * threads) / compute / 1e6);
    gbytes.push((12 * elements * threads) / move / 1e6);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return { gflops, gbytes };
}

const before = machine();
const folder = mkdtempSync(join(os.tmpdir(), "bregman-peak-"));
const rows = [];
const add = (
  /** @type {string} */ what,
  /** @type {number} */ threads,
  /** @type {any} */ { gflops, gbytes },
) => {
  const [compute, move] = [median(gflops), median(gbytes)].map((value) =>
    Number(value.toPrecision(4)),
  );
  rows.push({ what, threads, gflops: compute, gbytesPerSecond: move });
  console.log(
    `${what}, ${threads} threads: ${compute} GFLOP/s from registers, ${move} GB/s through memory`,
  );
};
try {
  const program = join(folder, "peak");
  const width = native();
  const wide = width === 16 ? ["-mprefer-vector-width=512"] : [];
  if (
    compile(
      "cc",
      "-O3",
      "-march=native",
      ...wide,
      "-ffp-contract=fast",
      "-pthread",
      `-DWIDTH=${width}`,
      "-o",
      program,
    )
  )
    for (const threads of [1, 2]) {
      add(
        `native, vectors of ${width}`,
        threads,
        JSON.parse(spawnSync(program, [String(threads)], { encoding: "utf8" }).stdout),
      );
    }
  const module = join(folder, "peak.wasm");
  const flags = [
    "--target=wasm32",
    "-O3",
    "-msimd128",
    "-ffreestanding",
    "-nostdlib",
    "-Wl,--no-entry",
  ];
  const exported = ["multiply_add", "triad"].map((name) => `-Wl,--export=${name}`);
  if (
    compile(
      process.env.BREGMAN_CLANG ?? "clang-19",
      ...flags,
      ...exported,
      "-DWIDTH=4",
      "-o",
      module,
    )
  )
    for (const threads of [1, 2])
      add("wasm, vectors of 4", threads, await wasmRoof(readFileSync(module), threads));
} finally {
  rmSync(folder, { recursive: true });
}
if (rows.length > 0) {
  writeResult(values.out, { name: "peak", commit: commit(), machine: before, rows });
  console.log(`written to ${values.out}`);
}
