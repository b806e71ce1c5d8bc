/**
 * How fast the products of a linear layer are, alone: GFLOP/s of useful work (2 x weights that are
 * not zero x samples) by density, backend and threads, and the density at which the dense kernel
 * overtakes the sparse one.
 *
 *     node kernels.mjs [--rounds 11] [--backends native,wasm] [--threads 1,2] [--best] [--out ../results/bench/density-sweep.json]
 *
 * A sample is one run of a program that repeats the op for about a millisecond, after one that
 * warms the caches. All cases are measured once a round, so that what the machine does meanwhile
 * falls on all of them; a figure is the median over the rounds, or with --best the best of them:
 * what the code can do, on a machine whose neighbours leave it alone now and then only.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { op } from "../dist/runtime/kernel-table.js";
import { nativeVariants } from "../dist/runtime/native.js";
import { createPool } from "../dist/runtime/pool.js";
import { writeProgram } from "../dist/runtime/program.js";
import { commit, machine, median, row, writeResult } from "./lib/result.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "11" },
    backends: { type: "string", default: "native,wasm" },
    threads: { type: "string", default: "1,2" },
    best: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const ROUNDS = Number(values.rounds);
const SAMPLES = 128;
const TILES = SAMPLES / 16;
const SHAPES = [
  [200, 784],
  [512, 512],
];
/** Densities of the table, and those between which the crossover is looked for. */
const SHOWN = [0.01, 0.03, 0.08, 0.3, 1];
const DENSITIES = [0.01, 0.03, 0.08, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1];
/**
 * Useful milliseconds of one sample, and of the warm-up of one case: V8 must have compiled its
 * kernels for good.
 */
const SAMPLE_MS = 1;
const WARMUP_MS = 30;

const PRODUCTS = ["forward", "input gradient", "weight gradient"];

/**
 * @typedef {{ name: string, product: string, kind: "dense" | "sparse", density: number, weights:
 *   number, warm: () => void, run: () => void, repeat: number, times: number[] }} Case
 */

/** All ops of a layer at one density, each as a program that repeats it. */
function cases(
  /** @type {import("../dist/runtime/pool.js").Pool} */ pool,
  /** @type {number[]} */ [rows, cols],
  /** @type {number} */ density,
) {
  const { memory } = pool;
  const random = generator(1);
  const floats = (/** @type {number} */ n) =>
    memory.put(Float32Array.from({ length: n }, () => 2 * random() - 1));
  const ints = (/** @type {number} */ n) => memory.allocate(4 * n);

  const theta = Float32Array.from({ length: rows * cols }, () =>
    random() < density ? 2 * random() - 1 : 0,
  );
  const weights = theta.reduce((n, v) => n + (v === 0 ? 0 : 1), 0);
  const rowStride = Math.ceil(cols / 16) * 16;
  const t = {
    w: memory.put(theta),
    bias: floats(rows),
    x: floats(TILES * cols * 16),
    xRows: floats(SAMPLES * rowStride),
    dy: floats(TILES * rows * 16),
    mask: floats(TILES * cols * 16),
    y: ints(TILES * rows * 16),
    dx: ints(TILES * cols * 16),
    g: ints(rows * cols),
    changed: ints(rows),
    source: ints(rows * cols),
    force: memory.put(Int32Array.of(1)),
  };
  const pattern = { entries: ints(2 * rows * cols), counts: ints(rows) };
  const turned = { entries: ints(2 * rows * cols), counts: ints(cols) };
  const size = { tiles: TILES, rows, cols };
  const { w, bias, x, xRows, dy, mask, y, dx, g, changed, source, force } = t;
  pool.run(
    writeProgram(memory, [
      op("compress", rows, { theta: w, ...pattern, changed, rows, cols, columns: 0 }),
      op("transpose", cols, {
        ...pattern,
        changed,
        tEntries: turned.entries,
        tCounts: turned.counts,
        source,
        rows,
        cols,
        force,
      }),
    ]),
  );
  const sparse = [
    op("sparseForward", rows, {
      ...pattern,
      bias,
      x,
      y,
      mask: 0,
      ...size,
      entryStride: cols,
      epilogue: 1,
    }),
    op("sparseForward", cols, {
      ...turned,
      bias: 0,
      x: dy,
      y: dx,
      mask,
      tiles: TILES,
      rows: cols,
      cols: rows,
      entryStride: rows,
      epilogue: 0,
    }),
    op("sparseWeightGrad", rows, { ...pattern, dy, x, g, ...size }),
  ];
  const dense = [
    op("denseForward", rows, { w, bias, x, y, ...size, epilogue: 1 }, 12),
    op("denseInputGrad", cols, { w, dy, dx, mask, ...size }, 12),
    op("denseWeightGrad", rows, { dy, xRows, g, columns: 0, ...size, rowStride }, 12),
  ];
  const shape = `${rows} x ${cols}`;
  return PRODUCTS.flatMap((product, k) => [
    prepare(pool, { name: shape, product, kind: "sparse", density, weights }, sparse[k]),
    ...(density === 1
      ? [prepare(pool, { name: shape, product, kind: "dense", density, weights }, dense[k])]
      : []),
  ]);
}

