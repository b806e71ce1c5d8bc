import { describe, expect, test } from "vitest";
import * as truth from "../reference/pooling.js";
import { maxError } from "../support/compare.js";
import { planesOf, putPlanes, readPlanes, roomPlanes, strides } from "../support/image-tensors.js";
import { seeded } from "../support/random.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

/**
 * batch, channels, plane, window, stride, padding (top, bottom, left, right): windows that tile the
 * plane, leave a rest, overlap, leave gaps, or reach over the border.
 */
const CASES = [
  [16, 1, [4, 4], [2, 2], [2, 2], [0, 0, 0, 0]],
  [17, 3, [5, 7], [2, 2], [2, 2], [0, 0, 0, 0]],
  [40, 2, [7, 5], [3, 3], [2, 2], [0, 0, 0, 0]],
  [1, 2, [6, 6], [3, 3], [3, 3], [0, 0, 0, 0]],
  [3, 1, [7, 8], [2, 2], [3, 3], [0, 0, 0, 0]],
  [17, 1, [6, 5], [2, 2], [1, 1], [0, 0, 0, 0]],
  [33, 2, [4, 4], [4, 4], [1, 1], [0, 0, 0, 0]],
  [17, 2, [5, 3], [5, 3], [1, 1], [0, 0, 0, 0]],
  [17, 2, [1, 64], [1, 2], [1, 2], [0, 0, 0, 0]],
  [5, 2, [6, 9], [2, 3], [2, 3], [0, 0, 0, 0]],
  [17, 2, [6, 9], [1, 4], [2, 3], [0, 0, 0, 0]],
  [17, 2, [7, 7], [3, 3], [2, 2], [1, 1, 1, 1]],
  [3, 2, [6, 5], [2, 2], [2, 2], [1, 1, 1, 1]],
  [5, 1, [6, 8], [4, 3], [3, 2], [3, 0, 1, 2]],
  [16, 1, [1, 9], [1, 5], [1, 4], [0, 0, 0, 4]],
] as const;

describe.each(CASES)(
  "batch %i, %i channels, plane %j, window %j, stride %j, padding %j",
  (samples, channels, plane, size, stride, padding) => {
    const [inHeight, inWidth] = plane;
    const [sizeHeight, sizeWidth] = size;
    const window: truth.Window = { inHeight, inWidth, sizeHeight, sizeWidth, stride, padding };
    const [height, width] = truth.windowCounts(window);
    const inside = planesOf(samples, channels, inHeight, inWidth, { pad: 1, spareChannels: 1 });
    const outside = planesOf(samples, channels, height, width, { pad: 2 });
    const planes = samples * channels;
    const random = seeded(samples + inWidth);
    // Few values, so that windows have several maxima.
    const x = Float32Array.from({ length: planes * inHeight * inWidth }, () => random.int(5) - 2);
    const dy = random.floats(planes * height * width);
    const before = random.floats(x.length);
    const out = {
      channels,
      height,
      width,
      inHeight,
      inWidth,
      windowHeight: sizeHeight,
      windowWidth: sizeWidth,
      windowDown: stride[0],
      windowAcross: stride[1],
      windowTop: padding[0],
      windowLeft: padding[2],
    };

    forEachBackend((_name, pool) => {
      const units = inside.units;

      test.for([0, 1])("maxPool and its gradient, ReLU %i", (relu) => {
        scoped(pool, (scope) => {
          const at = putPlanes(scope, inside, x);
          const y = roomPlanes(scope, outside);
          const args = {
            x: at,
            y,
            ...out,
            relu,
            ...strides("x", inside),
            ...strides("y", outside),
          };
          runOps(pool, [flatOp("maxPool", units, args)]);
          const found = readPlanes(scope, outside, y);
          const maxima = truth.maxPool(x, planes, window);
          expect(maxError(found.values, relu ? maxima.map((v) => Math.max(v, 0)) : maxima)).toBe(0);
          expect(found.bordersKept).toBe(true);

          const through = dy.map((v, i) => (relu && !(maxima[i]! > 0) ? 0 : v));
          for (const accumulate of [0, 1]) {
            const dx = accumulate ? putPlanes(scope, inside, before, 0) : roomPlanes(scope, inside);
            const grads = {
              x: at,
              y,
              dy: putPlanes(scope, outside, dy, 0),
              dx,
              ...out,
            };
            const places = {
              ...strides("x", inside),
              ...strides("y", outside),
              ...strides("dy", outside),
              ...strides("dx", inside),
            };
            const all = { ...grads, ...places, how: accumulate + 2 * relu };
            runOps(pool, [flatOp("maxPoolGrad", units, all)]);
            const expected = truth
              .maxPoolGrad(x, through, planes, window)
              .map((v, i) => v + (accumulate ? before[i]! : 0));
            const result = readPlanes(scope, inside, dx);
            expect(maxError(result.values, expected)).toBeLessThan(1e-6);
            expect(result.absent.every((v) => v === 0)).toBe(true);
            expect(result.bordersKept).toBe(true);
          }
        });
      });

      test("avgPool and its gradient", () => {
        scoped(pool, (scope) => {
          const y = roomPlanes(scope, outside);
          const args = { x: putPlanes(scope, inside, x), y, ...out };
          runOps(pool, [
            flatOp("avgPool", units, {
              ...args,
              ...strides("x", inside),
              ...strides("y", outside),
            }),
          ]);
          const found = readPlanes(scope, outside, y);
          expect(maxError(found.values, truth.avgPool(x, planes, window))).toBeLessThan(3e-7);
          expect(found.bordersKept).toBe(true);

          for (const accumulate of [0, 1]) {
            const dx = accumulate ? putPlanes(scope, inside, before, 0) : roomPlanes(scope, inside);
            const grads = {
              dy: putPlanes(scope, outside, dy, 0),
              dx,
              ...out,
            };
            const all = {
              ...grads,
              accumulate,
              ...strides("dy", outside),
              ...strides("dx", inside),
            };
            runOps(pool, [flatOp("avgPoolGrad", units, all)]);
            const expected = truth
              .avgPoolGrad(dy, planes, window)
              .map((v, i) => v + (accumulate ? before[i]! : 0));
            const result = readPlanes(scope, inside, dx);
            expect(maxError(result.values, expected)).toBeLessThan(1e-6);
            expect(result.absent.every((v) => v === 0)).toBe(true);
            expect(result.bordersKept).toBe(true);
          }
        });
      });
    });
  },
);

forEachBackend((_name, pool) => {
  test.each([0, 1, 2, 3])(
    "maxPool: a NaN at place %i of a window makes the maximum NaN, and no other",
    (place) => {
      const inside = planesOf(1, 1, 4, 2);
      const outside = planesOf(1, 1, 2, 1);
      scoped(pool, (scope) => {
        const x = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
        x[place] = NaN;
        const y = roomPlanes(scope, outside, 0);
        const args = {
          x: putPlanes(scope, inside, x, 0),
          y,
          channels: 1,
          height: 2,
          width: 1,
          inHeight: 4,
          inWidth: 2,
          windowHeight: 2,
          windowWidth: 2,
          windowDown: 2,
          windowAcross: 2,
          windowTop: 0,
          windowLeft: 0,
          relu: 0,
        };
        runOps(pool, [
          flatOp("maxPool", 1, {
            ...args,
            ...strides("x", inside),
            ...strides("y", outside),
          }),
        ]);
        expect([...readPlanes(scope, outside, y).values]).toEqual([NaN, 8]);
      });
    },
  );
});
