/**
 * How fast trained networks answer: ours (native and wasm) beside ONNX Runtime (native and wasm),
 * which gets the dense network as it was trained, and the simplified one. See README.md.
 *
 *     node inference.mjs [--pick MLP] [--batches 1,8,32,128] [--seconds 1] [--no-web] [--out FILE]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync } from "node:zlib";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";

import { encodeModel, encodeOnnx, simplify } from "../dist/export/index.js";
import { createPredictor } from "../dist/predict/index.js";
import { INFERENCE_NETWORKS, inferenceNetwork } from "./lib/inference-network.mjs";
import { random } from "./lib/random.mjs";
import { commit, machine, median, writeResult } from "./lib/result.mjs";

const { values } = parseArgs({
  options: {
    pick: { type: "string", default: "" },
    batches: { type: "string", default: "1,8,32,128" },
    seconds: { type: "string", default: "1" },
    "no-web": { type: "boolean", default: false },
    out: {
      type: "string",
      default: fileURLToPath(new URL("../results/bench/inference.json", import.meta.url)),
    },
  },
});
const batches = values.batches.split(",").map(Number);
const patience = 1000 * Number(values.seconds);
const LEAST_ROUNDS = 5;
const MOST_ROUNDS = 400;
const MOST_ANSWERS = 4000;
/** Milliseconds. */
const TURN = 5;
web.env.wasm.numThreads = 1;

/**
 * Something that answers.
 * @typedef {object} Side
 * @property {string} name
 * @property {(x: Float32Array, count: number) => Promise<Float32Array>} answer
 * @property {() => unknown} close
 */

/** @returns {Promise<Side>} */
async function ours(
  /** @type {Uint8Array} */ bytes,
  /** @type {"native" | "wasm"} */ backend,
  threads = 1,
) {
  const net = await createPredictor(bytes, { backend, threads });
  return {
    name: `ours, ${backend}, ${threads}`,
    answer: (x) => net.predict(x),
    close: () => net.close(),
  };
}

/** @returns {Promise<Side>} */
async function theirs(
  /** @type {string} */ what,
  /** @type {typeof native | typeof web} */ runtime,
  /** @type {Uint8Array} */ bytes,
  /** @type {readonly number[]} */ shape,
  threads = 1,
) {
  const session = await runtime.InferenceSession.create(
    bytes,
    runtime === native
      ? { intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: "all" }
      : { executionProviders: ["wasm"], graphOptimizationLevel: "all" },
  );
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  return {
    name: `ONNX Runtime ${runtime === native ? "native" : "web"}, ${what}, ${threads}`,
    answer: async (x, count) => {
      const tensor = new runtime.Tensor("float32", x, [count, ...shape]);
      const answers = await session.run({ [input]: tensor });
      return /** @type {Float32Array} */ (answers[output].data);
    },
    close: () => session.release(),
  };
}

/**
 * Milliseconds of each side, a value an answer. Sides take turns, whose order turns around each
 * time; in a turn a side answers as often as fits into some milliseconds, as a server or a page
 * does that is asked again and again.
 */
async function timed(
  /** @type {readonly Side[]} */ sides,
  /** @type {Float32Array} */ x,
  /** @type {number} */ count,
) {
  const times = sides.map(() => /** @type {number[]} */ ([]));
  for (const side of sides) for (let k = 0; k < 3; k++) await side.answer(x, count);
  const spent = sides.map(() => 0);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let went = false;
    for (let k = 0; k < sides.length; k++) {
      const s = round % 2 === 0 ? k : sides.length - 1 - k;
      if (round >= LEAST_ROUNDS && spent[s] > patience) continue;
      for (let turn = 0; turn < TURN && times[s].length < MOST_ANSWERS;) {
        const began = performance.now();
        await sides[s].answer(x, count);
        const took = performance.now() - began;
        times[s].push(took);
        turn += took;
        spent[s] += took;
        went = true;
      }
    }
    if (!went) break;
  }
  return times;
}

