import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batches } from "#bregman/data/batches.js";
import { fromArrays } from "#bregman/data/dataset.js";
import { heldOut, split } from "#bregman/data/split.js";
import { InputError } from "#bregman/errors.js";
import { mlp } from "#bregman/models/mlp.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { fit } from "#bregman/runs/fit.js";

const range = (count: number) => Int32Array.from({ length: count }, (_, i) => i);
const sorted = (...parts: Iterable<number>[]) =>
  parts.flatMap((part) => [...part]).sort((a, b) => a - b);

describe("held out", () => {
  test("a number is what it is; a share is of the samples in use", () => {
    expect([0, 1, 9].map((validation) => heldOut(10, validation))).toEqual([0, 1, 9]);
    expect([0.2, 0.24, 0.26, 0.5].map((validation) => heldOut(10, validation))).toEqual([
      2, 2, 3, 5,
    ]);
    // A fifth of 1000 in use, 800 of them trained on; of fewer samples than the limit allows a
    // fifth is a fifth.
    expect(heldOut(60_000, 0.2, 800)).toBe(200);
    expect(heldOut(100, 0.2, 800)).toBe(20);
    expect(heldOut(60_000, 3000, 800)).toBe(3000);
  });

  test("of the samples that a share and a limit leave in use the share is the same number", () => {
    const cases = fc.tuple(
      fc.integer({ min: 50, max: 5000 }),
      fc.double({ min: 0.05, max: 0.9 }),
      fc.integer({ min: 20, max: 900 }),
    );
    fc.assert(
      fc.property(cases, ([count, share, limit]) => {
        const held = heldOut(count, share, limit);
        const used = Math.min(count, held + limit);
        expect(heldOut(used, share, limit)).toBe(held);
        expect(heldOut(used, share)).toBe(held);
        expect(Math.abs(held - share * used)).toBeLessThanOrEqual(0.5);
      }),
      { seed: 4 },
    );
  });

  test("of few samples in use a share may be none", () => {
    expect(() => heldOut(50, 0.05, 5)).toThrow(
      new InputError("could not hold out 0.05 of 5 samples for validation: that is none"),
    );
  });

  test.each([
    [1.5, "validation must be a whole number of samples, or a share between 0 and 1, found 1.5"],
    [-0.1, "validation must be a whole number of samples, or a share between 0 and 1, found -0.1"],
    [
      Number.NaN,
      "validation must be a whole number of samples, or a share between 0 and 1, found NaN",
    ],
    [10, "could not hold out 10 of 10 samples for validation: expected less than all of them"],
    [0.96, "could not hold out 0.96 of 10 samples for validation: expected less than all of them"],
    [0.04, "could not hold out 0.04 of 10 samples for validation: that is none"],
  ])("%s of 10 can't be", (validation, message) => {
    expect(() => heldOut(10, validation)).toThrow(new InputError(message));
  });
});

describe("split", () => {
  test("both parts together are every sample once", () => {
    const sizes = fc
      .integer({ min: 1, max: 60 })
      .chain((count) => fc.tuple(fc.constant(count), fc.nat(count - 1)));
    fc.assert(
      fc.property(sizes, fc.nat(), ([count, validation], seed) => {
        const { train, valid } = split(count, validation, stream(seed));
        expect([train.length, valid.length]).toEqual([count - validation, validation]);
        expect(sorted(train, valid)).toEqual([...range(count)]);
      }),
      { seed: 4 },
    );
  });

  test("MNIST's 57,000 / 3,000: one seed, one split; another seed, another", () => {
    const a = split(60000, 3000, stream(42));
    const b = split(60000, 3000, stream(42));
    const c = split(60000, 3000, stream(43));
    expect(a.train.length).toBe(57000);
    expect(a.valid).toEqual(b.valid);
    expect(a.valid).not.toEqual(c.valid);
    expect(sorted(a.valid)).not.toEqual([...a.valid]);
  });

  test.each([-1, 10, 11, 2.5, NaN])("%s of 10 can't be held out", (validation) => {
    expect(() => split(10, validation, stream(0))).toThrow(InputError);
    expect(() => split(10, validation, stream(0))).toThrow(
      `could not hold out ${validation} of 10 samples for validation: expected an integer from 0 to 9`,
    );
  });
});

