/**
 * Batch norm never has one value of a channel: such sizes are refused, or the one sample waits for
 * another epoch.
 */
import { describe, expect, test } from "vitest";
import { batches } from "#bregman/data/batches.js";
import { fromArrays } from "#bregman/data/dataset.js";
import { InputError } from "#bregman/errors.js";
import { relu } from "#bregman/nn/layers/activation.js";
import { batchNorm2d } from "#bregman/nn/layers/batch-norm2d.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { flatten } from "#bregman/nn/layers/join.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { globalAvgPool2d } from "#bregman/nn/layers/pool2d.js";
import { sequential } from "#bregman/nn/model.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { stream } from "#bregman/random.js";
import { reestimateBatchNorm } from "#bregman/train/batch-norm-statistics.js";
import { fit } from "#bregman/runs/fit.js";
import type { FitOptions } from "#bregman/train/fit-options.js";
import { checkParts, leftOut } from "#bregman/train/lone-values.js";
import { prepare } from "#bregman/train/prepare.js";

const POINT = sequential(
  [8, 1, 1],
  [conv2d(12, { kernel: 1 }), batchNorm2d({ name: "norm" }), relu(), flatten(), linear(3)],
);
/** Two by two positions before the pooling, one behind. */
const pooled = (order: "before" | "behind") => {
  const tail =
    order === "before" ? [batchNorm2d(), globalAvgPool2d()] : [globalAvgPool2d(), batchNorm2d()];
  return sequential([2, 2, 2], [conv2d(6, { kernel: 1 }), ...tail, flatten(), linear(3)]);
};

function samples(count: number, shape: readonly number[] = [8, 1, 1]) {
  const random = stream(5, "samples");
  const labels = Uint8Array.from({ length: count }, (_, k) => k % 3);
  const inputs = Float32Array.from(
    { length: count * 8 },
    (_, k) => random.normal() + (k % 8 === labels[Math.floor(k / 8)] ? 3 : 0),
  );
  return fromArrays({ shape, train: { inputs, labels } });
}

const optimizer = { weights: linBreg({ tau: 0.3 }), biases: linBreg({ tau: 0.1 }) };
const options: FitOptions = { optimizer, epochs: 1, threads: 1 };

/** Sizes of all that is computed at once in an epoch: whole batches, and the last one. */
function partSizes(count: number, batchSize: number, microBatches: number) {
  const part = Math.ceil(batchSize / microBatches);
  const parts = (batch: number) =>
    Array.from({ length: Math.ceil(batch / part) }, (_, k) => Math.min(part, batch - k * part));
  const whole = Array.from({ length: Math.floor(count / batchSize) }, () =>
    parts(batchSize),
  ).flat();
  return { whole, last: parts(count % batchSize) };
}

test("for all sizes: refused, or no part of an epoch has one sample, and none is left out without need", () => {
  const outcomes = new Set<string>();
  for (let count = 1; count <= 24; count++) {
    for (let batchSize = 1; batchSize <= 9; batchSize++) {
      for (let microBatches = 1; microBatches <= batchSize; microBatches++) {
        const parts = { samples: count, batchSize, microBatches };
        const { whole, last } = partSizes(count, batchSize, microBatches);
        const never = whole.includes(1) || count === 1 || Math.ceil(batchSize / microBatches) === 1;
        if (never) {
          expect(() => checkParts("fit", POINT, parts)).toThrow(InputError);
          outcomes.add("refused");
          continue;
        }
        checkParts("fit", POINT, parts);
        const left = leftOut(POINT, parts);
        expect(left).toBe(last.includes(1) ? 1 : 0);
        const after = partSizes(count - left, batchSize, microBatches);
        expect([...after.whole, ...after.last]).not.toContain(1);
        outcomes.add(`${left}`);
      }
    }
  }
  expect(outcomes).toEqual(new Set(["refused", "0", "1"]));
});

test("more positions than one, or no batch norm, and all sizes are right", () => {
  const plain = sequential([8, 1, 1], [flatten(), linear(3)]);
  for (const model of [pooled("before"), plain]) {
    const parts = { samples: 3, batchSize: 1, microBatches: 1 };
    checkParts("fit", model, parts);
    expect(leftOut(model, parts)).toBe(0);
  }
  expect(() => checkParts("fit", pooled("behind"), { batchSize: 1, microBatches: 1 })).toThrow(
    "batchNorm2d1",
  );
});

