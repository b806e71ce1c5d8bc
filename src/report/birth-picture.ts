/**
 * Pictures of births: a pixel a weight, its colour the epoch in which it was born; white where
 * there is none.
 *
 * The colours go from dark (early) to light (late), by log(1 + epoch): most is born in the first
 * epochs.
 */
import { sequentialColour, type Rgb } from "./colours.js";
import { tileGrid } from "./tile-grid.js";

const LEVELS = 200;
/** White, then the epochs. */
const COLOURS: readonly Rgb[] = [
  [255, 255, 255],
  ...Array.from({ length: LEVELS }, (_, k) => sequentialColour(k / (LEVELS - 1))),
];

export interface BirthPictureOptions {
  /** Pixels an entry, in each direction. Default 2. */
  readonly zoom?: number | undefined;
  /** Tiles in a line. Default 1. */
  readonly columns?: number | undefined;
}

/** Where an epoch stands between the first and the last, 0 to 1. */
export function birthShade(epoch: number, last: number): number {
  return last === 0 ? 0 : Math.log1p(epoch) / Math.log1p(last);
}

/**
 * A PNG of tiles, one a list of epochs.
 *
 * @param tiles - each [height * width] row-major: the epoch of a birth, or undefined
 * @param last - the epoch of the lightest colour
 */
export function birthPicture(
  tiles: readonly (readonly (number | undefined)[])[],
  size: readonly [number, number],
  last: number,
  { zoom = 2, columns = 1 }: BirthPictureOptions = {},
): Uint8Array {
  const across = Math.min(columns, tiles.length);
  return tileGrid(
    { tiles: tiles.length, size, columns: across, zoom, gap: 6, colours: COLOURS },
    (tile, place) => colourIndex(tiles[tile][place], last),
  );
}

function colourIndex(epoch: number | undefined, last: number): number {
  return epoch === undefined ? 0 : 1 + Math.round(birthShade(epoch, last) * (LEVELS - 1));
}
