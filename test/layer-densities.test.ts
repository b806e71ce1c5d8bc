/**
 * A density spread over layers: the total is kept, the proportions are those of the formula,
 * nothing exceeds 1.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { layerDensities, SPREADS } from "#bregman/layer-densities.js";

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const sum = (shape: readonly number[]) => shape.reduce((a, b) => a + b, 0);
const MLP = [
  [200, 784],
  [80, 200],
  [10, 80],
];

test("worked out by hand: the MLP at 8 %", () => {
  // 0.08 of 173,600 are 13,888; the last layer would get 10.99 x 90 / 800 > 1 and is dense; 13,088
  // = eps (984 + 280).
  const eps = 13088 / 1264;
  const [first, second, third] = layerDensities(MLP, 0.08, "erdosRenyi");
  expect(first).toBeCloseTo((eps * 984) / 156800, 12);
  expect(second).toBeCloseTo((eps * 280) / 16000, 12);
  expect(third).toBe(1);
  expect(layerDensities(MLP, 0.08)).toEqual([0.08, 0.08, 0.08]);
});

test("with kernels: their sides count too", () => {
  const shapes = [
    [64, 64, 5, 5],
    [128, 1024],
  ];
  const [conv, linear] = layerDensities(shapes, 0.01, "erdosRenyiKernel");
  expect(conv / linear).toBeCloseTo(138 / 102400 / (1152 / 131072), 12);
  const [plain, same] = layerDensities(shapes, 0.001, "erdosRenyi");
  expect(plain / same).toBeCloseTo(128 / 4096 / (1152 / 131072), 12);
});

const shapes = fc.array(
  fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 })),
    fc.tuple(...([1, 2, 3, 4] as const).map(() => fc.integer({ min: 1, max: 30 }))),
  ),
  { minLength: 1, maxLength: 6 },
);

describe.each(SPREADS)("%s", (spread) => {
  test("keeps the density of the whole, and no layer has more than 1", () => {
    fc.assert(
      fc.property(shapes, fc.double({ min: 0.001, max: 1, noNaN: true }), (layers, density) => {
        const densities = layerDensities(layers, density, spread);
        const kept = sum(layers.map((shape, k) => densities[k] * product(shape)));
        expect(kept / sum(layers.map(product))).toBeCloseTo(density, 9);
        for (const value of densities) {
          expect(value).toBeGreaterThan(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
      { seed: 7 },
    );
  });
});

test.each([0, -0.1, 1.1, Number.NaN])("a density of %s is refused", (density) => {
  expect(() => layerDensities(MLP, density)).toThrow(
    new InputError(`layerDensities: density must be in (0, 1], found ${density}`),
  );
});

test("an unknown spread is refused", () => {
  expect(() => layerDensities(MLP, 0.1, "erk" as "uniform")).toThrow(
    new InputError(
      "layerDensities: spread must be one of uniform, erdosRenyi, erdosRenyiKernel, found erk",
    ),
  );
});

test("a dense net is dense, whatever rounding makes of its last layer", () => {
  // eps times the last one's raw density comes to a little more than 1 in some of them.
  for (const spread of SPREADS) {
    for (const shape of [
      [2, 9],
      [256, 13],
      [50, 20],
      [512, 5],
      [8, 8, 3, 3],
      [16, 8, 5, 5],
      [32, 64, 3, 3],
    ]) {
      expect(layerDensities([shape], 1, spread)[0]).toBeCloseTo(1, 12);
      expect(Math.max(...layerDensities([shape, [10, shape[0]]], 1, spread))).toBeLessThanOrEqual(
        1,
      );
    }
  }
});
