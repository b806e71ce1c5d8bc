/** Structural similarity: agrees with the definition, and is what a similarity must be. */
import { describe, expect, test } from "vitest";
import { stream } from "#bregman/random.js";
import { ssimSum } from "#bregman/measure/ssim.js";
import { ssim } from "../reference/ssim.js";

const draw = (length: number, seed: number) => {
  const random = stream(seed, "ssim");
  return Float32Array.from({ length }, () => random.uniform());
};
const size = { height: 28, width: 28 };
/** Rings around the middle, with values in [0, 1]. */
const rings = Float32Array.from({ length: 784 }, (_, p) => {
  const [i, j] = [Math.floor(p / 28) - 14, (p % 28) - 14];
  return 0.5 + 0.5 * Math.cos(Math.hypot(i, j));
});

test.each([
  [11, 11, 1],
  [11, 17, 1],
  [28, 28, 1],
  [13, 12, 255],
])("%d x %d with range %d: as by definition", (height, width, range) => {
  const [a, b] = [1, 2].map((seed) => draw(height * width, seed).map((x) => x * range));
  const near = a.map((x, k) => x + 0.1 * b[k]);
  for (const other of [b, near]) {
    expect(ssimSum(a, other, { height, width, range })).toBeCloseTo(
      ssim(a, other, height, width, range),
      10,
    );
  }
});

test("flat images of values x and y: (2xy + C1) / (x^2 + y^2 + C1)", () => {
  const flat = (x: number) => new Float32Array(784).fill(x);
  // C1 = 1e-4: (2 * 0.5 * 0.25 + C1) / (0.25 + 0.0625 + C1) = 0.2501 / 0.3126
  expect(ssimSum(flat(0.5), flat(0.25), size)).toBeCloseTo(0.2501 / 0.3126, 12);
  expect(ssimSum(flat(1), flat(0), size)).toBeCloseTo(1e-4 / 1.0001, 12);
});

describe("what a similarity must be", () => {
  const a = draw(784, 3);
  const b = draw(784, 4);

  test("1 for equal images, below 1 for others, symmetric", () => {
    expect(ssimSum(a, a, size)).toBe(1);
    const ab = ssimSum(a, b, size);
    expect(ab).toBeLessThan(0.5);
    expect(ssimSum(b, a, size)).toBe(ab);
  });

  test("negative for the negative of an image", () => {
    expect(
      ssimSum(
        rings,
        rings.map((x) => 1 - x),
        size,
      ),
    ).toBeLessThan(-0.5);
  });

  test("falls as noise grows", () => {
    const random = stream(5, "noise");
    const noise = rings.map(() => random.normal());
    const values = [0, 0.05, 0.1, 0.2, 0.4].map((s) =>
      ssimSum(
        rings,
        rings.map((x, k) => x + s * noise[k]),
        size,
      ),
    );
    expect(values[0]).toBe(1);
    for (let k = 1; k < values.length; k++) expect(values[k]).toBeLessThan(values[k - 1]);
  });

  test("of several images: the sum", () => {
    const both = (x: Float32Array, y: Float32Array) => Float32Array.of(...x, ...y);
    const sum = ssimSum(a, b, size) + ssimSum(rings, b, size);
    expect(ssimSum(both(a, rings), both(b, b), size)).toBeCloseTo(sum, 12);
  });
});

test("what does not fit is named", () => {
  const a = new Float32Array(100);
  expect(() => ssimSum(a, a, { height: 10, width: 10 })).toThrow(
    /at least 11 x 11 pixels, found 10 x 10/,
  );
  expect(() => ssimSum(a, a, size)).toThrow(/whole images of 784 pixels, found 100 and 100/);
});
