/**
 * Pictures of births: a pixel a weight, its colour the epoch in which it was born; white where there is none.
 *
 * The colours go from dark (early) to light (late), by log(1 + epoch): most is born in the first epochs.
 */
import { encode } from "fast-png";
import { sequentialColour } from "./colours.js";

const LEVELS = 200;
const [GAP, BORDER, NONE] = [0, 1, 2];
const PALETTE: number[][] = [
  [255, 255, 255, 0],
  [203, 207, 214, 255],
  [255, 255, 255, 255],
  ...Array.from({ length: LEVELS }, (_, k) => [...sequentialColour(k / (LEVELS - 1)), 255]),
];

export interface BirthPictureOptions {
  /** Pixels an entry, in each direction. Default 2. */
  readonly zoom?: number;
  /** Tiles in a line. Default 1. */
  readonly columns?: number;
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
  [height, width]: readonly [number, number],
  last: number,
  { zoom = 2, columns = 1 }: BirthPictureOptions = {},
): Uint8Array {
  const gap = 6;
  const [tileHeight, tileWidth] = [height * zoom + 2, width * zoom + 2];
  const [across, down] = [Math.min(columns, tiles.length), Math.ceil(tiles.length / columns)];
  const imageWidth = across * (tileWidth + gap) - gap;
  const imageHeight = down * (tileHeight + gap) - gap;
  const data = new Uint8Array(imageWidth * imageHeight).fill(GAP);
  tiles.forEach((tile, k) => {
    const top = Math.floor(k / columns) * (tileHeight + gap);
    const left = (k % columns) * (tileWidth + gap);
    for (let y = 0; y < tileHeight; y++) {
      for (let x = 0; x < tileWidth; x++) {
        const isEdge = y === 0 || x === 0 || y === tileHeight - 1 || x === tileWidth - 1;
        const epoch = isEdge ? undefined : tile[Math.floor((y - 1) / zoom) * width + Math.floor((x - 1) / zoom)];
        data[(top + y) * imageWidth + left + x] = isEdge ? BORDER : colourIndex(epoch, last);
      }
    }
  });
  return encode(
    { width: imageWidth, height: imageHeight, data, channels: 1, depth: 8, palette: PALETTE },
    { zlib: { level: 9 } },
  );
}

function colourIndex(epoch: number | undefined, last: number): number {
  return epoch === undefined ? NONE : NONE + 1 + Math.round(birthShade(epoch, last) * (LEVELS - 1));
}
