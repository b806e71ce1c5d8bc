/** Networks out of ONNX files, as PyTorch and TensorFlow write them, and as we do. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { decodeOnnx, encodeOnnx, loadOnnx, readSafetensors } from "#bregman/export/index.js";
import { predict } from "#bregman/predict/index.js";
import { randomModel } from "../support/random-model.js";
import { randomInputs, randomNetwork } from "../support/random-network.js";

const FOLDER = join(import.meta.dirname, "../fixtures/onnx");
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".onnx"));
const kindsOf = (file: string) =>
  loadOnnx(join(FOLDER, file)).model.nodes.map(({ layer }) => layer.kind);

/** Probabilities, as networks of PyTorch give them that end so. */
function softmax(rows: Float32Array, width: number): Float32Array {
  const out = rows.map(Math.exp);
  for (let k = 0; k < out.length; k += width) {
    const row = out.subarray(k, k + width);
    const sum = row.reduce((all, x) => all + x, 0);
    row.forEach((x, j) => (row[j] = x / sum));
  }
  return out;
}

describe("files of PyTorch and Keras", () => {
  test.each(files)("%s answers as the network that was exported", async (file) => {
    const network = loadOnnx(join(FOLDER, file));
    const outputs = file.replace(/(-\w+)?\.onnx$/, "-outputs.safetensors");
    const { tensors } = readSafetensors(join(FOLDER, outputs));
    const wanted = tensors.get("outputs")!;
    const answers = await predict(network, tensors.get("inputs")!.data as Float32Array);
    const width = wanted.shape[1];
    const found = file.startsWith("convnet") ? softmax(answers, width) : answers;
    expect(found).toHaveLength(wanted.data.length);
    found.forEach((x, k) => expect(x).toBeCloseTo(Number(wanted.data[k]), 4.5));
  });

  test("those of every exporter are there", () => {
    expect(files.filter((name) => name.endsWith("-dynamo.onnx"))).toHaveLength(6);
    expect(files.filter((name) => name.endsWith("-script.onnx"))).toHaveLength(6);
    expect(files.filter((name) => name.startsWith("keras"))).toHaveLength(3);
  });

  test("biases and factors go into the layers before, SiLU is one layer", () => {
    const mixed = "linear linear silu linear sigmoid scaledSum linear".split(" ");
    for (const kind of ["dynamo", "script"]) {
      expect(kindsOf(`mixed-${kind}.onnx`).toSorted()).toEqual(mixed.toSorted());
      expect(kindsOf(`normalised-${kind}.onnx`)).toEqual(["conv2d", "relu", "flatten", "linear"]);
      const { normalization } = loadOnnx(join(FOLDER, `normalised-${kind}.onnx`));
      expect(normalization!.mean.map((x) => x.toFixed(3))).toEqual(["0.400", "0.500", "0.600"]);
      expect(normalization!.std.map((x) => x.toFixed(3))).toEqual(["0.200", "0.250", "0.300"]);
    }
  });

  test("layers have the names of their modules", () => {
    const names = loadOnnx(join(FOLDER, "mlp-script.onnx")).model.nodes.map(({ name }) => name);
    expect(names).toEqual(["0", "relu1", "3"]);
  });
});

describe("our own files come back to the same bits", () => {
  test.each(Array.from({ length: 40 }, (_, k) => k))("random network %i", async (seed) => {
    const network = randomNetwork(randomModel(seed));
    const back = decodeOnnx(encodeOnnx(network));
    const inputs = randomInputs(network, 3);
    const size = (await predict(network, inputs)).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    const answers = await predict(back, inputs);
    (await predict(network, inputs)).forEach((x, k) =>
      expect(Math.abs(x - answers[k])).toBeLessThanOrEqual(1e-5 * size),
    );
    for (const [name, { data }] of back.parameters) {
      // Skips that are closed are not written.
      const open = network.parameters
        .get(name)!
        .data.filter((x) => x !== 0 || !name.endsWith("scale"));
      expect(data).toEqual(open);
    }
    const again = encodeOnnx(back);
    expect(Buffer.from(encodeOnnx(decodeOnnx(again))).equals(Buffer.from(again))).toBe(true);
  });
});

test("a damaged file is one clear error", () => {
  const bytes = readFileSync(join(FOLDER, "resnet-script.onnx"));
  for (let k = 0; k < bytes.length; k += 211) {
    const damaged = Uint8Array.from(bytes);
    damaged[k] ^= 1 << (k % 8);
    for (const tried of [damaged, bytes.subarray(0, k)]) {
      try {
        decodeOnnx(tried, { where: "net.onnx" });
      } catch (error) {
        expect(error).toBeInstanceOf(UnusableFileError);
        expect((error as Error).message).toMatch(/^net\.onnx: [^\n]+$/);
      }
    }
  }
});

test("no file of ONNX at all", () => {
  expect(() => decodeOnnx(new TextEncoder().encode("PK\u0003\u0004 nothing"))).toThrow(
    /^ONNX: not an ONNX file/,
  );
  expect(() => decodeOnnx(new Uint8Array())).toThrow("ONNX: not an ONNX file: it has no graph");
});
