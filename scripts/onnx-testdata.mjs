/**
 * Reads the networks that ONNX has exported from PyTorch for tests of its readers, and compares
 * what they give with the outputs beside them.
 *
 *     apt-get install libonnx-testdata && node scripts/onnx-testdata.mjs [folder]
 *
 * A line for each that is not read says why; the last lines count these by operator. A softmax at
 * the end is left out by the reader, whose networks give logits: it is taken here. Fails if one
 * that is read gives other numbers.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UnusableFileError } from "../dist/errors.js";
import { largest } from "../dist/extremes.js";
import { decodeOnnx } from "../dist/export/onnx/decode-onnx.js";
import { decodeModelProto, decodeTensorProto } from "../dist/export/onnx/proto.js";
import { readTensor } from "../dist/export/onnx/read/constant.js";
import { predict } from "../dist/predict/predict.js";

const [root = "/usr/share/libonnx-testdata/data"] = process.argv.slice(2);
/** Of the largest output. */
const TOLERANCE = 1e-5;

const tensorIn = (/** @type {string} */ path) => readTensor(decodeTensorProto(readFileSync(path)));

/** Logits with what the reader leaves out at the end, over the last side. */
function softmaxAtEnd(
  /** @type {Uint8Array} */ bytes,
  /** @type {Float32Array} */ logits,
  /** @type {readonly number[]} */ shape,
) {
  const operator = decodeModelProto(bytes).graph[0].node.at(-1)?.opType[0];
  if (operator !== "Softmax" && operator !== "LogSoftmax") return logits;
  const length = shape[shape.length - 1];
  return logits.map((z, k) => {
    const from = k - (k % length);
    const row = logits.subarray(from, from + length);
    const log = z - Math.log(row.reduce((sum, other) => sum + Math.exp(other), 0));
    return operator === "Softmax" ? Math.exp(log) : log;
  });
}

/** Why a file is not read, in a few words. */
function reasonOf(/** @type {string} */ message) {
  const operator = /\((\w+)\): (.*)/.exec(message);
  if (!operator) return message.replace(/^\w+: /, "").replace(/, found .*/, "");
  const [, name, why] = operator;
  const lacked = why === "we have no such layer";
  return lacked ? name : `${name}: ${why.replace(/[,;:] found .*|\[.*/, "").trim()}`;
}

/** How far the answers are from those of the file, through the largest of them. */
async function apart(
  /** @type {import("../dist/nn/network.js").Network} */ network,
  /** @type {string} */ folder,
) {
  const { data: inputs } = tensorIn(join(folder, "input_0.pb"));
  const { data: wanted, shape } = tensorIn(join(folder, "output_0.pb"));
  const logits = await predict(network, Float32Array.from(inputs));
  const found = softmaxAtEnd(readFileSync(join(folder, "..", "model.onnx")), logits, shape);
  if (found.length !== wanted.length) return Infinity;
  // Some are beyond float32.
  const near = Float32Array.from(wanted);
  const far = largest(found.map((x, k) => (x === near[k] ? 0 : Math.abs(x - near[k]))));
  return far / (largest(near.map(Math.abs).filter(Number.isFinite)) || 1);
}

if (!existsSync(root)) throw new Error(`there is no folder ${root}: libonnx-testdata has it`);
let [all, loaded, agreed] = [0, 0, 0];
/** @type {Map<string, number>} */
const reasons = new Map();
for (const set of ["pytorch-converted", "pytorch-operator"]) {
  for (const name of readdirSync(join(root, set)).sort()) {
    const folder = join(root, set, name);
    all++;
    let network;
    try {
      network = decodeOnnx(readFileSync(join(folder, "model.onnx")), { where: name });
    } catch (error) {
      if (!(error instanceof UnusableFileError)) throw error;
      console.log(`  not read  ${error.message}`);
      const reason = reasonOf(error.message);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      continue;
    }
    loaded++;
    const far = await apart(network, join(folder, "test_data_set_0"));
    if (far <= TOLERANCE) agreed++;
    console.log(
      `  ${far <= TOLERANCE ? "agrees  " : "DIFFERS "}  ${name}: ${far.toExponential(1)}`,
    );
  }
}
for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a))
  console.log(`  ${count} not read: ${reason}`);
console.log(`${all} networks, ${loaded} read, ${agreed} agree`);
if (agreed < loaded) process.exitCode = 1;
