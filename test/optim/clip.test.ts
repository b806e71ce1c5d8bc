/** What clipping may be told, and its factor. */
import { expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { checkClip, clipFactor, type ClipOptions } from "#bregman/optim/clip.js";

test.each<[ClipOptions, string]>([
  [{}, "clip: expected either norm or value, found neither"],
  [{ norm: 1, value: 1 }, "clip: expected either norm or value, found both"],
  [{ norm: 0 }, "clip: norm must be a finite number above 0, found 0"],
  [{ value: -1 }, "clip: value must be a finite number above 0, found -1"],
  [{ norm: Number.NaN }, "clip: norm must be a finite number above 0, found NaN"],
  [{ value: Infinity }, "clip: value must be a finite number above 0, found Infinity"],
])("%o is refused", (options, message) => {
  expect(() => checkClip(options)).toThrow(InputError);
  expect(() => checkClip(options)).toThrow(message);
});

test("either is taken", () => {
  expect(() => checkClip({ norm: 1 })).not.toThrow();
  expect(() => checkClip({ value: 0.1, norm: undefined })).not.toThrow();
});

test("the factor: 1 up to the limit, then limit / norm; 1 for what is no number", () => {
  expect([0, 1, 2, 4].map((norm) => clipFactor(norm, 2))).toEqual([1, 1, 1, 0.5]);
  expect(clipFactor(Number.NaN, 2)).toBe(1);
  expect(clipFactor(Infinity, 2)).toBe(0);
});
