/**
 * Images side by side in one PNG: each a tile with a border of one pixel, a transparent gap between
 * them.
 *
 * The PNG has a palette: 0 the gap, 1 the border, then the colours of what is shown.
 */
import { encode } from "fast-png";
import type { Rgb } from "./colours.js";

const [GAP, BORDER] = [0, 1];

export interface TileGrid {
  readonly tiles: number;
  /** [height, width] of each image. */
  readonly size: readonly [number, number];
  /** Tiles in a line. */
  readonly columns: number;
  /** Pixels a point, in each direction. */
  readonly zoom: number;
  /** Pixels between tiles. */
  readonly gap: number;
  readonly colours: readonly Rgb[];
}

/**
 * The bytes of the PNG.
 *
 * @param colourAt - which of the colours a point of a tile has; `place` is row-major in the image
 */
export function tileGrid(
  { tiles, size: [height, width], columns, zoom, gap, colours }: TileGrid,
  colourAt: (tile: number, place: number) => number,
): Uint8Array {
  const [tileHeight, tileWidth] = [height * zoom + 2, width * zoom + 2];
  const imageWidth = columns * (tileWidth + gap) - gap;
  const imageHeight = Math.ceil(tiles / columns) * (tileHeight + gap) - gap;
  const data = new Uint8Array(imageWidth * imageHeight).fill(GAP);
  for (let tile = 0; tile < tiles; tile++) {
    const top = Math.floor(tile / columns) * (tileHeight + gap);
    const left = (tile % columns) * (tileWidth + gap);
    for (let y = 0; y < tileHeight; y++) {
      const line = (top + y) * imageWidth + left;
      if (y === 0 || y === tileHeight - 1) {
        data.fill(BORDER, line, line + tileWidth);
        continue;
      }
      data[line] = data[line + tileWidth - 1] = BORDER;
      const row = Math.floor((y - 1) / zoom) * width;
      for (let x = 1; x < tileWidth - 1; x++) {
        data[line + x] = BORDER + 1 + colourAt(tile, row + Math.floor((x - 1) / zoom));
      }
    }
  }
  const palette = [
    [255, 255, 255, 0],
    [203, 207, 214, 255],
    ...colours.map((colour) => [...colour, 255]),
  ];
  return encode(
    { width: imageWidth, height: imageHeight, data, channels: 1, depth: 8, palette },
    { zlib: { level: 9 } },
  );
}
