/** Planes of float32 become planes of bf16, and back. */
import { describe, expect, test } from "vitest";
import {
  imageSize,
  planesOf,
  putHalfPlanes,
  putPlanes,
  readHalfPlanes,
  readPlanes,
  SHAPES,
  sizes,
  strides,
  upperHalves,
} from "../support/image-tensors.js";
import { flatOp } from "../support/flat-op.js";
import { seeded } from "../support/random.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

/** The nearest bf16 by its definition: 8 bits of a number, of two that are as near the even one. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  // The smallest normal number is 2^-126; those below it have its last bit.
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -126);
  const unit = 2 ** (exponent - 7);
  const steps = x / unit; // Exact: a power of two.
  const below = Math.floor(steps);
  const rest = steps - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = (below + (up ? 1 : 0)) * unit;
  if (rounded === 0) return x < 0 ? -0 : 0;
  return Math.abs(rounded) >= 2 ** 128 ? Math.sign(x) * Infinity : rounded;
}

/** Float32 numbers of all sizes: any bits that are a number, ties, and those next to a tie. */
function numbers(length: number, seed: number): Float32Array {
  const random = seeded(seed);
  const words = Uint32Array.from({ length }, (_, k) => {
    const upper = random.int(1 << 15) * 2 + random.int(2);
    const isNumber = (upper & 0x7f80) !== 0x7f80;
    const lower = [0, 0x7fff, 0x8000, 0x8001, 0xffff, random.int(1 << 16)][k % 6];
    return (isNumber ? upper * 0x10000 : 0) + lower;
  });
  return new Float32Array(words.buffer);
}

/** Zero and infinity; ties to both sides and one beside a tie; denormals; the largest numbers. */
const SPECIAL = [
  [0, Infinity, 1],
  [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -23, 2 - 2 ** -8],
  [2 ** -126, 2 ** -126 * (1 - 2 ** -7), 2 ** -133, 2 ** -134, 3 * 2 ** -134, 2 ** -149],
  [2 ** 120 * 255, 2 ** 119 * 511, 2 ** 119 * 511 - 2 ** 104, 2 ** 128 - 2 ** 104],
].flat();

forEachBackend((_name, pool) => {
  describe.each(SHAPES)(
    "batch %i, %i channels of %i x %i, border %i",
    (samples, channels, height, width, pad) => {
      const p = planesOf(samples, channels, height, width, { pad });
      const wide = planesOf(samples, channels, height, width, { pad: 3, spareChannels: 2 });
      const length = samples * imageSize(p);
      const x = numbers(length, samples + width);
      const halves = numbers(length, samples + height).map(nearest);

      test("to bf16: to the nearest, borders kept", () => {
        scoped(pool, (scope) => {
          const to = putHalfPlanes(scope, wide, halves);
          const args = {
            x: putPlanes(scope, p, x),
            y: to,
            ...sizes(p),
            ...strides("x", p),
            ...strides("y", wide),
            accumulate: 0,
            toHalf: 1,
          };
          runOps(pool, [flatOp("convertPlanes", p.units, args)]);
          const found = readHalfPlanes(scope, wide, to);
          expect(found.bits).toEqual(upperHalves(x.map(nearest)));
          expect(found.bordersKept).toBe(true);
        });
      });

      test("and back: exactly, borders kept", () => {
        scoped(pool, (scope) => {
          const to = putPlanes(scope, wide, []);
          const args = {
            x: putHalfPlanes(scope, p, halves),
            y: to,
            ...sizes(p),
            ...strides("x", p),
            ...strides("y", wide),
            accumulate: 0,
            toHalf: 0,
          };
          runOps(pool, [flatOp("convertPlanes", p.units, args)]);
          const found = readPlanes(scope, wide, to);
          expect(new Uint32Array(found.values.buffer)).toEqual(new Uint32Array(halves.buffer));
          expect(found.bordersKept).toBe(true);
        });
      });

      test.each([0, 1])("added to what is there, to half: %i", (toHalf) => {
        scoped(pool, (scope) => {
          // Of one size, so that both count.
          const random = seeded(9);
          const [a, b] = [random.floats(length), random.floats(length).map(nearest)];
          const put = (half: boolean, of: typeof p, values: Float32Array) =>
            half ? putHalfPlanes(scope, of, values) : putPlanes(scope, of, values);
          const [from, there] = toHalf ? [a, b] : [b, a];
          const to = put(toHalf === 1, p, there);
          const args = {
            x: put(toHalf === 0, wide, from),
            y: to,
            ...sizes(p),
            ...strides("x", wide),
            ...strides("y", p),
            accumulate: 1,
            toHalf,
          };
          runOps(pool, [flatOp("convertPlanes", p.units, args)]);
          const sums = a.map((value, k) => value + b[k]);
          if (toHalf) {
            const found = readHalfPlanes(scope, p, to);
            expect(found.bits).toEqual(upperHalves(sums.map(nearest)));
            expect(found.bordersKept).toBe(true);
          } else {
            const found = readPlanes(scope, p, to);
            expect(found.values).toEqual(sums);
            expect(found.bordersKept).toBe(true);
          }
        });
      });
    },
  );

  test("zeros, infinities and denormals of both signs, ties; what is not a number stays so", () => {
    scoped(pool, (scope) => {
      const x = Float32Array.of(...SPECIAL, ...SPECIAL.map((value) => -value), NaN);
      const p = planesOf(1, 1, 1, x.length);
      const [middle, last] = [putHalfPlanes(scope, p, x), putPlanes(scope, p, [])];
      const args = { ...sizes(p), ...strides("x", p), ...strides("y", p), accumulate: 0 };
      const there = { ...args, x: putPlanes(scope, p, x), y: middle, toHalf: 1 };
      const back = { ...args, x: middle, y: last, toHalf: 0 };
      runOps(pool, [flatOp("convertPlanes", 1, there), flatOp("convertPlanes", 1, back)]);
      expect([...readPlanes(scope, p, last).values]).toEqual(Array.from(x, nearest));
    });
  });
});
