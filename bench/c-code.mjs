/**
 * Networks as C (`bregman export --format c`): bytes of constants, of static memory and of machine
 * code, and the time of a call on one thread. Random weights: only their number counts.
 *
 *     node c-code.mjs [--rounds 7] [--out ../results/bench/c-code.json]
 *
 * A compiler that is not there is skipped. Times are CPU time, of ten blocks of calls the fastest;
 * the order of the programs is reversed every round.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { encodeC } from "../dist/export/index.js";
import { convNet } from "../dist/models/convnet.js";
import { mlp } from "../dist/models/mlp.js";
import { size } from "../dist/shape-size.js";
import { random } from "./lib/random.mjs";
import { commit, machine, median, writeResult } from "./lib/result.mjs";

const { values: given } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    out: {
      type: "string",
      default: fileURLToPath(new URL("../results/bench/c-code.json", import.meta.url)),
    },
  },
});

const FLAGS = ["-std=c99", "-O2"];
const COMPILERS = [["gcc"], ["clang", "clang-19"]];
const NETWORKS = [
  { what: "MLP 784-200-80-10, 8 %", model: mlp([784, 200, 80, 10]), density: 0.08, calls: 1000 },
  { what: "ConvNet, 4 %", model: convNet(), density: 0.04, calls: 100 },
];

/** Runs a command; its output, undefined where it is not there. */
function output(/** @type {string[]} */ ...[command, ...args]) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error) return undefined;
  if (status !== 0) throw new Error(`${command}: ${stderr.trim()}`);
  return stdout;
}

/** The model with so many of its weights. */
function networkOf(/** @type {import("../dist/nn/model.js").Model} */ model, density = 1) {
  const next = random(1);
  const draw = (/** @type {readonly number[]} */ shape, scale = 1) =>
    Float32Array.from({ length: size(shape) }, () =>
      next() < density ? scale * (2 * next() - 1) : 0,
    );
  const parameters = model.nodes.flatMap(({ name, parameters: specs }) =>
    specs.map((spec) => {
      const scale = 1 / Math.sqrt(density * spec.fanIn);
      return /** @type {const} */ ([
        `${name}.${spec.name}`,
        { shape: spec.shape, data: draw(spec.shape, scale) },
      ]);
    }),
  );
  return { model, parameters: new Map(parameters), buffers: new Map() };
}

/** A program that prints the nanoseconds of a call: of ten blocks of calls the fastest. */
const timer = (/** @type {number} */ calls) => `#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
void net(const float *in, float *out);
static float in[784], out[10];
int main(void) {
  double best = 1e18;
  for (int i = 0; i < 784; i++) in[i] = (float)(i % 97) / 97.0f;
  for (int block = 0; block < 10; block++) {
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (int i = 0; i < ${calls}; i++) net(in, out);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double time = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / ${calls};
    if (time < best) best = time;
  }
  printf("%.1f", best);
  return 0;
}
`;

const folder = mkdtempSync(join(os.tmpdir(), "c-code-"));
const compilers = COMPILERS.flatMap(
  (names) => names.find((name) => output(name, "--version")) ?? [],
);
const made = NETWORKS.flatMap(({ what, model, density, calls }) =>
  /** @type {const} */ (["float32", "int8"]).flatMap((values) =>
    compilers.map((compiler) => {
      const text = encodeC(networkOf(model, density), { name: "net", values });
      const program = join(folder, `${model.nodes.length}-${values}-${compiler}`);
      const [source, timed, object] = ["c", "timed.c", "o"].map((end) => `${program}.${end}`);
      writeFileSync(source, text);
      output(compiler, ...FLAGS, "-c", source, "-o", object);
      writeFileSync(timed, timer(calls));
      output(compiler, ...FLAGS, timed, object, "-o", program, "-lm");
      const [textBytes] = output("size", object).split("\n")[1].trim().split(/\s+/).map(Number);
      const said = (/** @type {string} */ name) =>
        Number(new RegExp(`#define NET_${name} (\\d+)`).exec(text)?.[1]);
      const constants = said("CONSTANT_BYTES");
      const bytes = { constants, memory: said("MEMORY_BYTES"), code: textBytes - constants };
      return { what, values, compiler, bytes, program, nanoseconds: /** @type {number[]} */ ([]) };
    }),
  ),
);
for (let round = 0; round < Number(given.rounds); round++) {
  for (const one of round % 2 === 0 ? made : made.slice().reverse())
    one.nanoseconds.push(Number(output(one.program)));
}
rmSync(folder, { recursive: true });
for (const { what, values, compiler, bytes, nanoseconds } of made) {
  const sizes = Object.entries(bytes).map(([part, count]) => `${part} ${count}`);
  const us = (median(nanoseconds) / 1000).toFixed(1);
  console.log(
    `${what.padEnd(24)} ${values.padEnd(8)} ${compiler.padEnd(9)} ${us} us  ${sizes.join(", ")}`,
  );
}
writeResult(given.out, {
  benchmark: "c-code",
  commit: commit(),
  machine: machine(),
  compilers: compilers.map((name) => output(name, "--version")?.split("\n")[0]),
  flags: FLAGS,
  rows: made.map((row) => ({ ...row, program: undefined })),
});
