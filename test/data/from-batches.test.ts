import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { type Batch, fromBatches, type FromBatchesOptions } from "#bregman/data/from-batches.js";
import { BregmanError, InputError } from "#bregman/errors.js";

const first: Batch = { inputs: Float32Array.of(1, 2, 3, 4), labels: [0, 1] };
const second: Batch = { inputs: Float32Array.of(5, 6), labels: Uint8Array.of(2) };

async function* later(...batches: Batch[]): AsyncGenerator<Batch> {
  for (const batch of batches) {
    await new Promise((resolve) => void setImmediate(resolve));
    yield batch;
  }
}

describe("the same data set as from arrays", () => {
  const wanted = fromArrays({
    name: "batches",
    shape: [2],
    train: { inputs: Float32Array.of(1, 2, 3, 4, 5, 6), labels: Uint8Array.of(0, 1, 2) },
    test: { inputs: Float32Array.of(5, 6), labels: Uint8Array.of(2) },
  });

  test.each<[string, () => FromBatchesOptions]>([
    [
      "an async generator",
      () => ({ shape: [2], train: later(first, second), test: later(second) }),
    ],
    ["an array", () => ({ shape: [2], train: [first, second], test: [second] })],
    [
      "a stream with an end that is not reached",
      () => ({ shape: [2], train: [first, second, first], test: [second], trainSamples: 3 }),
    ],
    [
      "empty batches between",
      () => ({
        shape: [2],
        train: [{ inputs: new Float32Array(0), labels: [] }, first, second],
        test: [second],
      }),
    ],
  ])("%s", async (_, options) => {
    expect(await fromBatches(options())).toEqual(wanted);
  });

  test("bytes stay bytes; facts go through", async () => {
    const train = [{ inputs: Buffer.from([0, 255, 9, 9]), labels: [1] }];
    const data = await fromBatches({
      shape: [1, 2, 2],
      train,
      classes: 3,
      mean: [0.5],
      name: "mine",
    });
    expect(data.train.inputs).toEqual(Uint8Array.of(0, 255, 9, 9));
    expect(data).toMatchObject({
      shape: [1, 2, 2],
      classes: 3,
      mean: [0.5],
      std: [1],
      name: "mine",
    });
  });
});

describe("targets", () => {
  const one: Batch = {
    inputs: Float32Array.of(1, 2, 3, 4),
    targets: Float32Array.of(10, 11, 12, 20, 21, 22),
  };
  const two: Batch = { inputs: Float32Array.of(5, 6), targets: Float32Array.of(30, 31, 32) };

  test("in place of labels: the same data set as from arrays, also where a stream is cut", async () => {
    const inputs = Float32Array.of(1, 2, 3, 4, 5, 6);
    const targets = Float32Array.of(10, 11, 12, 20, 21, 22, 30, 31, 32);
    const arrays = { name: "batches", shape: [2] };
    expect(await fromBatches({ shape: [2], train: later(one, two), test: [two] })).toEqual(
      fromArrays({
        ...arrays,
        train: { inputs, targets },
        test: two as { inputs: Float32Array; targets: Float32Array },
      }),
    );
    expect(await fromBatches({ shape: [2], train: [two, one], trainSamples: 2 })).toEqual(
      fromArrays({
        ...arrays,
        train: {
          inputs: Float32Array.of(5, 6, 1, 2),
          targets: Float32Array.of(30, 31, 32, 10, 11, 12),
        },
      }),
    );
  });

  test("beside labels, and copied at once", async () => {
    async function* reusing() {
      const targets = new Float32Array(1);
      for (const k of [1, 2]) {
        targets.fill(k);
        yield { inputs: Float32Array.of(k, k), labels: [k], targets };
      }
    }
    const { train } = await fromBatches({ shape: [2], train: reusing() });
    expect([train.targets, train.labels]).toEqual([Float32Array.of(1, 2), Uint8Array.of(1, 2)]);
  });

  test.each<[string, object, string]>([
    [
      "kind",
      { targets: [30, 31, 32] },
      "batch 1 of train: targets must be a Float32Array, found Array",
    ],
    [
      "none",
      { targets: undefined, labels: [0] },
      "batch 1 of train: expected targets as in the first batch, found none",
    ],
    [
      "fewer features",
      { targets: Float32Array.of(30, 31) },
      "batch 1 of train: targets must have 3 features for each of the 1 samples, found 2 elements",
    ],
    [
      "half a sample",
      { inputs: Float32Array.of(5) },
      "batch 1 of train: inputs must have 0 x 2 features, found 1 elements",
    ],
  ])("faults: %s", async (_, change, message) => {
    const start = fromBatches({ shape: [2], train: [one, { ...two, ...change } as Batch] });
    await expect(start).rejects.toThrow(InputError);
    await expect(start).rejects.toThrow(message);
  });

  test("fault: targets that only come later", async () => {
    const late = { inputs: Float32Array.of(5, 6), labels: [0], targets: Float32Array.of(1) };
    await expect(fromBatches({ shape: [2], train: [first, late] })).rejects.toThrow(
      "batch 1 of train: expected no targets as in the first batch, found some",
    );
  });
});

