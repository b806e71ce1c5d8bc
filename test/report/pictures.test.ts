import { decode, convertIndexedToRgb } from "fast-png";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "#bregman/errors.js";
import { divergingColour } from "#bregman/report/colours.js";
import { mostActiveUnits, weightGrid, weightScale } from "#bregman/report/pictures.js";

/** Colour [r, g, b, a] of a pixel of a PNG. */
function pixels(png: Uint8Array) {
  const image = decode(png);
  const rgba = convertIndexedToRgb(image);
  const at = (x: number, y: number) => [
    ...rgba.subarray(4 * (y * image.width + x), 4 * (y * image.width + x) + 4),
  ];
  return { width: image.width, height: image.height, at };
}

const WHITE = [255, 255, 255];
const size = [3, 4] as const;

describe("divergingColour", () => {
  it("is white for zero, and for no other number", () => {
    expect(divergingColour(0)).toEqual(WHITE);
    expect(divergingColour(-0)).toEqual(WHITE);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (x) => {
        fc.pre(x !== 0);
        const [red, , blue] = divergingColour(x);
        expect(x > 0 ? red - blue : blue - red).toBeGreaterThan(20);
      }),
    );
  });

  it("gets darker with |x|, and stays at its end beyond 1", () => {
    const light = (x: number) => divergingColour(x).reduce((a, b) => a + b);
    for (const sign of [1, -1]) {
      for (let k = 1; k < 50; k++)
        expect(light((sign * (k + 1)) / 50)).toBeLessThan(light((sign * k) / 50));
      expect(divergingColour(sign * 7)).toEqual(divergingColour(sign));
      expect(divergingColour(sign * Infinity)).toEqual(divergingColour(sign));
    }
  });
});

describe("weightGrid", () => {
  it("shows a weight white if and only if it is exactly zero, red above and blue below", () => {
    const weight = fc.oneof(fc.constant(0), fc.float({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(fc.array(weight, { minLength: 24, maxLength: 24 }), (values) => {
        const theta = Float32Array.from(values);
        const { at } = pixels(
          weightGrid(theta, 2, size, { units: [0, 1], columns: 2, zoom: 1, gap: 2 }),
        );
        theta.forEach((w, k) => {
          const [unit, row, col] = [Math.floor(k / 12), Math.floor((k % 12) / 4), k % 4];
          const [r, g, b, a] = at(unit * (4 + 2 + 2) + 1 + col, 1 + row);
          expect(a).toBe(255);
          if (w === 0) expect([r, g, b]).toEqual(WHITE);
          else expect(w > 0 ? r - b : b - r).toBeGreaterThan(0);
        });
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("has the size its options say, a border around each tile and nothing between tiles", () => {
    const { width, height, at } = pixels(
      weightGrid(new Float32Array(60), 5, size, { columns: 3, zoom: 2, gap: 6 }),
    );
    expect([width, height]).toEqual([3 * (8 + 2) + 2 * 6, 2 * (6 + 2) + 6]);
    for (const [x, y] of [
      [0, 0],
      [9, 7],
      [0, 4],
      [5, 0],
      [16, 0],
    ])
      expect(at(x, y)).toEqual([203, 207, 214, 255]);
    expect(at(10, 0)[3]).toBe(0); // the gap
    expect(at(width - 1, height - 1)[3]).toBe(0); // no sixth tile
  });

  it("draws each weight as a square of zoom pixels", () => {
    const theta = new Float32Array(12);
    theta[5] = 1; // row 1, column 1
    const { at } = pixels(weightGrid(theta, 1, size, { zoom: 3 }));
    for (let y = 1; y < 10; y++)
      for (let x = 1; x < 13; x++) {
        const inside = x >= 4 && x < 7 && y >= 4 && y < 7;
        expect(at(x, y).slice(0, 3)).toEqual(inside ? [...divergingColour(1)] : WHITE);
      }
  });

  it("keeps units in the places it is told, whatever their weights", () => {
    const theta = new Float32Array(3 * 12);
    theta.fill(1, 24, 36); // unit 2
    const options = { units: [2, 0], columns: 2, zoom: 1, gap: 0, scale: 1 };
    const { at } = pixels(weightGrid(theta, 3, size, options));
    expect(at(1, 1).slice(0, 3)).toEqual([...divergingColour(1)]);
    expect(at(7, 1).slice(0, 3)).toEqual(WHITE);
  });

  it("uses one colour for one weight if the scale is given", () => {
    const colour = (other: number) => {
      const theta = new Float32Array(12).fill(other);
      theta[0] = 0.5;
      return pixels(weightGrid(theta, 1, size, { scale: 1, zoom: 1 })).at(1, 1);
    };
    expect(colour(0.1)).toEqual(colour(4));
  });

  it("is the same file for the same weights, and small for sparse ones", () => {
    const theta = new Float32Array(200 * 784);
    for (let k = 0; k < theta.length; k += 101) theta[k] = Math.sin(k);
    const png = weightGrid(theta, 200, [28, 28]);
    expect(weightGrid(theta, 200, [28, 28])).toEqual(png);
    expect(png.length).toBeLessThan(40_000);
  });

  it("refuses what does not fit", () => {
    const theta = new Float32Array(24);
    expect(() => weightGrid(theta, 2, [3, 5])).toThrow(
      new InputError("weightGrid: theta must be [2, 3 * 5] = 30 long, found 24"),
    );
    expect(() => weightGrid(theta, 2, size, { units: [2] })).toThrow(
      "units must be from 0 to 1, found 2",
    );
    expect(() => weightGrid(theta, 2, size, { units: [] })).toThrow(
      "units must be from 0 to 1, found none",
    );
    expect(() => weightGrid(theta, 2, size, { zoom: 0.5 })).toThrow(
      "zoom must be an integer of at least 1, found 0.5",
    );
  });
});

describe("mostActiveUnits", () => {
  it("orders by non-zeros, then by size, then by index", () => {
    const theta = Float32Array.from([
      0, 1, 0, /**/ 1, 1, 0, /**/ 0, 0, 2, /**/ 0, 0, 0, /**/ 0, 0, 1,
    ]);
    expect(mostActiveUnits(theta, 5)).toEqual([1, 2, 0, 4, 3]);
    expect(mostActiveUnits(theta, 5, 2)).toEqual([1, 2]);
  });
});

describe("weightScale", () => {
  it("is a large weight, but not an outlier, and 1 where there is nothing", () => {
    const theta = Float32Array.from({ length: 200 }, (_, k) => (k % 2 ? 0 : k === 100 ? 1000 : 1));
    expect(weightScale(theta, 1, [0])).toBe(1);
    expect(weightScale(new Float32Array(4), 2, [0, 1])).toBe(1);
    expect(weightScale(Float32Array.from([0, -3, 0, 9]), 2, [0])).toBe(3);
  });
});
