import { describe, expect, test } from "vitest";
import { op, TILE } from "#bregman/runtime/kernel-table.js";
import { augmented, isCut } from "../reference/images.js";
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

forEachBackend((_name, pool) => {
  describe.each(SHAPES)(
    "batch %i, %i channels of %i x %i, border %i",
    (samples, channels, height, width, pad) => {
      const p = planesOf(samples, channels, height, width, { pad });
      const dense = planesOf(samples, channels, height, width, { spareChannels: 2 });
      const random = seeded(samples + width);
      const x = random.floats(samples * imageSize(p));
      const y = random.floats(x.length);

      test.each([0, 1])(
        "copyPlanes, accumulate %i, into and out of a wider tensor",
        (accumulate) => {
          scoped(pool, (scope) => {
            const args = { ...sizes(p), accumulate };
            const middle = putPlanes(scope, dense, y, 0);
            const last = putPlanes(scope, p, y, 0);
            const there = {
              x: putPlanes(scope, p, x, 0),
              y: middle,
              ...args,
              ...strides("x", p),
              ...strides("y", dense),
            };
            const back = {
              x: middle,
              y: last,
              ...args,
              ...strides("x", dense),
              ...strides("y", p),
            };
            runOps(pool, [
              flatOp("copyPlanes", p.units, there),
              flatOp("copyPlanes", p.units, back),
            ]);
            const expected = accumulate ? x.map((v, i) => Math.fround(v + y[i]!) + y[i]!) : x;
            const found = readPlanes(scope, p, last);
            expect(maxError(found.values, expected)).toBe(0);
            expect(found.bordersKept).toBe(true);
            expect(readPlanes(scope, dense, middle).bordersKept).toBe(true);
          });
        },
      );

      test("addScaled", () => {
        scoped(pool, (scope) => {
          const scalars = scope.put(Float32Array.of(9, -0.5, 9));
          const to = putPlanes(scope, p, y, 0);
          const args = { x: putPlanes(scope, dense, x, 0), y: to, scalars, index: 1, ...sizes(p) };
          runOps(pool, [
            flatOp("addScaled", p.units, { ...args, ...strides("x", dense), ...strides("y", p) }),
          ]);
          const found = readPlanes(scope, p, to);
          expect(
            maxError(
              found.values,
              y.map((v, i) => v - 0.5 * x[i]!),
            ),
          ).toBeLessThan(1e-7);
          expect(found.bordersKept).toBe(true);
        });
      });

      test.each([true, false])(
        "dotPlanes and sumPartial: a is 0 in absent lanes: %s, else b",
        (first) => {
          scoped(pool, (scope) => {
            const partial = scope.room(p.units, NaN);
            const g = scope.put(Float32Array.of(5, 6, 7));
            const args = {
              a: putPlanes(scope, dense, x, first ? 0 : NaN),
              b: putPlanes(scope, p, y, first ? NaN : 0),
              partial,
              ...sizes(p),
            };
            const dot = { ...args, ...strides("a", dense), ...strides("b", p) };
            const sum = op("sumPartial", 1, { partial, length: p.units, g, index: 1 });
            runOps(pool, [flatOp("dotPlanes", p.units, dot), sum]);
            const expected = x.reduce((total, v, i) => total + v * y[i]!, 0);
            const found = scope.read(g, 3);
            expect(Math.abs(found[1]! - expected)).toBeLessThan(1e-6 * Math.sqrt(x.length));
            expect([found[0], found[2]]).toEqual([5, 7]);
            runOps(pool, [flatOp("dotPlanes", p.units, dot, p.units), sum]);
            expect(scope.read(g, 3)).toEqual(found);
          });
        },
      );
    },
  );

  describe.each([
    [1, 1, 3, 5],
    [17, 3, 32, 32],
    [40, 2, 28, 28],
    [16, 3, 7, 19],
  ])("gatherImagesU8, batch %i, %i channels of %i x %i", (samples, channels, height, width) => {
    const random = seeded(samples);
    const p = planesOf(samples, channels, height, width, { pad: 1 });
    const images = 9;
    const data = random.bytes(images * imageSize(p));
    const affine = random.floats(2 * channels);

    test.each([false, true])("augmented: %s", (augment) => {
      scoped(pool, (scope) => {
        const lanes = p.tiles * TILE;
        // A lane in the middle is absent, too.
        const indices = Int32Array.from({ length: lanes }, (_, b) =>
          b >= samples || b === 5 ? -1 : random.int(images),
        );
        // Squares of up to 4 pixels a side, also beyond each border and as large as none.
        const changes = Int32Array.from({ length: lanes * 7 }, (_, k) => {
          const word = k % 7;
          if (word === 2 || word === 3) return random.int(2);
          if (word === 6) return random.int(5);
          return random.int(word === 4 ? height + 6 : word === 5 ? width + 6 : 9) - 4;
        });
        const out = roomPlanes(scope, p);
        const args = {
          data: scope.put(data),
          indices: scope.put(indices),
          affine: scope.put(affine),
          augment: augment ? scope.put(changes) : 0,
          out,
          ...sizes(p),
        };
        runOps(pool, [flatOp("gatherImagesU8", p.tiles, { ...args, ...strides("out", p) })]);
        const expected: number[] = [];
        for (let b = 0; b < samples; b++)
          for (let c = 0; c < channels; c++) {
            const plane = data
              .subarray((indices[b]! * channels + c) * height * width)
              .subarray(0, height * width);
            const change = augment ? changes.subarray(b * 7, b * 7 + 7) : new Int32Array(7);
            const [down, right, flip, reflect, ...square] = change;
            const move = { down: down!, right: right!, flip: flip === 1, reflect: reflect === 1 };
            const moved = augmented(plane, height, width, move);
            const cut = (k: number) => isCut(k, width, square as [number, number, number]);
            const present = indices[b] !== -1;
            expected.push(
              ...moved.map((v, k) =>
                present && !cut(k) ? v * affine[c]! + affine[channels + c]! : 0,
              ),
            );
          }
        const found = readPlanes(scope, p, out);
        expect(maxError(found.values, expected)).toBeLessThan(2e-5);
        expect(found.absent.every((v) => v === 0)).toBe(true);
        expect(found.bordersKept).toBe(true);
      });
    });
  });
});
