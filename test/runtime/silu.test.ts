import { describe, expect, test } from "vitest";
import { silu } from "#bregman/nn/layers/silu.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { maxError } from "../support/compare.js";
import { flatOp } from "../support/flat-op.js";
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
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

/** Its gradient reads x in the place of y. */
const FUNCTION = { kind: silu.rule.code, slope: 0 };
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const gated = (x: number) => x * logistic(x);
const derivative = (x: number) => logistic(x) * (1 + x * (1 - logistic(x)));

/** silu(x), and what comes back of dy, one sample of one plane. */
function both(pool: Pool, x: Float32Array, dy: Float32Array) {
  const p = planesOf(1, 1, 1, x.length);
  return scoped(pool, (scope) => {
    const [y, dx] = [roomPlanes(scope, p), roomPlanes(scope, p)];
    const words = {
      x: putPlanes(scope, p, x, 0),
      dy: putPlanes(scope, p, dy, 0),
      ...sizes(p),
      accumulate: 0,
      ...strides("x", p),
      ...strides("y", p),
      ...strides("dy", p),
      ...strides("dx", p),
    };
    runOps(pool, [
      flatOp("activation", 1, { ...FUNCTION, ...words, y }),
      flatOp("activationGrad", 1, { ...FUNCTION, ...words, y: words.x, dx }),
    ]);
    return { y: readPlanes(scope, p, y).values, dx: readPlanes(scope, p, dx).values };
  });
}

forEachBackend((_name, pool) => {
  describe.each(SHAPES)(
    "batch %i, %i channels of %i x %i, border %i",
    (samples, channels, height, width, pad) => {
      const p = planesOf(samples, channels, height, width, { pad });
      const dense = planesOf(samples, channels, height, width, { spareChannels: 1 });
      const random = seeded(samples + width);

      test("silu and its gradient", () => {
        scoped(pool, (scope) => {
          const x = random.floats(samples * imageSize(p), -6, 6);
          // Lanes without a sample hold anything.
          const at = putPlanes(scope, dense, x, NaN);
          const y = roomPlanes(scope, p);
          const forward = { x: at, y, ...sizes(p), ...strides("x", dense), ...strides("y", p) };
          runOps(pool, [flatOp("activation", p.units, { ...FUNCTION, ...forward })]);
          const found = readPlanes(scope, p, y);
          expect(maxError(found.values, Array.from(x, gated))).toBeLessThan(1e-6);
          expect(found.bordersKept).toBe(true);

          const dy = random.floats(x.length);
          const before = random.floats(x.length);
          for (const accumulate of [0, 1]) {
            const dx = accumulate ? putPlanes(scope, p, before, 0) : roomPlanes(scope, p);
            const words = {
              ...FUNCTION,
              y: at,
              dy: putPlanes(scope, dense, dy, 0),
              dx,
              ...sizes(p),
              accumulate,
            };
            const places = { ...strides("y", dense), ...strides("dy", dense), ...strides("dx", p) };
            runOps(pool, [flatOp("activationGrad", p.units, { ...words, ...places })]);
            const expected = Array.from(
              x,
              (v, i) => derivative(v) * dy[i] + (accumulate ? before[i] : 0),
            );
            const result = readPlanes(scope, p, dx);
            expect(maxError(result.values, expected)).toBeLessThan(1e-6);
            expect(result.absent.every((v) => v === 0)).toBe(true);
            expect(result.bordersKept).toBe(true);
          }
        });
      });
    },
  );

  test("far from 0 it is x, or 0, and so is its derivative; NaN stays NaN", () => {
    const x = Float32Array.of(0, 100, 3e38, -100, -3e38, NaN);
    const { y, dx } = both(pool, x, new Float32Array(x.length).fill(1));
    expect([...y]).toEqual([0, 100, Math.fround(3e38), -0, -0, NaN]);
    expect([...dx].map((v) => v + 0)).toEqual([0.5, 1, 1, 0, 0, NaN]);
    const { dx: nothing } = both(pool, x, new Float32Array(x.length));
    expect([...nothing].every((v) => v === 0)).toBe(true);
  });

  test("silu(x) - silu(-x) = x", () => {
    const x = seeded(3).floats(500, -6, 6);
    const zeros = new Float32Array(x.length);
    const [here, there] = [x, x.map((v) => -v)].map((at) => both(pool, at, zeros).y);
    expect(
      maxError(
        here.map((v, i) => v - there[i]),
        x,
      ),
    ).toBeLessThan(1e-6);
  });
});
