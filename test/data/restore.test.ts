/**
 * Tasks of restoration: what the blur and the noise are, in which order, and that a seed gives them
 * again.
 */
import { describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { restorationTask } from "#bregman/data/restore.js";
import { InputError } from "#bregman/errors.js";
import { stream } from "#bregman/random.js";

const SIDE = 21;
const SIZE = SIDE * SIDE;
const blur = { size: 9, sigma: 5 };

function dataOf(inputs: Float32Array | Uint8Array, channels = 1) {
  const count = inputs.length / (channels * SIZE);
  const part = { inputs, labels: new Uint8Array(count) };
  return fromArrays({ shape: [channels, SIDE, SIDE], train: part, test: part });
}
const draw = (length: number) => {
  const random = stream(2, "images");
  return Float32Array.from({ length }, () => random.uniform());
};
const mean = (values: Float32Array) => values.reduce((sum, x) => sum + x, 0) / values.length;

describe("the blur", () => {
  test("of a single white pixel is the Gaussian, with sum 1", () => {
    const inputs = new Float32Array(2 * SIZE);
    const at = SIZE + 10 * SIDE + 10; // the middle of the second channel
    inputs[at] = 1;
    const out = restorationTask(dataOf(inputs, 2), { blur }).train.inputs;
    const g = (i: number, j: number) => Math.exp(-(i * i + j * j) / 50);
    let total = 0;
    for (let i = -4; i <= 4; i++) for (let j = -4; j <= 4; j++) total += g(i, j);
    for (let i = -10; i <= 10; i++) {
      for (let j = -10; j <= 10; j++) {
        const inside = Math.abs(i) <= 4 && Math.abs(j) <= 4;
        expect(out[at + i * SIDE + j]).toBeCloseTo(inside ? g(i, j) / total : 0, 7);
      }
    }
    expect(out.subarray(0, SIZE).every((x) => x === 0)).toBe(true);
  });

  test("keeps a flat image in its interior and darkens it towards the border: outside are zeros", () => {
    const out = restorationTask(dataOf(new Float32Array(SIZE).fill(0.5)), { blur }).train.inputs;
    for (let i = 4; i < SIDE - 4; i++)
      for (let j = 4; j < SIDE - 4; j++) expect(out[i * SIDE + j]).toBeCloseTo(0.5, 6);
    const edge = [4, 3, 2, 1, 0].map((j) => out[10 * SIDE + j]);
    for (let k = 1; k < edge.length; k++) expect(edge[k]).toBeLessThan(edge[k - 1]);
    expect(out[0]).toBeCloseTo(edge[4] ** 2 / 0.5, 6); // both directions
  });

  test("is the double sum, also on images smaller than the kernel", () => {
    const x = draw(3 * 5);
    const data = fromArrays({ shape: [1, 3, 5], train: { inputs: x, labels: new Uint8Array(1) } });
    const out = restorationTask(data, { blur: { size: 7, sigma: 1.2 } }).train.inputs;
    const weight = (k: number) => Math.exp(-(k * k) / (2 * 1.2 ** 2));
    const total = [-3, -2, -1, 0, 1, 2, 3].reduce((sum, k) => sum + weight(k), 0);
    for (let p = 0; p < 15; p++) {
      let sum = 0;
      for (let q = 0; q < 15; q++) {
        const [i, j] = [Math.floor(q / 5) - Math.floor(p / 5), (q % 5) - (p % 5)];
        if (Math.abs(j) <= 3) sum += (x[q] * weight(i) * weight(j)) / total ** 2;
      }
      expect(out[p]).toBeCloseTo(sum, 6);
    }
  });
});

describe("the noise", () => {
  const images = draw(50 * SIZE);
  const difference = (noise: number, seed: number) => {
    const { train } = restorationTask(dataOf(images), { noise, seed });
    return Float32Array.from(train.inputs, (x, k) => x - images[k]);
  };

  test("has mean 0, its deviation, no correlation from pixel to pixel, and the share of a normal law", () => {
    const e = difference(0.05, 1);
    const n = e.length; // 22,050
    const variance = mean(e.map((x) => x * x));
    expect(Math.abs(mean(e))).toBeLessThan((4 * 0.05) / Math.sqrt(n));
    expect(Math.abs(variance / 0.05 ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    const neighbours = mean(e.subarray(1).map((x, k) => x * e[k])) / variance;
    expect(Math.abs(neighbours)).toBeLessThan(4 / Math.sqrt(n));
    const within = e.filter((x) => Math.abs(x) < 0.05).length / n;
    expect(Math.abs(within - 0.6827)).toBeLessThan(0.0126); // 4 deviations
  });

  test("is the same for one seed, another for another seed and for the test images", () => {
    expect(difference(0.05, 1)).toEqual(difference(0.05, 1));
    expect(difference(0.05, 1)).not.toEqual(difference(0.05, 2));
    const { train, test: other } = restorationTask(dataOf(images), { noise: 0.05 });
    expect(train.inputs).not.toEqual(other.inputs);
    // That of the test images does not depend on how many training images there are.
    const few = fromArrays({
      shape: [1, SIDE, SIDE],
      train: { inputs: images.slice(0, SIZE), labels: new Uint8Array(1) },
      test: { inputs: images, labels: new Uint8Array(50) },
    });
    expect(restorationTask(few, { noise: 0.05 }).test.inputs).toEqual(other.inputs);
  });

  test("comes after the blur and is not blurred", () => {
    const plain = restorationTask(dataOf(images), { noise: 0.05 }).train.inputs;
    const soft = restorationTask(dataOf(images), { blur }).train.inputs;
    const both = restorationTask(dataOf(images), { blur, noise: 0.05 }).train.inputs;
    const error = Float32Array.from(both, (x, k) => Math.abs(x - (soft[k] + plain[k] - images[k])));
    expect(Math.max(...error)).toBeLessThan(1e-6);
  });
});

test("the targets are the clean images, bytes as value / 255; nothing is changed in place", () => {
  const bytes = Uint8Array.from(draw(SIZE), (x) => Math.floor(x * 256));
  const before = bytes.slice();
  const data = dataOf(bytes);
  const task = restorationTask(data, { blur, noise: 0.1 });
  expect(task.train.targets).toEqual(Float32Array.from(bytes, (x) => x / 255));
  expect(task.train.inputs).toBeInstanceOf(Float32Array);
  expect(bytes).toEqual(before);
  expect(data.train.targets).toBeUndefined();
  expect({ ...task, train: undefined, test: undefined }).toEqual({
    ...data,
    train: undefined,
    test: undefined,
  });

  const floats = draw(SIZE);
  const copy = floats.slice();
  restorationTask(dataOf(floats), { noise: 0.1 });
  expect(floats).toEqual(copy);
  expect(restorationTask(dataOf(floats), {}).train).toMatchObject({
    inputs: floats,
    targets: floats,
  });
});

test.each<[Parameters<typeof restorationTask>[1], string]>([
  [
    { blur: { size: 4, sigma: 1 } },
    "the size of a Gaussian kernel must be a positive odd integer, found 4",
  ],
  [
    { blur: { size: 3, sigma: 0 } },
    "the sigma of a Gaussian kernel must be a finite number above 0, found 0",
  ],
  [{ noise: -1 }, "restore: noise must be a finite number of at least 0, found -1"],
  [{ noise: NaN }, "restore: noise must be a finite number of at least 0, found NaN"],
])("%o: %s", (options, message) => {
  expect(() => restorationTask(dataOf(draw(SIZE)), options)).toThrow(InputError);
  expect(() => restorationTask(dataOf(draw(SIZE)), options)).toThrow(message);
});

test("no blur without images", () => {
  const data = fromArrays({ shape: [8], train: { inputs: draw(8), labels: new Uint8Array(1) } });
  expect(() => restorationTask(data, { blur })).toThrow(InputError);
  expect(() => restorationTask(data, { blur })).toThrow(
    'blur needs images, a sample of "arrays" is [1, 1, 8]',
  );
});
