/**
 * Arrays, maps and errors of another realm count as what they are: the same calls with them have
 * the same results.
 */
import { createContext, runInContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { describeError } from "#bregman/cli/errors.js";
import {
  adaBreg,
  batchNorm2d,
  box,
  conv2d,
  decodeModel,
  decodeSafetensors,
  elasticNet,
  encodeModel,
  encodeOnnx,
  encodeSafetensors,
  evaluate,
  fit,
  flatten,
  fromArrays,
  fromBatches,
  l1,
  linBreg,
  linear,
  lInfinity,
  nuclear,
  parseIdx,
  predict,
  prune,
  reestimateBatchNorm,
  relu,
  restorationTask,
  sequential,
  simplify,
  ssimSum,
  type Dataset,
  type FitOptions,
  type LabelledBatch,
  type Model,
  type Network,
  type Tensor,
} from "./support/bregman.js";
import { isArrayBuffer, isError, isMap, isTypedArray, kindOf } from "#bregman/kinds.js";
import { placed } from "#bregman/placed.js";

const elsewhere = createContext({});
const foreign = runInContext("globalThis", elsewhere) as typeof globalThis;
/** The same in the other realm: typed arrays, buffers and maps. */
const theirs = {
  f32: (x: ArrayLike<number>): Float32Array => foreign.Float32Array.from(x),
  f64: (x: ArrayLike<number>): Float64Array => foreign.Float64Array.from(x),
  u8: (x: ArrayLike<number>): Uint8Array => foreign.Uint8Array.from(x),
  clamped: (x: ArrayLike<number>): Uint8ClampedArray => foreign.Uint8ClampedArray.from(x),
  map: <K, V>(x: Iterable<readonly [K, V]>): Map<K, V> => new foreign.Map(x),
};
const ours: typeof theirs = {
  f32: (x) => Float32Array.from(x),
  f64: (x) => Float64Array.from(x),
  u8: (x) => Uint8Array.from(x),
  clamped: (x) => Uint8ClampedArray.from(x),
  map: (x) => new Map(x),
};

const wave = (length: number, step = 0.7): number[] =>
  Array.from({ length }, (_, k) => Math.sin(1 + step * k));
const pixels = (length: number): number[] => wave(length).map((x) => Math.floor(128 + 127 * x));
const classes = (length: number): number[] => Array.from({ length }, (_, k) => (k * k) % 2);
const training = {
  optimizer: {
    weights: linBreg({ tau: 0.1, regularizer: l1(0.01) }),
    biases: linBreg({ tau: 0.1 }),
  },
};
const little = { epochs: 2, batchSize: 4, backend: "wasm", threads: 1 } as const;

const trained = async (model: Model, data: Dataset, more: Partial<FitOptions> = {}) =>
  (await fit(model, data, { ...training, ...little, ...more })).parameters;

/** A network with parameters and buffers of the realm. */
async function network({ f32, map }: typeof theirs): Promise<Network> {
  const model = sequential(
    [1, 4, 4],
    [conv2d(2, { kernel: 3 }), batchNorm2d(), relu(), flatten(), linear(2)],
  );
  const data = fromArrays({
    shape: [1, 4, 4],
    train: { inputs: f32(wave(128)), labels: Uint8Array.from(classes(8)) },
  });
  const { parameters, buffers } = await fit(model, data, { ...training, ...little });
  const values = (from: Network["parameters"]) =>
    map([...from].map(([name, { shape, data }]) => [name, { shape, data: f32(data) }] as const));
  return { model, parameters: values(parameters), buffers: values(buffers) };
}

/** What is called, with values of one realm. */
const CALLS: Record<string, (realm: typeof theirs) => unknown> = {
  "fit on floats": async ({ f32, u8 }) => {
    const part = { inputs: f32(wave(40)), labels: u8(classes(10)) };
    const data = fromArrays({ shape: [4], train: part, test: part });
    return trained(sequential([4], [linear(2)]), data);
  },
  "fit on images, moved by chance": async ({ u8 }) => {
    const train = { inputs: u8(pixels(160)), labels: u8(classes(10)) };
    const model = sequential([1, 4, 4], [conv2d(2, { kernel: 3 }), flatten(), linear(2)]);
    return trained(model, fromArrays({ shape: [1, 4, 4], train }), { augment: { crop: 1 } });
  },
  "fit on targets": async ({ f32 }) => {
    const data = fromArrays({
      shape: [4],
      train: { inputs: f32(wave(40)), targets: f32(wave(20)) },
    });
    return trained(sequential([4], [linear(2)]), data, { loss: "meanSquaredError" });
  },
  "targets of the wrong kind": ({ f32, f64 }) =>
    fromArrays({ shape: [4], train: { inputs: f32(wave(40)), targets: f64(wave(20)) as never } }),
  "an input that is not finite": ({ f32, u8 }) =>
    fromArrays({ shape: [1], train: { inputs: f32([1, Infinity]), labels: u8([0, 1]) } }),
  "fromBatches on bytes": ({ u8 }) => {
    const batches: LabelledBatch[] = [0, 1].map(() => ({
      inputs: u8(pixels(8)),
      labels: u8([0, 1]),
    }));
    return fromBatches({ shape: [4], train: batches });
  },
  "fromBatches on floats, then bytes": ({ f32, u8 }) =>
    fromBatches({
      shape: [4],
      train: [
        { inputs: f32(wave(8)), labels: u8([0, 1]) },
        { inputs: u8(pixels(8)), labels: u8([0, 1]) },
      ],
    }).then(
      () => "accepted",
      (error: Error) => error.message,
    ),
  "predict on floats": async (realm) => predict(await network(realm), realm.f32(wave(32)), little),
  "predict on float64": async (realm) => predict(await network(realm), realm.f64(wave(32)), little),
  "fit on float64": async ({ f64, u8 }) => {
    const train = { inputs: f64(wave(40)), labels: u8(classes(10)) };
    return trained(sequential([4], [linear(2)]), fromArrays({ shape: [4], train }));
  },
  "predict on bytes": async (realm) => predict(await network(realm), realm.u8(pixels(32)), little),
  "predict on a canvas' bytes": async (realm) =>
    predict(await network(realm), realm.clamped(pixels(32)), little),
  evaluate: async (realm) => {
    const part = { inputs: realm.u8(pixels(64)), labels: realm.u8(classes(4)) };
    return evaluate(
      [await network(realm)],
      fromArrays({ shape: [1, 4, 4], train: part, test: part }),
      little,
    );
  },
  "batch norm's statistics": async (realm) => {
    const train = { inputs: realm.f32(wave(64)), labels: realm.u8(classes(4)) };
    const data = fromArrays({ shape: [1, 4, 4], train });
    return (await reestimateBatchNorm(await network(realm), data, { ...little, batches: 1 }))
      .buffers;
  },
  "simplify and prune": async (realm) => {
    const pruned = prune(await network(realm), { density: 0.3 });
    return [pruned.parameters, simplify(pruned).parameters];
  },
  "networks in bytes": async (realm) => {
    const bytes = encodeModel(await network(realm), {}, { sparse: true });
    return [bytes, decodeModel(realm.u8(bytes)).parameters, encodeOnnx(await network(realm))];
  },
  "tensors in bytes": ({ f32, f64, u8, map }) => {
    const tensors = map<string, Tensor>([
      ["a", { shape: [3], data: f32([1, 2, 3]) }],
      ["b", { shape: [2], data: f64([1, 2]) }],
      ["c", { shape: [1], data: u8([7]) }],
    ]);
    const bytes = encodeSafetensors(tensors);
    return [bytes, decodeSafetensors(u8(bytes))];
  },
  "idx files": ({ u8 }) => parseIdx(u8([0, 0, 8, 1, 0, 0, 0, 2, 5, 6])),
  "a restoration task": ({ u8 }) => {
    const part = { inputs: u8(pixels(256)), labels: u8([1]) };
    return restorationTask(fromArrays({ shape: [1, 16, 16], train: part, test: part }), {
      noise: 0.1,
    }).train;
  },
  ssim: ({ f32 }) => ssimSum(f32(wave(256)), f32(wave(256, 0.71)), { height: 16, width: 16 }),
};
for (const kind of ["f32", "f64"] as const) {
  for (const optimizer of [
    linBreg({ tau: 0.1, momentum: 0.9, regularizer: l1(0.1) }),
    adaBreg({ tau: 0.1 }),
  ]) {
    CALLS[`${optimizer.kind} on ${kind}`] = (realm) => {
      const theta = realm[kind](wave(12));
      const state = optimizer.init(theta, [3, 4]);
      optimizer.step(state, theta, realm[kind](wave(12, 0.3)), [3, 4]);
      return [theta, state];
    };
  }
  for (const regularizer of [
    box({ lower: -0.1, upper: 0.3 }),
    nuclear(0.3),
    elasticNet({ lambda: 0.1, mu: 0.2 }),
    lInfinity(0.5),
  ]) {
    CALLS[`${regularizer.kind} on ${kind}`] = (realm) => {
      const x = realm[kind](wave(12));
      regularizer.prox(x, 0.5, [3, 4], x);
      return [x, regularizer.value(x, [3, 4])];
    };
  }
}

/**
 * Plain data, so that realms can't be told apart: typed arrays as their kind and numbers, maps as
 * entries.
 */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [kindOf(value), ...(value as Uint8Array)];
  if (isMap(value)) return [...value].map(([key, entry]) => [key, plain(entry)]);
  if (Array.isArray(value)) return [...value].map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

const outcome = async (call: () => unknown): Promise<unknown> => {
  try {
    return plain(await call());
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};

test("the realms differ", () => {
  expect(theirs.f32([1]) instanceof Float32Array).toBe(false);
  expect(theirs.map([]) instanceof Map).toBe(false);
});

test.each(Object.entries(CALLS))("%s", async (_name, call) => {
  const [here, there] = [await outcome(() => call(ours)), await outcome(() => call(theirs))];
  expect(there).toEqual(here);
});

describe("what a value is", () => {
  const make = (code: string): unknown => runInContext(code, elsewhere);
  test.each(["Float32Array", "Uint8Array", "Uint8ClampedArray"] as const)("%s", (kind) => {
    for (const value of [
      new globalThis[kind](2),
      make(`new ${kind}(2)`),
      structuredClone(new globalThis[kind](2)),
    ]) {
      expect([
        isTypedArray(value, kind),
        isTypedArray(value, "Float64Array", "Int32Array"),
        kindOf(value),
      ]).toEqual([true, false, kind]);
    }
  });

  test("a Buffer is a Uint8Array; what only looks like an array is none", () => {
    expect([isTypedArray(Buffer.of(1), "Uint8Array"), kindOf(Buffer.of(1))]).toEqual([
      true,
      "Uint8Array",
    ]);
    const others = [
      undefined,
      null,
      1,
      "text",
      [1],
      new DataView(new ArrayBuffer(1)),
      Float32Array.prototype,
    ];
    const disguised = {
      [Symbol.toStringTag]: "Float32Array",
      length: 1,
      constructor: Float32Array,
    };
    for (const value of [...others, disguised])
      expect(isTypedArray(value, "Float32Array")).toBe(false);
    expect(others.map(kindOf).slice(0, 6)).toEqual([
      "undefined",
      "null",
      "Number",
      "String",
      "Array",
      "DataView",
    ]);
  });

  test("buffers and maps", () => {
    expect(
      [new ArrayBuffer(1), make("new ArrayBuffer(1)"), new SharedArrayBuffer(1), Buffer.of(1)].map(
        isArrayBuffer,
      ),
    ).toEqual([true, true, false, false]);
    expect([new Map(), make("new Map()"), new Set(), {}].map(isMap)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test("errors, and what is made of them", () => {
    const errors = [new RangeError("x"), make('new RangeError("x")')];
    expect(errors.map(isError)).toEqual([true, true]);
    expect(
      [new DOMException("x", "AbortError"), make("({ message: 'x' })"), "x"].map(isError),
    ).toEqual([true, false, false]);
    for (const error of errors) {
      expect(describeError(placed(error, "row 3"))).toMatch(/internal error: row 3: x/);
    }
    expect(describeError(make("try { null.x } catch (error) { error }"))).toMatch(/internal error/);
  });
});