/** Milliseconds from bytes to the first answer. */
async function cold(
  /** @type {() => Promise<Side>} */ make,
  /** @type {Float32Array} */ x,
  rounds = 5,
) {
  const times = [];
  for (let k = 0; k < rounds; k++) {
    const began = performance.now();
    const side = await make();
    await side.answer(x, 1);
    times.push(performance.now() - began);
    await side.close();
  }
  return times;
}

const rounded = (/** @type {number} */ x) => Number(x.toPrecision(4));
const result = {
  name: "inference",
  commit: commit(),
  machine: machine(),
  peers: {
    "onnxruntime-node": native.env.versions.common,
    "onnxruntime-web": web.env.versions.web,
  },
  rows: /** @type {object[]} */ ([]),
};

for (const name of Object.keys(INFERENCE_NETWORKS).filter((one) => one.includes(values.pick))) {
  const network = inferenceNetwork(/** @type {keyof typeof INFERENCE_NETWORKS} */ (name));
  const small = simplify(network);
  const shape = network.model.input;
  const features = shape.reduce((product, n) => product * n, 1);
  const file = encodeModel(small, {}, { sparse: true });
  const [dense, simplified] = [network, small].map((one) => encodeOnnx(one));
  const next = random(7);
  const images = (/** @type {number} */ count) =>
    Float32Array.from({ length: count * features }, () => next());
  const sizes = {
    network: name,
    bytes: {
      ours: file.length,
      oursBrotli: brotliCompressSync(file).length,
      onnxDense: dense.length,
      onnxSimplified: simplified.length,
    },
  };
  result.rows.push(sizes);
  console.log(`\n${name}: ${file.length} bytes, ONNX ${dense.length}, ${simplified.length}`);

  const first = images(1);
  const makers = [
    () => ours(file, "native"),
    () => theirs("dense", native, dense, shape),
    () => theirs("simplified", native, simplified, shape),
    ...(values["no-web"]
      ? []
      : [() => ours(file, "wasm"), () => theirs("dense", web, dense, shape)]),
  ];
  const coldTimes = [];
  for (const make of makers) {
    const side = await make();
    await side.close();
    coldTimes.push({ what: side.name, ms: rounded(median(await cold(make, first))) });
  }
  result.rows.push({ network: name, cold: coldTimes });
  for (const { what, ms } of coldTimes) console.log(`  cold  ${what.padEnd(40)} ${ms} ms`);

  for (const batch of batches) {
    const x = images(batch);
    const groups = [
      [
        await ours(file, "native", 1),
        await theirs("dense", native, dense, shape, 1),
        await theirs("simplified", native, simplified, shape, 1),
      ],
      [
        await ours(file, "native", 2),
        await theirs("dense", native, dense, shape, 2),
        await theirs("simplified", native, simplified, shape, 2),
      ],
      ...(values["no-web"]
        ? []
        : [
            [
              await ours(file, "wasm", 1),
              await theirs("dense", web, dense, shape),
              await theirs("simplified", web, simplified, shape),
            ],
          ]),
    ];
    for (const sides of groups) {
      const [answer, ...others] = await Promise.all(sides.map((side) => side.answer(x, batch)));
      for (const other of others) {
        const size = Math.max(...answer.slice(0, 1000).map(Math.abs));
        const far = Math.max(...answer.slice(0, 1000).map((y, k) => Math.abs(y - other[k])));
        if (!(far <= 1e-3 * size)) throw new Error(`${name}: answers differ by ${far} of ${size}`);
      }
      const times = await timed(sides, x, batch);
      const medians = times.map((list) => rounded(median(list)));
      const row = {
        network: name,
        batch,
        sides: sides.map((side, k) => ({
          what: side.name,
          ms: medians[k],
          rounds: times[k].length,
          ratio: rounded(medians[k] / medians[0]),
        })),
      };
      result.rows.push(row);
      console.log(
        `  batch ${String(batch).padEnd(4)} ${row.sides
          .map(({ what, ms, ratio }, k) =>
            k === 0 ? `${what} ${ms} ms` : `${what} ${ratio} times`,
          )
          .join("; ")}`,
      );
      for (const side of sides) await side.close();
    }
  }
  writeResult(values.out, result);
}
