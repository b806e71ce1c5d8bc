import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFilm, pictureEpochs, squareImage } from "#bregman/report/film.js";
import { weightGrid } from "#bregman/report/pictures.js";

describe("pictureEpochs", () => {
  it("rises from 0 to the end, at most as many as asked for, never further apart at the start than later", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 2, max: 20 }),
        (epochs, most) => {
          const places = pictureEpochs(epochs, most);
          expect(places.length).toBe(Math.min(epochs + 1, most));
          expect(places[0]).toBe(0);
          expect(places.at(-1)).toBe(epochs);
          places.slice(1).forEach((place, k) => expect(place).toBeGreaterThan(places[k]));
        },
      ),
    );
    expect(pictureEpochs(30)).toEqual([0, 1, 3, 6, 9, 12, 16, 21, 25, 30]);
    expect(pictureEpochs(3)).toEqual([0, 1, 2, 3]);
  });
});

describe("createFilm", () => {
  const theta = (active: number) => new Float32Array(2 * 4).fill(0.5, 4 * active, 4 * active + 4);
  const folder = () => join(mkdtempSync(join(tmpdir(), "bregman-film-")), "pictures");

  it("writes the planned epochs and the newest one", () => {
    const film = createFilm(2, [2, 2], 100);
    for (let epoch = 0; epoch <= 8; epoch++) film.add(epoch, theta(0));
    const to = folder();
    film.write(to);
    expect(pictureEpochs(100).slice(0, 3)).toEqual([0, 4, 10]);
    expect(readdirSync(to).sort()).toEqual(["epoch-000.png", "epoch-004.png", "epoch-008.png"]);
  });

  it("gives every unit its place by the last epoch, in all pictures", () => {
    const film = createFilm(2, [2, 2], 1);
    film.add(0, theta(0));
    film.add(1, theta(1));
    const to = folder();
    film.write(to);
    const expected = weightGrid(theta(0), 2, [2, 2], { units: [1, 0], scale: 0.5 });
    expect(new Uint8Array(readFileSync(join(to, "epoch-000.png")))).toEqual(expected);
  });

  it("writes nothing if there was nothing to see", () => {
    const to = folder();
    createFilm(2, [2, 2], 1).write(to);
    expect(() => readdirSync(to)).toThrow("ENOENT");
  });
});

describe("squareImage", () => {
  it.each([
    [784, [28, 28]],
    [3072, undefined],
    [1, undefined],
  ])("%i pixels", (pixels, size) => expect(squareImage(pixels)).toEqual(size));
});
