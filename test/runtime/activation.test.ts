import { describe, expect, test } from "vitest";
import type { Pool } from "#bregman/runtime/pool.js";
import * as truth from "../reference/activation.js";
import { maxError } from "../support/compare.js";
import {
  imageSize,
  planesOf,
  putPlanes,
  readPlanes,
  roomPlanes,
  SHAPES,
  sizes,
  strides,
} from "../support/image-tensors.js";
import { seeded } from "../support/random.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

const { SLOPE, activationKinds: names } = truth;

/** f(x), one sample of one plane. */
function activate(pool: Pool, name: truth.ActivationKind, x: Float32Array): Float32Array {
  const p = planesOf(1, 1, 1, x.length);
  return scoped(pool, (scope) => {
    const y = roomPlanes(scope, p);
    const args = {
      x: putPlanes(scope, p, x, 0),
      y,
      kind: truth.codeOf(name),
      slope: scope.put(Float32Array.of(SLOPE)),
    };
    runOps(pool, [
      flatOp("activation", 1, { ...args, ...sizes(p), ...strides("x", p), ...strides("y", p) }),
    ]);
    return readPlanes(scope, p, y).values;
  });
}

/** Dropout of ones with scale 1: which are kept. */
function kept(
  pool: Pool,
  seed: number,
  probability: number,
  { pad = 0, grain = 1 } = {},
): Float32Array {
  const p = planesOf(40, 3, 9, 10, { pad });
  return scoped(pool, (scope) => {
    const y = roomPlanes(scope, p);
    const ones = new Float32Array(p.samples * imageSize(p)).fill(1);
    const args = {
      x: putPlanes(scope, p, ones, 1),
      y,
      settings: scope.put(Int32Array.of(seed, probability * 2 ** 32)),
      scale: scope.put(Float32Array.of(1)),
      ...sizes(p),
      accumulate: 0,
    };
    runOps(pool, [
      flatOp("dropout", p.units, { ...args, ...strides("x", p), ...strides("y", p) }, grain),
    ]);
    return readPlanes(scope, p, y).values;
  });
}

/**
 * Correlation of two masks that keep a share q each; its standard deviation is 1 / sqrt(length).
 */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>, q: number): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i]! - q) * (b[i]! - q);
  return sum / (b.length * q * (1 - q));
}

