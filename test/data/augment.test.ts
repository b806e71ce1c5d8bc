import { describe, expect, test } from "vitest";
import { augmenter } from "#bregman/data/augment.js";
import { InputError } from "#bregman/errors.js";

/** The draws of a batch as rows { down, right, flip }. */
function rows(draws: Int32Array): number[][] {
  return Array.from({ length: draws.length / 7 }, (_, k) => [...draws.subarray(7 * k, 7 * k + 3)]);
}

/** The squares of a batch: { top, left, side }. */
function squares(draws: Int32Array): number[][] {
  return Array.from({ length: draws.length / 7 }, (_, k) => [
    ...draws.subarray(7 * k + 4, 7 * k + 7),
  ]);
}

test("a pure function of seed, epoch and step: a run that was resumed draws what it would have drawn", () => {
  const whole = augmenter({ crop: 4, flip: true }, 7);
  const all = [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((step) => whole(epoch, step, 50)));
  const resumed = augmenter({ crop: 4, flip: true }, 7);
  expect(resumed(2, 1, 50)).toEqual(all[7]);
  expect(resumed(0, 2, 50)).toEqual(all[2]);
  // Different places and seeds draw differently.
  expect(new Set(all.map(String)).size).toBe(9);
  expect(augmenter({ crop: 4, flip: true }, 8)(0, 0, 50)).not.toEqual(all[0]);
  // "1/11" and "11/1" are different streams.
  expect(whole(1, 11, 50)).not.toEqual(whole(11, 1, 50));
});

test("a smaller batch is the beginning of a larger one", () => {
  const augment = augmenter({ crop: 2, flip: true }, 0);
  expect(augment(3, 4, 10)).toEqual(augment(3, 4, 64).subarray(0, 70));
  expect(augment(3, 4, 0)).toEqual(new Int32Array(0));
});

test("shifts are uniform in [-crop, crop], in both directions and apart from each other; half the images are mirrored", () => {
  const crop = 2;
  const count = 20_000;
  const draws = rows(augmenter({ crop, flip: true }, 1)(0, 0, count));
  const cells = new Map<string, number>();
  for (const row of draws) cells.set(String(row), (cells.get(String(row)) ?? 0) + 1);
  const expected = count / 50;
  expect(cells.size).toBe(5 * 5 * 2);
  const chiSquare = [...cells.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // 49 degrees of freedom: above 86 by chance once in a thousand seeds.
  expect(chiSquare).toBeLessThan(86);
});

test("what is switched off is 0, and does not change the other", () => {
  const both = rows(augmenter({ crop: 3, flip: true }, 5)(1, 1, 200));
  const crop = rows(augmenter({ crop: 3 }, 5)(1, 1, 200));
  const flip = rows(augmenter({ flip: true }, 5)(1, 1, 200));
  expect(crop).toEqual(both.map(([down, right]) => [down, right, 0]));
  expect(flip.every(([down, right]) => down === 0 && right === 0)).toBe(true);
  expect(flip.some(([, , f]) => f === 1)).toBe(true);
  expect(rows(augmenter({}, 5)(1, 1, 3))).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test("padding is a word of its own, and leaves the draws as they were", () => {
  const words = (padding?: "black" | "reflect") =>
    augmenter({ crop: 2, flip: true, padding }, 5)(1, 2, 30);
  const expected = words();
  expect(words("black")).toEqual(expected);
  for (let k = 0; k < 30; k++) {
    expect(expected[7 * k + 3]).toBe(0);
    expected[7 * k + 3] = 1;
  }
  expect(words("reflect")).toEqual(expected);
});

test("cutout: squares around every pixel as often as any other; it leaves the rest as it was", () => {
  const options = { crop: 2, flip: true };
  const draws = augmenter({ ...options, cutout: 3 }, 5, [4, 5])(2, 1, 20_000);
  expect(rows(draws)).toEqual(rows(augmenter(options, 5)(2, 1, 20_000)));
  expect(squares(augmenter(options, 5)(2, 1, 9)).flat()).toEqual(
    Array.from({ length: 27 }, () => 0),
  );
  const cells = new Map<string, number>();
  for (const square of squares(draws))
    cells.set(String(square), (cells.get(String(square)) ?? 0) + 1);
  expect(cells.size).toBe(4 * 5);
  expect([...cells.keys()].every((key) => /^(-1|0|1|2),(-1|0|1|2|3),3$/.test(key))).toBe(true);
  const chiSquare = [...cells.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  // 19 degrees of freedom: above 44 by chance once in a thousand seeds.
  expect(chiSquare).toBeLessThan(44);
});

describe("faults", () => {
  test.each([-1, 0.5, Number.NaN])("crop %s", (crop) => {
    expect(() => augmenter({ crop }, 0)).toThrow(
      new InputError(`crop must be a non-negative integer, found ${crop}`),
    );
  });
  test.each([-1, 0.5])("cutout %s", (cutout) => {
    expect(() => augmenter({ cutout }, 0, [8, 8])).toThrow(
      new InputError(`cutout must be a non-negative integer, found ${cutout}`),
    );
  });
  test("padding", () => {
    expect(() => augmenter({ padding: "edge" as "black" }, 0)).toThrow(
      new InputError('padding must be "black" or "reflect", found "edge"'),
    );
  });
  test("cutout without a size", () => {
    expect(() => augmenter({ cutout: 2 }, 0)).toThrow(
      new InputError("cutout: expected the size of the images as [height, width], found []"),
    );
  });
  test("seed", () => {
    expect(() => augmenter({}, 0.5)).toThrow(
      new InputError("seed must be a safe integer, found 0.5"),
    );
  });
});
