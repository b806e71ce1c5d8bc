/**
 * The pictures of a run: weights kept at a few epochs, drawn when training ends.
 *
 * They are drawn at the end because only then one knows which units are worth a place, and which
 * weight deserves the full colour; all pictures of a run share both, so that they can be compared.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { mostActiveUnits, weightGrid, weightScale } from "./pictures.js";

export interface Film {
  /**
   * Takes the weight after an epoch, `[rows, height * width]` row-major; it is kept, not copied.
   */
  add(epoch: number, theta: Float32Array): void;
  /** Writes `epoch-000.png`, ... into a folder, which is made. Nothing if nothing was added. */
  write(folder: string): void;
}

/**
 * A film of a weight over training.
 *
 * @param rows - units of the layer
 * @param size - [height, width] of the image the layer reads
 * @param epochs - length of the training
 */
export function createFilm(rows: number, size: readonly [number, number], epochs: number): Film {
  const wanted = new Set(pictureEpochs(epochs));
  const kept = new Map<number, Float32Array>();
  let newest: number | undefined;
  return {
    add(epoch, theta) {
      // The newest is always there, for a run that is interrupted.
      if (newest !== undefined && !wanted.has(newest)) kept.delete(newest);
      kept.set(epoch, theta);
      newest = epoch;
    },
    write(folder) {
      if (newest === undefined) return;
      const last = kept.get(newest)!;
      const units = mostActiveUnits(last, rows);
      const scale = weightScale(last, rows, units);
      mkdirSync(folder, { recursive: true });
      for (const [epoch, theta] of kept) {
        const name = `epoch-${String(epoch).padStart(3, "0")}.png`;
        writeFileAtomic(join(folder, name), weightGrid(theta, rows, size, { units, scale }));
      }
    },
  };
}

/**
 * At most `most` epochs from 0 to `epochs`, both included, closer together at the start, where most
 * weights are born.
 *
 * @example
 * pictureEpochs(30); // [0, 1, 3, 6, 9, 12, 16, 21, 25, 30]
 */
export function pictureEpochs(epochs: number, most = 10): number[] {
  if (epochs < most) return Array.from({ length: epochs + 1 }, (_, epoch) => epoch);
  const places: number[] = [];
  for (let k = 0; k < most; k++) {
    const place = Math.round(epochs * (k / (most - 1)) ** 1.5);
    // Rounding may ask for the same epoch twice: then the next one.
    places.push(k === 0 ? 0 : Math.max(place, places[k - 1] + 1));
  }
  return places;
}

/**
 * [height, width] of square images of one channel with so many pixels; undefined if there are none
 * such.
 */
export function squareImage(pixels: number): [number, number] | undefined {
  const side = Math.sqrt(pixels);
  return Number.isInteger(side) && side > 1 ? [side, side] : undefined;
}
