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

test("tensors of a form share places with each other alone, whenever they live", () => {
  const mixed = fc.array(
    fc
      .record({
        kind: fc.nat(3),
        bytes: fc.integer({ min: 1, max: 500 }),
        from: fc.nat(20),
        length: fc.nat(8),
      })
      .map(({ kind, bytes, from, length }): Lifetime => {
        const life = { from, to: from + length };
        return kind < 2 ? { bytes, ...life } : { bytes: 100 * kind, ...life, form: `form ${kind}` };
      }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(mixed, (tensors) => {
      const { offsets, bytes } = placeTensors(tensors);
      tensors.forEach((a, i) => {
        expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
        tensors.slice(0, i).forEach((b, j) => {
          const together = a.from <= b.to && b.from <= a.to;
          const apart = offsets[i] >= offsets[j] + b.bytes || offsets[j] >= offsets[i] + a.bytes;
          const same = a.form !== undefined && a.form === b.form && offsets[i] === offsets[j];
          if (a.form !== undefined || b.form !== undefined)
            expect(apart || (same && !together)).toBe(true);
          else expect(apart || !together).toBe(true);
        });
      });
    }),
    { seed: 3 },
  );
  // Two that never meet have one place.
  const pair = [0, 5].map((from) => ({ bytes: 640, from, to: from + 1, form: "a" }));
  expect(placeTensors([...pair, { bytes: 640, from: 3, to: 3 }])).toEqual({
    offsets: [0, 0, 640],
    bytes: 1280,
  });
});
