/**
 * Reads the networks that ONNX has exported from PyTorch for tests of its readers, and compares
 * what they give with the outputs beside them.
 *
 *     apt-get install libonnx-testdata && node scripts/onnx-testdata.mjs [folder]
 *
 * A line for each that is not read says why. Fails if one that is read gives other numbers.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UnusableFileError } from "../dist/errors.js";
import { largest } from "../dist/extremes.js";
import { decodeOnnx } from "../dist/export/onnx/decode-onnx.js";
import { decodeTensorProto } from "../dist/export/onnx/proto.js";
import { readTensor } from "../dist/export/onnx/read/constant.js";
import { predict } from "../dist/predict/predict.js";

const [root = "/usr/share/libonnx-testdata/data"] = process.argv.slice(2);
/** Of the largest output. */
const TOLERANCE = 1e-5;

const tensorIn = (/** @type {string} */ path) => readTensor(decodeTensorProto(readFileSync(path)));

/** How far the answers are from those of the file, through the largest of them. */
async function apart(
  /** @type {import("../dist/nn/network.js").Network} */ network,
  /** @type {string} */ folder,
) {
  const { data: inputs } = tensorIn(join(folder, "input_0.pb"));
  const { data: wanted } = tensorIn(join(folder, "output_0.pb"));
  const found = await predict(network, Float32Array.from(inputs));
  if (found.length !== wanted.length) return Infinity;
  const far = largest(found.map((x, k) => Math.abs(x - wanted[k])));
  return far / largest(wanted.map(Math.abs));
}

if (!existsSync(root)) throw new Error(`there is no folder ${root}: libonnx-testdata has it`);
let [all, loaded, agreed] = [0, 0, 0];
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
console.log(`${all} networks, ${loaded} read, ${agreed} agree`);
if (agreed < loaded) process.exitCode = 1;
