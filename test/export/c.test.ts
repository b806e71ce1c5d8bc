/**
 * Networks as C: compiled without a warning, and what comes out is what `predict` gives, to
 * rounding, whatever the graph.
 */
import { encodeC, type COptions } from "#bregman/export/c/encode-c.js";
import type { ValueKind } from "#bregman/export/c/value-kind.js";
import { floatText } from "#bregman/nn/layers/c.js";
import { InputError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { simplify } from "#bregman/export/simplify/simplify.js";
import { mlp } from "#bregman/models/mlp.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { size } from "#bregman/shape-size.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { layerKinds } from "#bregman/nn/layers/rules.js";
import { sequential } from "#bregman/nn/model.js";
import type { Network } from "#bregman/nn/network.js";
import { predict } from "#bregman/predict/predict.js";
import { stream } from "#bregman/random.js";
import { describe, expect, test } from "vitest";
import { canMake, type CNetwork, compilerOf, runC } from "../support/compile-c.js";
import { everything } from "../support/every-layer.js";
import { relativeError } from "../support/problem.js";
import { kindsIn, randomModel } from "../support/random-model.js";
import { randomInputs, randomNetwork } from "../support/random-network.js";

const GRAPHS = 24;
const SAMPLES = 2;

/** A network with a normalization, if the seed says so. */
function normalised(network: Network, seed: number): Network {
  const { input } = network.model;
  const random = stream(seed, "normalization");
  const length = [0, 1, input[0]][seed % 3];
  if (length === 0) return network;
  const mean = Array.from({ length }, () => random.normal());
  return { ...network, normalization: { mean, std: mean.map(() => 0.3 + random.uniform()) } };
}

/** The network with the weights that int8 stands for, by way of a small file. */
function rounded(network: Network): Network {
  return decodeModel(encodeModel(simplify(network), {}, { sparse: true, values: "int8" }));
}

interface Case {
  readonly label: string;
  readonly network: Network;
  readonly options?: COptions;
  readonly inputs?: Float32Array;
}

/** What `predict` gives, once for all compilers. */
const answers = new Map<Case, Float32Array>();

async function answerTo(one: Case, inputs: Float32Array): Promise<Float32Array> {
  const { network, options } = one;
  const same = options?.values === "int8" ? rounded(network) : network;
  const answer = answers.get(one) ?? (await predict(same, inputs, { backend: "wasm" }));
  answers.set(one, answer);
  return answer;
}

async function expectSame(
  compiler: string,
  cases: readonly Case[],
  flags?: readonly string[],
): Promise<void> {
  const written = cases.map(({ label, network, options, inputs }, k): CNetwork => {
    const name = `net${k}`;
    return {
      name,
      text: encodeC(network, { ...options, name }),
      inputs: inputs ?? randomInputs(network, SAMPLES, label.length),
      features: size(network.model.input),
      outputs: size(network.model.output),
    };
  });
  const found = runC(compiler, written, flags);
  for (const [k, one] of cases.entries()) {
    const expected = await answerTo(one, written[k].inputs);
    expect(relativeError(found[k], expected), one.label).toBeLessThan(1e-5);
  }
}

const models = Array.from({ length: GRAPHS }, (_, seed) => randomModel(seed));
const graphs: readonly Case[] = models.map((model, seed) => {
  const density = [0.05, 0.3, 1][seed % 3];
  const network = randomNetwork(model, { seed, density, dead: density === 1 ? 0 : 0.2 });
  return {
    label: `graph ${seed}`,
    network: normalised(network, seed),
    options: { values: seed % 4 === 3 ? "int8" : "float32" },
  };
});

/** Rows that are long and thin, so that places are bytes, two bytes, or gaps; and dense ones. */
const widths = ["float32", "int8"].flatMap((values) =>
  [
    [200, 0.05],
    [300, 0.01],
    [300, 0.2],
    [3000, 0.002],
    [3000, 0.012],
    [3000, 0.05],
    [70_000, 0.0002],
    [40, 0.9],
  ].map(([features, density]): Case => {
    const network = randomNetwork(sequential([features], [linear(6)]), { density, dead: 0 });
    return {
      label: `${features} features at ${density}`,
      network,
      options: { values: values as ValueKind },
    };
  }),
);

const others: readonly Case[] = [
  ...["float32", "int8"].map((values) => ({
    label: `every kind, ${values}`,
    network: normalised(randomNetwork(everything), 2),
    options: { values: values as ValueKind },
  })),
  { label: "no weight is left", network: randomNetwork(mlp([5, 4, 3]), { density: 0 }) },
  { label: "a view at the end", network: randomNetwork(sequential([2, 3, 3], [flatten()])) },
  {
    label: "a mean that is large beside its deviation",
    network: {
      ...randomNetwork(mlp([6, 5, 4]), { density: 1, dead: 0 }),
      normalization: { mean: [12_345.678], std: [0.01] },
    },
    inputs: Float32Array.from({ length: 6 * 2 }, (_, k) => 12_345.678 + 0.002 * (k - 6)),
  },
  {
    label: "a stride that is larger than everything",
    network: randomNetwork(
      sequential([1, 4, 4], [conv2d(2, { kernel: 3, padding: 2, stride: 2 ** 40 })]),
      { density: 1, dead: 0 },
    ),
  },
];

const gcc = compilerOf("gcc");
const clang = compilerOf("clang", "clang-19");
const cpp = compilerOf("g++", "clang++", "clang++-19");

test("the graphs have all kinds of layers", () => {
  expect([...kindsIn(models)].sort()).toEqual([...layerKinds].sort());
});

describe("computes what predict does", { timeout: 120_000 }, () => {
  test.skipIf(!gcc)("gcc (skipped where there is none)", () =>
    expectSame(gcc!, [...graphs, ...widths, ...others]),
  );
  test.skipIf(!clang)("clang (skipped where there is none)", () =>
    expectSame(clang!, [...graphs.slice(14), ...others]),
  );
  const wide = [gcc, clang].find((compiler) => canMake(compiler, ["-m32"]));
  test.skipIf(!wide)("32 bits (skipped where no such program can be made)", () =>
    expectSame(wide!, graphs.slice(0, 12), ["-std=c99", "-O2", "-m32"]),
  );
  const sanitize = ["-std=c99", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const checking = [gcc, clang].find((compiler) => canMake(compiler, sanitize));
  test.skipIf(!checking)("nothing is read or written outside (skipped without sanitizers)", () =>
    expectSame(checking!, [...graphs.slice(0, 10), ...others], sanitize),
  );
  test.skipIf(!cpp)("as C++ (skipped where there is no compiler)", () =>
    expectSame(cpp!, others.slice(0, 2), ["-x", "c++", "-std=c++11", "-O0"]),
  );
});

test("a number is read back to the bit", () => {
  const random = stream(1, "numbers");
  const bits = Uint32Array.from({ length: 5000 }, () => random.uniform() * 2 ** 32);
  const some = [...new Float32Array(bits.buffer)].filter(Number.isFinite);
  for (const x of [...some, 0, 1, -3, 2 ** 24, 1e-45, 3.4028234663852886e38, 0.1, 1e7]) {
    const text = floatText(x);
    expect(text).toMatch(/^-?\d+(\.\d+)?(e[+-]\d+)?f$/);
    expect(text, "a whole number needs a point").toMatch(/[.e]/);
    const value = Number(text.slice(0, -1));
    expect(Math.fround(value)).toBe(Math.fround(x));
    // Far from the middle between two floats.
    expect(Math.abs(value - Math.fround(x))).toBeLessThanOrEqual(Math.abs(x) * 2 ** -25.9);
  }
});

describe("what a file says of itself", () => {
  const network = randomNetwork(mlp([300, 40, 10]), { density: 0.1, dead: 0 });
  const number = (text: string, name: string) =>
    Number(new RegExp(`#define ${name} (\\d+)\\n`).exec(text)![1]);

  test("its sizes are those of its arrays", () => {
    const sizes: Record<string, number> = { float: 4, int8_t: 1, uint8_t: 1, uint16_t: 2 };
    for (const values of ["float32", "int8"] as const) {
      const text = encodeC(network, { name: "digit", values });
      const arrays = [...text.matchAll(/^static const (\w+) \w+\[(\d+)\] = \{([^}]*)\}/gm)];
      const bytes = arrays.map(([, type, length, elements]) => {
        expect(elements.split(",").length - 1).toBe(Number(length));
        return sizes[type] * Number(length);
      });
      expect(number(text, "DIGIT_CONSTANT_BYTES")).toBe(bytes.reduce((sum, b) => sum + b, 0));
      const memory = /^static float digit_memory\[(\d+)\];$/m.exec(text)!;
      expect(number(text, "DIGIT_MEMORY_BYTES")).toBe(4 * Number(memory[1]));
      expect(text).not.toMatch(/malloc|<std(lib|io)\.h>|double/);
    }
  });

  test("int8 is small: two bytes a weight", () => {
    const weights = simplify(network);
    const nonZeros = [...weights.parameters.values()]
      .flatMap(({ data }) => [...data])
      .filter(Boolean);
    const text = encodeC(network, { values: "int8" });
    expect(number(text, "PREDICT_CONSTANT_BYTES")).toBeLessThan(2.5 * nonZeros.length + 500);
  });

  test("memory is used again: a deep net needs what its two widest layers need", () => {
    const deep = randomNetwork(mlp([8, 50, 50, 50, 50, 50, 4]), { density: 1, dead: 0 });
    expect(number(encodeC(deep), "PREDICT_MEMORY_BYTES")).toBe(2 * 50 * 4);
  });

  test("texts can't end the comment they stand in", () => {
    const text = encodeC(network, { metadata: { recipe: "*/ int x; /*\n??/\\" } });
    expect(text.slice(0, text.indexOf("*/"))).toContain("recipe: _");
    expect(text.split("*/")[1]).toMatch(/^\n#include/);
  });
});

describe("what can't be written", () => {
  const network = randomNetwork(mlp([4, 3, 2]), { density: 1, dead: 0 });

  test.each(["", "2d", "a b", "float", "tanh", "tanhf", "_x", "int8_t", "é", "class", "main"])(
    "a function can't be called %j",
    (name) => {
      expect(() => encodeC(network, { name })).toThrow(InputError);
      expect(() => encodeC(network, { name })).toThrow(`found ${JSON.stringify(name)}`);
    },
  );

  test("a name that is none, values that are none", () => {
    expect(() => encodeC(network, { name: 1 as never })).toThrow("found 1");
    expect(() => encodeC(network, { values: "float16" as never })).toThrow(
      "encodeC: values must be float32 or int8, found float16",
    );
  });

  test("a number that is not finite", () => {
    const parameters = new Map(network.parameters);
    parameters.set("linear2.bias", { shape: [2], data: Float32Array.of(1, NaN) });
    expect(() => encodeC({ ...network, parameters })).toThrow(
      'expected finite numbers in the network, found NaN in "linear2.bias"',
    );
  });
});