test("a producer may fill the same array again and again", async () => {
  async function* reusing() {
    const inputs = new Uint8Array(2);
    for (let k = 0; k < 3; k++) {
      inputs.fill(k);
      yield { inputs, labels: [k] };
    }
  }
  expect((await fromBatches({ shape: [2], train: reusing() })).train.inputs).toEqual(
    Uint8Array.of(0, 0, 1, 1, 2, 2),
  );
});

test("a stream without an end is cut in the middle of a batch, and closed", async () => {
  let closed = 0;
  async function* endless() {
    try {
      for (;;) yield first;
    } finally {
      closed++;
    }
  }
  const { train } = await fromBatches({ shape: [2], train: endless(), trainSamples: 5 });
  expect(train.inputs).toEqual(Float32Array.of(1, 2, 3, 4, 1, 2, 3, 4, 1, 2));
  expect([...train.labels]).toEqual([0, 1, 0, 1, 0]);
  expect(closed).toBe(1);
});

describe("faults name the batch", () => {
  const wrong = (batch: object): FromBatchesOptions => ({
    shape: [2],
    train: [first, { ...second, ...batch }],
  });
  test.each<[string, FromBatchesOptions, typeof BregmanError, string]>([
    [
      "kind",
      wrong({ inputs: [5, 6] }),
      InputError,
      "batch 1 of train: inputs must be a Uint8Array, a Float32Array or a Float64Array, found Array",
    ],
    [
      "another kind than the first",
      wrong({ inputs: Uint8Array.of(5, 6) }),
      InputError,
      "batch 1 of train: inputs must be a Float32Array as in the first batch, found Uint8Array",
    ],
    [
      "length",
      wrong({ labels: [1, 2] }),
      InputError,
      "batch 1 of train: inputs must have 2 x 2 features, found 2 elements",
    ],
    [
      "no labels",
      wrong({ labels: undefined }),
      InputError,
      "batch 1 of train: inputs must have as many labels x 2 features",
    ],
    [
      "large label",
      wrong({ labels: [65535] }),
      InputError,
      "batch 1 of train: label 65535 at index 0: labels must be whole",
    ],
    [
      "part of a label",
      wrong({ labels: [0.5] }),
      InputError,
      "batch 1 of train: label 0.5 at index 0",
    ],
    [
      "no batches",
      { shape: [2], train: [] },
      InputError,
      "train: expected one sample or more, found none",
    ],
    [
      "too few",
      { shape: [2], train: [first], trainSamples: 3 },
      InputError,
      "train: expected 3 samples, found 2 before the end of the batches",
    ],
    [
      "no number",
      { shape: [2], train: [first], trainSamples: 0 },
      InputError,
      "trainSamples must be a positive integer, found 0",
    ],
    [
      "in the test set",
      { shape: [2], train: [first], test: [] },
      InputError,
      "test: expected one sample or more, found none",
    ],
    [
      "label and classes",
      { shape: [2], train: [first], classes: 1 },
      InputError,
      "train.labels: label 1 at index 1",
    ],
  ])("%s", async (_, options, kind, message) => {
    const fault = await fromBatches(options).catch((error: Error) => error);
    expect(fault).toBeInstanceOf(kind);
    expect((fault as Error).message.startsWith(message)).toBe(true);
  });

  test("what the stream throws goes through", async () => {
    async function* broken(): AsyncGenerator<Batch> {
      yield first;
      throw new Error("the disk is gone");
    }
    await expect(fromBatches({ shape: [2], train: broken() })).rejects.toThrow("the disk is gone");
  });
});
