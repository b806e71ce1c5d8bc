import { placeTensors, type Lifetime } from "#bregman/runtime/arena.js";
import fc from "fast-check";
import { expect, test } from "vitest";

const lifetimes = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 1, max: 5000 }), from: fc.nat(20), length: fc.nat(8) })
    .map(({ bytes, from, length }): Lifetime => ({ bytes, from, to: from + length })),
  { maxLength: 40 },
);

test("tensors that live at the same time never overlap, and lie on cache lines", () => {
  fc.assert(
    fc.property(lifetimes, (tensors) => {
      const { offsets, bytes } = placeTensors(tensors);
      tensors.forEach((a, i) => {
        expect(offsets[i] % 64).toBe(0);
        expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
        tensors.slice(0, i).forEach((b, j) => {
          const together = a.from <= b.to && b.from <= a.to;
          const overlap = offsets[i] < offsets[j] + b.bytes && offsets[j] < offsets[i] + a.bytes;
          expect(together && overlap).toBe(false);
        });
      });
    }),
    { seed: 1 },
  );
});

test("never less than the largest sum alive at once, never more than the sum of all", () => {
  const size = ({ bytes }: Lifetime) => Math.ceil(bytes / 64) * 64;
  fc.assert(
    fc.property(lifetimes, (tensors) => {
      const { bytes } = placeTensors(tensors);
      for (let moment = 0; moment <= 28; moment++) {
        const alive = tensors.filter(({ from, to }) => from <= moment && moment <= to);
        expect(bytes).toBeGreaterThanOrEqual(alive.reduce((sum, t) => sum + size(t), 0));
      }
      expect(bytes).toBeLessThanOrEqual(tensors.reduce((sum, t) => sum + size(t), 0));
    }),
    { seed: 2 },
  );
});

test("a chain of activations that each live for two moments takes the room of two", () => {
  const chain = Array.from({ length: 10 }, (_, k) => ({ bytes: 6400, from: k, to: k + 1 }));
  expect(placeTensors(chain).bytes).toBe(12_800);
});
