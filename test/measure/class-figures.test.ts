/** Precision, recall, confusion and the five likeliest, against their definitions. */
import { expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { createClassFigures } from "#bregman/measure/class-figures.js";
import { mlp } from "#bregman/models/mlp.js";
import { adam } from "#bregman/optim/adam.js";
import { predict } from "#bregman/predict/predict.js";
import { stream } from "#bregman/random.js";
import { fit } from "#bregman/runs/fit.js";

const CLASSES = 12;
const random = stream(6, "classes");
const part = (count: number) => {
  const labels = Uint8Array.from({ length: count }, () => random.integer(CLASSES - 1));
  const inputs = Float32Array.from(
    { length: 4 * count },
    (_, k) => random.normal() + ((labels[k >> 2] >> (k & 3)) & 1) * 2,
  );
  return { inputs, labels };
};
const [train, held] = [part(500), part(700)];
const data = fromArrays({ shape: [4], classes: CLASSES, train, test: held });
const options = {
  optimizer: { weights: adam({ tau: 0.02 }), biases: adam({ tau: 0.02 }) },
  epochs: 8,
  validation: 100,
  threads: 1,
};

test("of a classifier, as its outputs say", async () => {
  const model = mlp([4, 16, CLASSES]);
  const result = await fit(model, data, options);
  const outputs = await predict({ model, ...result }, held.inputs);
  const rows = Array.from(held.labels, (_, k) => [
    ...outputs.subarray(k * CLASSES, (k + 1) * CLASSES),
  ]);
  const guesses = rows.map((row) => row.indexOf(Math.max(...row)));
  const { byClass, testAccuracy } = result.final;
  expect(byClass).toMatchObject({ of: "test", samples: 700 });
  const confusion = Array.from({ length: CLASSES }, (_, label) =>
    Array.from(
      { length: CLASSES },
      (_one, guess) =>
        guesses.filter((found, k) => found === guess && held.labels[k] === label).length,
    ),
  );
  expect(byClass!.confusion).toEqual(confusion);
  byClass!.classes!.forEach(({ name, count, precision, recall }, c) => {
    const of = confusion[c].reduce((sum, n) => sum + n, 0);
    const taken = confusion.reduce((sum, row) => sum + row[c], 0);
    expect([name, count]).toEqual([String(c), of]);
    expect(precision).toEqual(taken > 0 ? confusion[c][c] / taken : undefined);
    expect(recall).toEqual(of > 0 ? confusion[c][c] / of : undefined);
  });
  // Nobody has the last class.
  expect(byClass!.classes!.at(-1)).not.toHaveProperty("recall");
  const right = confusion.reduce((sum, row, c) => sum + row[c], 0);
  expect(testAccuracy).toBeCloseTo(right / 700, 10);
  const among = rows.filter((row, k) => {
    const best = row.toSorted((a, b) => b - a).slice(0, 5);
    return best.includes(row[held.labels[k]]);
  });
  expect(byClass!.top5).toBeCloseTo(among.length / 700, 10);
  expect(result.epochs.at(-1)!.validTop5).toBeGreaterThan(0.5);
});

test("without test samples of those held out; of a few classes no line has a top 5", async () => {
  const few = fromArrays({
    shape: [4],
    train: { inputs: train.inputs, labels: train.labels.map((label) => label % 4) },
  });
  const { final, epochs } = await fit(mlp([4, 8, 4]), few, { ...options, epochs: 1 });
  expect(final.byClass).toMatchObject({ of: "validation", samples: 100 });
  expect(final.byClass).not.toHaveProperty("top5");
  expect(epochs.at(-1)).not.toHaveProperty("validTop5");
});

test("each of several labels is a class by itself", () => {
  // Two samples: labels a and b; outputs say a and c.
  const targets = Float32Array.of(1, 1, 0, 1, 0, 0);
  const inputs = new Float32Array(4);
  const several = fromArrays({
    shape: [2],
    train: { inputs, targets },
    targetNames: ["a", "b", "c"],
  });
  const outputs = Float32Array.of(2, -1, 3, 0.5, 1, -3);
  const measured = createClassFigures(mlp([2, 3]), several)(Int32Array.of(0, 1));
  measured.add(outputs, Int32Array.of(0, 1));
  expect(measured.result()).toEqual({
    samples: 2,
    classes: [
      { name: "a", count: 2, precision: 1, recall: 1 },
      { name: "b", count: 1, precision: 0, recall: 0 },
      { name: "c", count: 0, precision: 0 },
    ],
  });
});

test("of more than a hundred classes there is no confusion, of more than a thousand no list", () => {
  const figuresOf = (outputs: number) => {
    const many = fromArrays({
      shape: [1],
      classes: 256,
      train: { inputs: new Float32Array(1), labels: [7] },
    });
    const z = Float32Array.from({ length: outputs }, (_, k) => (k < 4 ? 9 : 0));
    const measured = createClassFigures(mlp([1, outputs]), many)(Int32Array.of(0));
    measured.add(z, Int32Array.of(0));
    return measured.result();
  };
  const found = figuresOf(256);
  expect(found).not.toHaveProperty("confusion");
  expect(found.classes).toHaveLength(256);
  // Four are larger, and three equal ones come before it.
  expect(found.top5).toBe(0);
  expect(figuresOf(1001)).toEqual({ samples: 1, top5: 0 });
});