/** Warms an op up and makes the program of one sample of it. @returns {Case} */
function prepare(
  /** @type {import("../dist/runtime/pool.js").Pool} */ pool,
  /** @type {any} */ what,
  /** @type {import("../dist/runtime/kernel-table.js").Op} */ step,
) {
  const once = writeProgram(pool.memory, [step]);
  const start = performance.now();
  let runs = 0;
  for (; performance.now() - start < WARMUP_MS; runs++) pool.run(once);
  const repeat = Math.max(1, Math.round((SAMPLE_MS * runs) / WARMUP_MS));
  const program = writeProgram(pool.memory, Array(repeat).fill(step));
  return { ...what, warm: () => pool.run(once), run: () => pool.run(program), repeat, times: [] };
}

/** mulberry32, uniform in [0, 1). */
function generator(/** @type {number} */ seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const microseconds = (/** @type {Case} */ c) =>
  (values.best ? Math.min(...c.times) : median(c.times)) * 1000;
const gflops = (/** @type {Case} */ c) => (2 * c.weights * SAMPLES) / microseconds(c) / 1000;

/**
 * The density at which times that grow with density pass `dense`, between two measured ones; null
 * if they never do.
 */
function crossover(
  /** @type {{ density: number, us: number }[]} */ sparse,
  /** @type {number} */ dense,
) {
  const above = sparse.findIndex(({ us }) => us > dense);
  if (above <= 0) return null;
  const [a, b] = [sparse[above - 1], sparse[above]];
  return a.density + ((b.density - a.density) * (dense - a.us)) / (b.us - a.us);
}

const percent = (/** @type {number} */ density) => `${Math.round(density * 1000) / 10} %`;

const rows = [];
for (const backend of values.backends.split(",")) {
  if (backend === "native" && nativeVariants().variants.length === 0) continue;
  for (const threads of values.threads.split(",").map(Number)) {
    const pool = await createPool({ backend, threads });
    for (const shape of SHAPES) {
      const all = DENSITIES.flatMap((density) => cases(pool, shape, density));
      for (let round = 0; round < ROUNDS; round++)
        for (const c of all) {
          c.warm();
          const start = performance.now();
          c.run();
          c.times.push((performance.now() - start) / c.repeat);
        }

      const title = `${shape.join(" x ")}, batch ${SAMPLES}, ${backend} ${pool.isa}, ${threads} thread${threads > 1 ? "s" : ""}`;
      console.log(`\n${title}: GFLOP/s (microseconds)`);
      const pick = (/** @type {string} */ product, /** @type {string} */ kind) =>
        all.filter((c) => c.product === product && c.kind === kind);
      for (const product of PRODUCTS) {
        const [dense] = pick(product, "dense");
        const sparse = pick(product, "sparse");
        const shown = sparse.filter((c) => SHOWN.includes(c.density));
        const cells = shown.map(
          (c) => `${percent(c.density)} ${gflops(c).toFixed(1)} (${microseconds(c).toFixed(1)})`,
        );
        const line = [
          `dense ${gflops(dense).toFixed(1)} (${microseconds(dense).toFixed(0)})`,
          ...cells,
        ];
        const border = crossover(
          sparse.map((c) => ({ density: c.density, us: microseconds(c) })),
          microseconds(dense),
        );
        console.log(
          `  ${product.padEnd(16)} ${line.join("   ")}   sparse wins below ${border ? percent(border) : "all"}`,
        );
        for (const c of sparse) {
          const times = [c, dense].map(({ times: list }) => list.map((ms) => ms * 1000));
          rows.push(row(`${product}, ${percent(c.density)}, ${title}`, times[0], times[1], "us"));
        }
      }
      const pair = (/** @type {(c: Case) => boolean} */ of) =>
        all
          .filter((c) => c.product !== "weight gradient" && of(c))
          .reduce((sum, c) => sum + microseconds(c), 0);
      const both = DENSITIES.map((density) => ({
        density,
        us: pair((c) => c.kind === "sparse" && c.density === density),
      }));
      const border = crossover(
        both,
        pair((c) => c.kind === "dense"),
      );
      console.log(
        `  forward and input gradient together: sparse wins below ${border ? percent(border) : "all densities"}`,
      );
    }
    await pool.close();
  }
}
if (values.out)
  writeResult(fileURLToPath(new URL(values.out, import.meta.url)), {
    name: "density-sweep",
    commit: commit(),
    machine: machine(),
    rows,
  });