forEachBackend((_name, pool) => {
  describe.each(SHAPES)(
    "batch %i, %i channels of %i x %i, border %i",
    (samples, channels, height, width, pad) => {
      const p = planesOf(samples, channels, height, width, { pad });
      const dense = planesOf(samples, channels, height, width, { spareChannels: 1 });
      const random = seeded(samples + width);

      test.each(names)("%s and its gradient", (name) => {
        scoped(pool, (scope) => {
          const x = random.floats(samples * imageSize(p), -2, 2);
          const kind = truth.codeOf(name);
          const slope = scope.put(Float32Array.of(SLOPE));
          const y = roomPlanes(scope, p);
          const args = { x: putPlanes(scope, dense, x), y, kind, slope, ...sizes(p) };
          runOps(pool, [
            flatOp("activation", p.units, { ...args, ...strides("x", dense), ...strides("y", p) }),
          ]);
          const found = readPlanes(scope, p, y);
          expect(
            maxError(
              found.values,
              Array.from(x, (v) => truth.ACTIVATIONS[name].f(v, SLOPE)),
            ),
          ).toBeLessThan(1.5e-7);
          expect(found.bordersKept).toBe(true);

          const dy = random.floats(x.length);
          const before = random.floats(x.length);
          for (const accumulate of [0, 1]) {
            const dx = accumulate ? putPlanes(scope, p, before, 0) : roomPlanes(scope, p);
            const grads = {
              y,
              dy: putPlanes(scope, dense, dy, 0),
              dx,
              kind,
              slope,
              ...sizes(p),
              accumulate,
            };
            const places = { ...strides("y", p), ...strides("dy", dense), ...strides("dx", p) };
            runOps(pool, [flatOp("activationGrad", p.units, { ...grads, ...places })]);
            const expected = Array.from(
              found.values,
              (v, i) =>
                (dy[i]! === 0 ? 0 : truth.ACTIVATIONS[name].derivative(v, SLOPE) * dy[i]!) +
                (accumulate ? before[i]! : 0),
            );
            const result = readPlanes(scope, p, dx);
            expect(maxError(result.values, expected)).toBeLessThan(2e-7);
            expect(result.absent.every((v) => v === 0)).toBe(true);
            expect(result.bordersKept).toBe(true);
          }
        });
      });

      test("dropout scales what it keeps, and its gradient keeps the same", () => {
        scoped(pool, (scope) => {
          const x = random.floats(samples * imageSize(p), 1, 2);
          const before = random.floats(x.length);
          const settings = scope.put(Int32Array.of(samples, 0.25 * 2 ** 32));
          const scale = scope.put(Float32Array.of(4 / 3));
          const y = roomPlanes(scope, p);
          const dx = putPlanes(scope, dense, before);
          const common = { settings, scale, ...sizes(p) };
          const at = putPlanes(scope, dense, x);
          const forward = {
            x: at,
            y,
            ...common,
            accumulate: 0,
            ...strides("x", dense),
            ...strides("y", p),
          };
          const backward = {
            x: y,
            y: dx,
            ...common,
            accumulate: 1,
            ...strides("x", p),
            ...strides("y", dense),
          };
          runOps(pool, [flatOp("dropout", p.units, forward), flatOp("dropout", p.units, backward)]);
          const once = readPlanes(scope, p, y);
          const s = Math.fround(4 / 3);
          expect(once.values.every((v, i) => v === 0 || v === Math.fround(x[i]! * s))).toBe(true);
          expect(once.bordersKept).toBe(true);
          const twice = readPlanes(scope, dense, dx);
          expect(
            maxError(
              twice.values,
              once.values.map((v, i) => before[i]! + v * s),
            ),
          ).toBeLessThan(1e-6);
          expect(twice.bordersKept).toBe(true);
        });
      });
    },
  );

  test.each(names)("%s at the ends: infinities, zeros, NaN", (name) => {
    const x = Float32Array.of(
      Infinity,
      -Infinity,
      0,
      -0,
      NaN,
      1e-45,
      -1e-45,
      3e38,
      -3e38,
      1e-20,
      -1e-20,
    );
    const expected = Float32Array.from(x, (v) => truth.ACTIVATIONS[name].f(v, SLOPE));
    expect([...activate(pool, name, x)].map((v) => v + 0)).toEqual([...expected].map((v) => v + 0));
  });

  test("tanh is good to 1.5 units in the last place over its whole range, and odd", () => {
    const x = Float32Array.from({ length: 6250 }, (_, i) => 1.006 ** i * 1e-15).filter(
      (v) => v < 12,
    );
    const y = activate(pool, "tanh", x);
    const expected = Float64Array.from(x, Math.tanh);
    const worst = Math.max(
      ...y.map(
        (v, i) => Math.abs(v - expected[i]!) / 2 ** (Math.floor(Math.log2(expected[i]!)) - 23),
      ),
    );
    expect(worst).toBeLessThan(1.5);
    expect(
      activate(
        pool,
        "tanh",
        x.map((v) => -v),
      ).map((v) => -v),
    ).toEqual(y);
    expect(Math.max(...y)).toBe(1);
  });

  describe("dropout masks", () => {
    test.each([0.1, 0.5, 0.9])("keep a share of 1 - %f", (probability) => {
      const mask = kept(pool, 7, probability);
      const deviation = Math.sqrt((probability * (1 - probability)) / mask.length);
      const share = mask.reduce((a, b) => a + b, 0) / mask.length;
      expect(Math.abs(share - (1 - probability))).toBeLessThan(4 * deviation);
    });

    test("keep everything at probability 0", () => {
      expect(kept(pool, 7, 0).every((v) => v === 1)).toBe(true);
    });

    test("depend on nothing but the seed: neither on borders nor on how the work is split", () => {
      const mask = kept(pool, 7, 0.5);
      expect(kept(pool, 7, 0.5, { pad: 2 })).toEqual(mask);
      expect(kept(pool, 7, 0.5, { grain: 9 })).toEqual(mask);
    });

    test("of other seeds, and of places near by, are unrelated", () => {
      const masks = [0, 1, 2, 3, -1].map((seed) => kept(pool, seed, 0.5));
      const limit = 4.5 / Math.sqrt(masks[0]!.length);
      masks.forEach((a, k) => {
        for (const b of masks.slice(0, k))
          expect(Math.abs(correlation(a, b, 0.5))).toBeLessThan(limit);
        for (const shift of [1, 2, 10, 90, 270])
          expect(Math.abs(correlation(a, a.subarray(shift), 0.5))).toBeLessThan(limit * 1.02);
      });
    });
  });
});