describe("batches", () => {
  const cases = fc.record({
    samples: fc
      .uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 30 })
      .map((items) => Int32Array.from(items)),
    batchSize: fc.integer({ min: 1, max: 12 }),
    seed: fc.nat(),
  });

  test("an epoch is every sample once, in batches of the size, the last one smaller", () => {
    fc.assert(
      fc.property(cases, ({ samples, batchSize, seed }) => {
        const order = batches(samples, { batchSize, seed });
        for (let epoch = 0; epoch < 3; epoch++) {
          const parts = [...order.epoch()].map((batch) => batch.slice());
          expect(parts.length).toBe(order.perEpoch);
          expect(sorted(...parts)).toEqual(sorted(samples));
          expect(parts.slice(0, -1).every((part) => part.length === batchSize)).toBe(true);
          expect(order.state()).toEqual({ epoch, position: samples.length });
        }
      }),
      { seed: 5 },
    );
  });

  test("resumed at any batch, by JSON, it goes on with the same batches", () => {
    fc.assert(
      fc.property(cases, fc.nat(20), ({ samples, batchSize, seed }, done) => {
        const whole = batches(samples, { batchSize, seed });
        for (let k = 0; k < done; k++) whole.next();
        const from = JSON.parse(JSON.stringify(whole.state()));
        const resumed = batches(samples, { batchSize, seed, from });
        for (let k = 0; k < 10; k++) expect(resumed.next()).toEqual(whole.next());
        expect(resumed.state()).toEqual(whole.state());
      }),
      { seed: 6 },
    );
  });

  test("a stopped epoch is finished before the next begins", () => {
    const order = batches(range(10), { batchSize: 4, seed: 0 });
    order.next();
    expect([...order.epoch()].map((batch) => batch.length)).toEqual([4, 2]);
    expect([...order.epoch()].map((batch) => batch.length)).toEqual([4, 4, 2]);
  });

  test("epochs and seeds have different orders", () => {
    const first = (seed: number, epoch: number) =>
      batches(range(100), { batchSize: 100, seed, from: { epoch, position: 0 } }).next();
    expect(first(0, 0)).not.toEqual(first(0, 1));
    expect(first(0, 0)).not.toEqual(first(1, 0));
    expect(first(0, 0)).not.toEqual(range(100));
  });

  test("the samples given are not reordered", () => {
    const samples = range(50);
    batches(samples, { batchSize: 7, seed: 0 }).next();
    expect(samples).toEqual(range(50));
  });

  test("what can't be", () => {
    const make =
      (options: object, samples = range(3)) =>
      () =>
        batches(samples, { batchSize: 2, seed: 0, ...options });
    expect(make({ batchSize: 0 })).toThrow("batchSize must be a positive integer, found 0");
    expect(make({}, range(0))).toThrow("expected one sample or more, found none");
    expect(make({ from: { epoch: 0, position: 4 } })).toThrow(
      "could not resume at sample 4: expected an integer from 0 to 3",
    );
    expect(make({ from: { epoch: -1, position: 0 } })).toThrow("could not resume at epoch -1");
  });
});

describe("without a shuffle", () => {
  const samples = Int32Array.of(7, 3, 9, 1, 4);
  const orderOf = (seed: number) => {
    const order = batches(samples, { batchSize: 2, seed, shuffle: false });
    return [1, 2].map(() => [...order.epoch()].map((batch) => [...batch]));
  };

  test("every epoch visits the samples in their own order, whatever the seed", () => {
    const epoch = [[7, 3], [9, 1], [4]];
    expect(orderOf(0)).toEqual([epoch, epoch]);
    expect(orderOf(5)).toEqual(orderOf(0));
  });

  test("fit trains so: of a start that is next to nothing the seed decides nothing", async () => {
    const inputs = Float32Array.from({ length: 40 }, (_, k) => Math.sin(k));
    const labels = Uint8Array.from({ length: 20 }, (_, k) => k % 2);
    const data = fromArrays({ shape: [2], classes: 2, train: { inputs, labels } });
    const weightsOf = async (seed: number, shuffle: boolean | undefined) => {
      const optimizer = { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) };
      const { parameters } = await fit(mlp([2, 2]), data, {
        optimizer,
        seed,
        shuffle,
        epochs: 2,
        batchSize: 3,
        threads: 1,
        init: { weights: { varianceFactor: 1e-20 }, biases: { r0: 1e-20 } },
      });
      return [...parameters.get("linear1.weight")!.data].map((w) => w.toFixed(6));
    };
    expect(await weightsOf(1, false)).toEqual(await weightsOf(2, false));
    expect(await weightsOf(1, undefined)).not.toEqual(await weightsOf(2, undefined));
  });
});