describe("refused before anything is trained, with what to change", () => {
  const norm = 'fit: batch norm "norm" has one value of each channel in';
  test.each([
    [
      { batchSize: 1 },
      60,
      `${norm} a batch of 1 sample, and makes 0 of it; expected a batchSize of 2 or more, found 1`,
    ],
    [
      { batchSize: 4, microBatches: 4 },
      60,
      `${norm} a part of a batch (4 samples in parts of 1 sample each), and makes 0 of it; expected 2 samples or more in each: change batchSize or microBatches (4)`,
    ],
    [
      { batchSize: 7, microBatches: 3 },
      60,
      `${norm} a part of a batch (7 samples in parts of 3 samples, the last one 1), and makes 0 of it; expected 2 samples or more in each: change batchSize or microBatches (3)`,
    ],
    [{}, 1, `${norm} the only training sample, and makes 0 of it; expected 2 samples or more`],
    [
      { limit: 1 },
      60,
      `${norm} the only training sample, and makes 0 of it; expected 2 samples or more`,
    ],
    [
      { validation: 59 },
      60,
      `${norm} the only training sample, and makes 0 of it; expected 2 samples or more`,
    ],
  ] satisfies [Partial<FitOptions>, number, string][])("%j", async (sizes, count, message) => {
    let begun = false;
    const run = fit(POINT, samples(count), {
      ...options,
      ...sizes,
      onEvent: () => void (begun = true),
    });
    await expect(run).rejects.toThrow(new InputError(message));
    expect(begun).toBe(false);
  });

  test("by a plan too", async () => {
    await expect(prepare(POINT, { ...options, batchSize: 1 })).rejects.toThrow(
      `${norm} a batch of 1 sample`,
    );
  });

  test("and where statistics are estimated anew", async () => {
    const data = samples(60);
    const network = { model: POINT, ...(await fit(POINT, data, options)) };
    await expect(reestimateBatchNorm(network, data, { batchSize: 1 })).rejects.toThrow(
      'reestimateBatchNorm: batch norm "norm" has one value of each channel in a batch of 1 sample, ',
    );
    await expect(reestimateBatchNorm(network, data, { validation: 59 })).rejects.toThrow(
      "the only training sample",
    );
  });
});

test.each([
  ["a last batch of one", { batchSize: 16 }, 49, 3],
  ["a last part of one", { batchSize: 16, microBatches: 4 }, 53, 4],
  ["fewer samples than a batch", { microBatches: 8 }, 49, 1],
] as const)(
  "%s: it is left out, which is said, and the network learns",
  async (_, sizes, count, steps) => {
    const data = samples(count);
    const seen: number[] = [];
    const notes: string[] = [];
    const { epochs, final, buffers } = await fit(POINT, data, {
      ...options,
      ...sizes,
      epochs: 20,
      freshStatistics: 2,
      onEvent: (event) => {
        if (event.type === "note") notes.push(event.text);
        if (event.type === "start") seen.push(event.stepsPerEpoch);
      },
    });
    expect(seen).toEqual([steps]);
    expect(notes).toEqual([
      'Each epoch leaves one sample out, another one each time: it would be alone at the end of the last batch, and batch norm "norm" would make 0 of its one value a channel.',
    ]);
    expect(epochs.at(-1)!.trainAccuracy! * (count - 1)).toBeCloseTo(
      Math.round(epochs.at(-1)!.trainAccuracy! * (count - 1)),
      9,
    );
    expect(final.trainAccuracy).toBeGreaterThan(0.9);
    for (const { data: values } of buffers.values())
      expect(values.every(Number.isFinite)).toBe(true);
  },
);

test("in an order of one's own it is the last sample in each epoch, and is told so", async () => {
  const notes: string[] = [];
  const onEvent: FitOptions["onEvent"] = (event) => event.type === "note" && notes.push(event.text);
  await fit(POINT, samples(17), { ...options, batchSize: 8, shuffle: false, onEvent });
  expect(notes).toEqual([expect.stringMatching(/^Each epoch leaves the last sample out: /)]);
});

test("an order without its last: each epoch another sample, and resumed it is the same", () => {
  const all = Int32Array.from({ length: 9 }, (_, k) => k);
  const given = { batchSize: 4, seed: 2, leaveOut: 1 };
  const order = batches(all, given);
  expect([order.samples, order.perEpoch]).toEqual([8, 2]);
  const states = [order.state()];
  const drawn = Array.from({ length: 24 }, () => {
    const batch = [...order.next()];
    states.push(order.state());
    return batch;
  });
  expect(drawn.every(({ length }) => length === 4)).toBe(true);
  drawn.forEach((batch, k) =>
    expect([...batches(all, { ...given, from: states[k] }).next()]).toEqual(batch),
  );
  const left = Array.from({ length: 12 }, (_, epoch) => {
    const there = new Set(drawn.slice(2 * epoch, 2 * epoch + 2).flat());
    expect(there.size).toBe(8);
    return [...all].find((k) => !there.has(k));
  });
  expect(new Set(left).size).toBeGreaterThan(3);
});
