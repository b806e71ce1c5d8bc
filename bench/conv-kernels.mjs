/**
 * The convolution kernels alone, for each layer of ResNet-18 (CIFAR) and of the ConvNet: forward,
 * input gradient and weight gradient by a sparse weight, against the same by the dense kernel;
 * native and wasm, 1 and 2 threads.
 *
 *     node conv-kernels.mjs [--rounds 3] [--samples 5] [--batch 128] [--density 0.034] [--patience 0] [--pick "@32"]
 *                           [--precision float32|bf16]
 *                           [--backends native,wasm] [--threads 1,2] [--out ../results/bench/conv-layers.json]
 *
 * GFLOP/s are those of useful work: 2 * batch * output positions * non-zero weights. Layers with a
 * stride of 2 and those without padding do more than that in the dense input gradient's border,
 * which is not counted.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { runInterleaved } from "./lib/children.mjs";
import { commit, machine, median, row, writeResult } from "./lib/result.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    samples: { type: "string", default: "5" },
    batch: { type: "string", default: "128" },
    density: { type: "string", default: "0.034" },
    precision: { type: "string", default: "float32" },
    patience: { type: "string", default: "0" },
    pick: { type: "string", default: "" },
    backends: { type: "string", default: "native,wasm" },
    threads: { type: "string", default: "1,2" },
    out: { type: "string", default: here("../results/bench/conv-layers.json") },
  },
});
const density = Number(values.density);
const percent = Number((density * 100).toPrecision(3));
const before = machine();
const variants = values.threads.split(",").flatMap((threads) =>
  values.backends.split(",").map((backend) => {
    const config = { backend, threads: Number(threads), batch: Number(values.batch), density };
    const { precision, pick } = values;
    const rest = { precision, samples: Number(values.samples), pick };
    return {
      name: `${backend}, ${threads} thread${threads === "1" ? "" : "s"}`,
      command: [
        process.execPath,
        here("peers/bregman-conv.mjs"),
        JSON.stringify({ ...config, ...rest }),
      ],
    };
  }),
);
const reports = await runInterleaved(variants, {
  rounds: Number(values.rounds),
  patience: Number(values.patience),
  onReport: (round, { name }, report) =>
    console.log(
      `round ${round + 1}  ${name}: ${report === null ? "skipped, not built here" : report.note}`,
    ),
});

/** A median a round, for one layer, work and kind. */
function times(
  /** @type {any[]} */ rounds,
  /** @type {{ layer: string, work: string }} */ of,
  /** @type {string} */ kind,
) {
  return rounds.map(({ measured }) => {
    const found = measured.find(
      (/** @type {any} */ m) => m.layer === of.layer && m.work === of.work && m.kind === kind,
    );
    return median(found.samples);
  });
}

const rows = [...reports].flatMap(([name, rounds]) => {
  const [{ measured }] = rounds;
  return measured
    .filter((/** @type {any} */ { kind }) => kind !== "dense")
    .map((/** @type {any} */ one) => {
      const ours = times(rounds, one, one.kind);
      const dense = times(rounds, one, "dense");
      const { flops } = measured.find(
        (/** @type {any} */ m) =>
          m.layer === one.layer && m.work === one.work && m.kind === "dense",
      );
      const rate = (/** @type {number} */ work, /** @type {number[]} */ ms) =>
        Number((work / median(ms) / 1e6).toFixed(1));
      return {
        ...row(
          `${one.layer}, ${one.work}, ${one.kind} ${percent} %, ${name}, against dense`,
          ours,
          dense,
        ),
        gflops: { ours: rate(one.flops, ours), other: rate(flops, dense) },
      };
    });
});

console.log("\n  ratio  sparse   dense (GFLOP/s)");
for (const { what, ratio, gflops } of rows) {
  const [ours, other] = [gflops.ours, gflops.other].map((value) => value.toFixed(1).padStart(7));
  console.log(`${ratio.toFixed(1).padStart(6)}x ${ours} ${other}  ${what}`);
}
if (rows.length > 0) {
  writeResult(values.out, { name: "conv-layers", commit: commit(), machine: before, rows });
  console.log(`\nwritten to ${values.out}`);
}
