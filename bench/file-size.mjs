/**
 * How small networks are in files: ONNX, and bregman's own in float32, float16 and int8, as they
 * are and after gzip and brotli; with a run, also what rounding does to its accuracy.
 *
 *     node file-size.mjs [--run FOLDER --data-dir FOLDER] [--out FILE]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { decodeModel, encodeModel, encodeOnnx, simplify } from "../dist/export/index.js";
import { dataOf, evaluate, openRun } from "../dist/train/index.js";
import { INFERENCE_NETWORKS, inferenceNetwork } from "./lib/inference-network.mjs";
import { commit, machine, writeResult } from "./lib/result.mjs";

const { values } = parseArgs({
  options: {
    run: { type: "string" },
    "data-dir": { type: "string" },
    out: {
      type: "string",
      default: fileURLToPath(new URL("../results/bench/file-size.json", import.meta.url)),
    },
  },
});
const FORMATS = /** @type {const} */ (["float32", "float16", "int8"]);

const sizes = (/** @type {Uint8Array} */ bytes) => ({
  bytes: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});

/** A network's files, as it is in ONNX and simplified in ours. */
function files(/** @type {ReturnType<typeof inferenceNetwork>} */ network) {
  const small = simplify(network);
  const encoded = FORMATS.map((format) => ({
    format,
    bytes: encodeModel(small, {}, { sparse: true, values: format }),
  }));
  return {
    sizes: {
      onnx: sizes(encodeOnnx(network)),
      ...Object.fromEntries(encoded.map(({ format, bytes }) => [format, sizes(bytes)])),
    },
    networks: [network, ...encoded.map(({ bytes }) => decodeModel(bytes))],
  };
}

const rows = [];
for (const name of Object.keys(INFERENCE_NETWORKS)) {
  const { sizes: found } = files(
    inferenceNetwork(/** @type {keyof typeof INFERENCE_NETWORKS} */ (name)),
  );
  rows.push({ network: name, ...found });
}
if (values.run !== undefined) {
  const { network, recipe } = openRun(values.run);
  const { sizes: found, networks } = files(network);
  const { loss, data } = recipe;
  const { validation, splitSeed, limit, normalize } = data;
  const reached = await evaluate(networks, dataOf(recipe, { dataDir: values["data-dir"] }), {
    loss,
    validation,
    splitSeed,
    limit,
    normalize,
  });
  const accuracies = reached.map(({ testAccuracy, validAccuracy }) => ({
    testAccuracy,
    validAccuracy,
  }));
  rows.push({
    network: `${recipe.name}, seed ${recipe.seed}`,
    ...found,
    accuracy: Object.fromEntries(["as trained", ...FORMATS].map((key, k) => [key, accuracies[k]])),
  });
}
writeResult(values.out, { name: "file-size", commit: commit(), machine: machine(), rows });
for (const { network, ...row } of rows) console.log(network, JSON.stringify(row));
