/** Logits as probabilities: a distribution in the order of the logits, whatever their size. */
import { expect, test } from "vitest";
import { topClasses } from "#bregman/predict/classes.js";
import { seeded } from "../support/random.js";

test("all classes together are a distribution, in the order of the logits", () => {
  const random = seeded(3);
  for (let k = 0; k < 200; k++) {
    const logits = random.floats(1 + random.int(12)).map((z) => z * 10 ** random.int(6));
    const all = topClasses(logits, logits.length);
    expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
    expect(all.map((one) => one.class).toSorted((a, b) => a - b)).toEqual([...logits.keys()]);
    const sorted = all.map((one) => logits[one.class]);
    expect(sorted).toEqual([...logits].toSorted((a, b) => b - a));
    for (const { class: j, probability } of all) {
      const rest = [...logits].reduce((sum, z) => sum + Math.exp(z - logits[j]), 0);
      expect(probability).toBeCloseTo(1 / rest, 12);
    }
  }
});

test("of equally likely ones the first, and no more than there are", () => {
  const half = (k: number) => ({ class: k, probability: 0.5 });
  expect(topClasses(Float32Array.of(3, 3), 9)).toEqual([half(0), half(1)]);
  expect(topClasses(Float32Array.of(-3e38, 3e38), 1)).toEqual([{ class: 1, probability: 1 }]);
  expect(topClasses(Float32Array.of(7), 1)).toEqual([{ class: 0, probability: 1 }]);
});

test("with names, each class has its own", () => {
  expect(topClasses(Float32Array.of(0, 2, 1), 2, ["cat", "dog", "frog"])).toMatchObject([
    { class: 1, label: "dog" },
    { class: 2, label: "frog" },
  ]);
  expect(topClasses(Float32Array.of(0, 2, 1))).toHaveLength(3);
});
