/** Small files: numbers in 32, 16 and 8 bits, their places as gaps, and a checksum. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 as nodeCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "#bregman/crc32.js";
import { UnusableFileError } from "#bregman/errors.js";
import { fromHalf, toHalf } from "#bregman/export/half.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { decodeSafetensors, encodeSafetensors } from "#bregman/export/safetensors-format.js";
import { mlp } from "#bregman/models/mlp.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { predict } from "#bregman/predict/predict.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { relativeError } from "../support/problem.js";
import { randomInputs, randomNetwork } from "../support/random-network.js";

const images = sequential([2, 6, 6], [conv2d(5, { kernel: 3, padding: 1 }), flatten(), linear(4)]);
const networks = [
  ["a sparse perceptron", randomNetwork(mlp([40, 30, 7]), { density: 0.1, dead: 0.1 })],
  ["a dense one", randomNetwork(mlp([12, 10, 7]), { density: 1, dead: 0 })],
  ["convolutions", randomNetwork(images, { density: 0.2, dead: 0.2 })],
] as const;
const FORMATS = ["float32", "float16", "int8"] as const;

describe.each(networks)("%s", (_, network) => {
  test.each(FORMATS)("as %s", async (values) => {
    const bytes = encodeModel(network, {}, { sparse: true, values });
    const read = decodeModel(bytes);
    for (const [name, { shape, data }] of network.parameters) {
      const now = read.parameters.get(name)!;
      expect(now.shape).toEqual(shape);
      const cols = data.length / shape[0];
      data.forEach((w, k) => {
        const row = data.subarray(k - (k % cols), k - (k % cols) + cols);
        const step = row.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127;
        const isWeight = name.endsWith("weight");
        const most =
          !isWeight || values === "float32"
            ? 0
            : values === "int8"
              ? (step / 2) * (1 + 1e-5)
              : Math.abs(w) / 2048 + 2 ** -25;
        expect(Math.abs(now.data[k] - w)).toBeLessThanOrEqual(most);
      });
    }
    // What has been rounded once stays as it is.
    expect(encodeModel(read, {}, { sparse: true, values })).toEqual(bytes);
    const inputs = randomInputs(network, 20);
    const [before, after] = [await predict(network, inputs), await predict(read, inputs)];
    expect(relativeError(after, before)).toBeLessThan(values === "int8" ? 0.05 : 2e-3);
  });
});

test("the smaller the numbers, the smaller the file", () => {
  const network = simplify(randomNetwork(mlp([784, 200, 80, 10]), { density: 0.08, dead: 0 }));
  const [full, half, byte] = FORMATS.map(
    (values) => encodeModel(network, {}, { sparse: true, values }).length,
  );
  expect(half).toBeLessThan(0.65 * full);
  expect(byte).toBeLessThan(0.5 * full);
});

test("what a format can't hold is refused", () => {
  const network = randomNetwork(mlp([4, 3]), { density: 1, dead: 0 });
  const encode = (w: number, values: "float16" | "int8") => {
    network.parameters.get("linear1.weight")!.data[2] = w;
    return () => encodeModel(network, {}, { sparse: true, values });
  };
  expect(encode(1e5, "float16")).toThrow(
    "linear1.weight: float16 holds numbers up to 65504, found 100000; use float32",
  );
  expect(encode(Number.NaN, "int8")).toThrow(/int8 holds finite numbers, found NaN/);
  expect(() => encodeModel(network, {}, { values: "int8" })).toThrow(/for sparse: true/);
  expect(() => encodeModel(network, {}, { sparse: true, values: "int4" as never })).toThrow(
    'values must be float32, float16, int8, found "int4"',
  );
});

test("every change of a byte is found", () => {
  const bytes = encodeModel(networks[0][1], {}, { sparse: true, values: "int8" });
  for (let k = 0; k < bytes.length; k += 7) {
    const changed = bytes.slice();
    changed[k] ^= 1 << (k % 8);
    expect(() => decodeModel(changed), `byte ${k}`).toThrow(UnusableFileError);
  }
});

test("files that lie about their parts are refused", () => {
  const bytes = encodeModel(networks[0][1], {}, { sparse: true, values: "int8" });
  const { tensors, metadata } = decodeSafetensors(bytes);
  const changed = (name: string, data?: Uint8Array | Float32Array | Int8Array) => {
    const others = new Map(tensors);
    if (data) others.set(name, { shape: [data.length], data });
    else others.delete(name);
    const { crc32: _, ...texts } = metadata;
    return () => decodeModel(encodeSafetensors(others, texts));
  };
  expect(changed("linear1.weight.scales")).toThrow(/"linear1.weight" is damaged: .* 30 scales/);
  expect(changed("linear1.weight.scales", new Float32Array(29))).toThrow(/30 scales/);
  expect(changed("linear1.weight.gaps")).toThrow(/expected gaps, or 1200 values/);
  expect(changed("linear1.weight.gaps", new Uint8Array(3))).toThrow(/expected a gap for each/);
  expect(changed("linear1.weight.gaps", new Float32Array(3))).toThrow(/expected gaps as bytes/);
  expect(changed("linear1.weight.values", new Uint8Array(3))).toThrow(/float32, float16 or int8/);
});

test("halves are those of IEEE 754", () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = fromHalf(half);
    if (Number.isNaN(value)) continue;
    expect(toHalf(value)).toBe(half);
  }
  // The nearest of all, ties to even.
  const all = Array.from({ length: 0x7c01 }, (_, half) => fromHalf(half));
  all[0x7c00] = 65536;
  fc.assert(
    fc.property(fc.float({ min: 0, max: 65519, noNaN: true }), (x) => {
      const half = toHalf(x);
      const error = Math.abs(all[half] - x);
      for (const other of [half - 1, half + 1]) {
        if (all[other] === undefined) continue;
        const otherError = Math.abs(all[other] - x);
        expect(otherError > error || (otherError === error && half % 2 === 0)).toBe(true);
      }
      expect(toHalf(-x)).toBe(half | 0x8000);
    }),
    { numRuns: 2000 },
  );
  expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
  expect([65519.9, 65520, 1e9, Infinity].map(toHalf)).toEqual([0x7bff, 0x7c00, 0x7c00, 0x7c00]);
});

test.skipIf(!nodeCrc32)("the checksum is that of gzip, in one go and in parts", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, at) => {
      expect(crc32(bytes)).toBe(nodeCrc32(bytes));
      expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(nodeCrc32(bytes));
    }),
  );
});

const python = spawnSync("python3", ["-c", "import sys; assert sys.version_info >= (3, 10)"]);

describe.skipIf(python.status !== 0)("docs/read_model.py (needs python3, 3.10 or newer)", () => {
  const folder = temporaryFolder();
  const run = (file: string, ...flags: string[]) =>
    spawnSync("python3", ["docs/read_model.py", file, ...flags], { encoding: "utf8" });

  test.each(networks.flatMap(([what, network]) => FORMATS.map((f) => [what, f, network] as const)))(
    "reads %s as %s",
    (_, values, network) => {
      const file = join(folder, `${values}.safetensors`);
      const bytes = encodeModel(network, { note: '"crc32":"1"' }, { sparse: true, values });
      writeFileSync(file, bytes);
      const { stdout, stderr } = run(file, "--json");
      expect(stderr).toBe("");
      const read = JSON.parse(stdout) as Record<string, number[]>;
      const own = decodeModel(bytes);
      for (const [name, { data }] of [...own.parameters, ...own.buffers]) {
        expect(Float32Array.from(read[name])).toEqual(data);
      }
    },
  );

  test("sees damage", () => {
    const file = join(folder, "damaged.safetensors");
    const bytes = encodeModel(networks[0][1], {}, { sparse: true, values: "int8" });
    bytes[bytes.length - 3] ^= 4;
    writeFileSync(file, bytes);
    const { status, stderr } = run(file);
    expect(status).toBe(1);
    expect(stderr).toContain("is damaged: its checksum is not");
  });
});
