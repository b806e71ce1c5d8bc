/** Non-zeros with the gaps between them: what is packed comes back, and damage is seen. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { packSparse, unpackSparse } from "#bregman/export/sparse-values.js";

test("an array comes back, if packing makes it smaller", () => {
  const element = fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.float({ min: 1 }) },
  );
  fc.assert(
    fc.property(fc.array(element, { maxLength: 2000, size: "max" }), (numbers) => {
      const data = Float32Array.from(numbers);
      const packed = packSparse(data);
      if (packed) expect(unpackSparse(packed, data.length)).toEqual(data);
      else
        expect(5 * numbers.filter((x) => x !== 0).length).toBeGreaterThanOrEqual(
          4 * numbers.length,
        );
    }),
  );
});

test.each([0, 1, 127, 128, 129, 16_383, 16_384, 16_385, 3_000_000])("a gap of %i zeros", (gap) => {
  const data = new Float32Array(gap + 20);
  data[gap] = 3;
  data[gap + 2] = -1;
  const back = unpackSparse(packSparse(data)!, data.length);
  expect(Buffer.from(back.buffer).equals(Buffer.from(data.buffer))).toBe(true);
});

test("gaps below 128 take a byte each", () => {
  const data = new Float32Array(1280);
  for (let k = 127; k < data.length; k += 128) data[k] = k;
  const { values, gaps } = packSparse(data)!;
  expect([values.length, gaps.length]).toEqual([10, 10]);
});

test("zeros of both signs come back as 0", () => {
  const data = Float32Array.of(0, -0, 5, -0, 0, 0);
  expect(unpackSparse(packSparse(data)!, 6)).toEqual(Float32Array.of(0, 0, 5, 0, 0, 0));
});

test("a dense array is not packed", () => {
  expect(packSparse(new Float32Array(100).fill(1))).toBeUndefined();
  expect(packSparse(new Float32Array(0))).toBeUndefined();
});

describe("damage", () => {
  const values = Float32Array.of(1, 2);
  test.each([
    ["a gap is missing", Uint8Array.of(3), "expected a gap for each of 2 values, found fewer"],
    [
      "a gap is cut off",
      Uint8Array.of(3, 0x81),
      "expected a gap for each of 2 values, found fewer",
    ],
    ["a gap too many", Uint8Array.of(3, 0, 0), "expected 2 bytes of gaps for 2 values, found 3"],
    ["a place outside", Uint8Array.of(3, 6), "expected places below 10, found 10"],
    [
      "a gap without end",
      new Uint8Array(20).fill(0xff),
      "expected places below 10, found 4398046511103",
    ],
  ])("%s", (_what, gaps, message) => {
    expect(() => unpackSparse({ values, gaps }, 10)).toThrow(new UnusableFileError(message));
  });
});
