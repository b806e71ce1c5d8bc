/**
 * Pictures of a first layer's weights: one tile a unit, each row of the weight laid out as the
 * image it reads.
 *
 * White is exactly zero, red positive, blue negative; see colours.ts. The colours: zero, then
 * {@link LEVELS} reds and as many blues.
 */
import { InputError } from "../errors.js";
import { divergingColour, type Rgb } from "./colours.js";
import { tileGrid } from "./tile-grid.js";

const LEVELS = 100;
const COLOURS: readonly Rgb[] = [
  divergingColour(0),
  ...[1, -1].flatMap((sign) =>
    Array.from({ length: LEVELS }, (_, k) =>
      divergingColour((sign * k) / (LEVELS - 1) || sign * 1e-9),
    ),
  ),
];

export interface WeightGridOptions {
  /**
   * Which rows of theta to show, in order. Default: {@link mostActiveUnits} of this theta. Give it
   * to keep units in place over epochs.
   */
  units?: readonly number[] | undefined;
  /** Tiles in a line. Default: as near to a square as the number of units allows. */
  columns?: number | undefined;
  /**
   * |theta| of the full colour. Default: {@link weightScale} of the units shown. Give it to
   * compare pictures.
   */
  scale?: number | undefined;
  /** Pixels a weight, in each direction. Default 2. */
  zoom?: number | undefined;
  /** Transparent pixels between tiles. Default 6. */
  gap?: number | undefined;
}

/**
 * A PNG of the weights of some units, one image tile a unit.
 *
 * @param theta - [rows, height * width] row-major: the first layer's weight
 * @param rows - units of the layer
 * @param size - [height, width] of the image the layer reads
 * @returns the bytes of a PNG file
 * @throws InputError if theta is not rows * height * width long
 * @throws InputError if a unit, or an option, is out of range
 * @example
 * writeFileSync("weights.png", weightGrid(theta, 200, [28, 28]));
 */
export function weightGrid(
  theta: Float32Array,
  rows: number,
  size: readonly [number, number],
  {
    units = mostActiveUnits(theta, rows),
    columns,
    scale,
    zoom = 2,
    gap = 6,
  }: WeightGridOptions = {},
): Uint8Array {
  const [height, width] = size;
  const cols = height * width;
  if (theta.length !== rows * cols) {
    throw new InputError(
      `weightGrid: theta must be [${rows}, ${height} * ${width}] = ${rows * cols} long, found ${theta.length}`,
    );
  }
  const stray = units.find((unit) => !Number.isInteger(unit) || unit < 0 || unit >= rows);
  if (stray !== undefined || units.length === 0) {
    throw new InputError(
      `weightGrid: units must be from 0 to ${rows - 1}, found ${stray ?? "none"}`,
    );
  }
  const across = columns ?? squareColumns(units.length);
  for (const [name, value, least] of [
    ["columns", across, 1],
    ["zoom", zoom, 1],
    ["gap", gap, 0],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new InputError(
        `weightGrid: ${name} must be an integer of at least ${least}, found ${value}`,
      );
    }
  }
  const full = scale ?? weightScale(theta, rows, units);

  return tileGrid(
    { tiles: units.length, size, columns: across, zoom, gap, colours: COLOURS },
    (tile, place) => colourIndex(theta[units[tile] * cols + place], full),
  );
}

/**
 * The units with the most non-zero weights, most first; ties go to the larger sum of |theta|, then
 * to the lower index.
 *
 * @param theta - [rows, cols] row-major
 * @param most - how many at the most; default 64
 */
export function mostActiveUnits(theta: Float32Array, rows: number, most = 64): number[] {
  const cols = theta.length / rows;
  const activity = Array.from({ length: rows }, (_, unit) => {
    let [nonZeros, sum] = [0, 0];
    for (let k = unit * cols; k < (unit + 1) * cols; k++) {
      if (theta[k] !== 0) nonZeros++;
      sum += Math.abs(theta[k]);
    }
    return { unit, nonZeros, sum };
  });
  activity.sort((a, b) => b.nonZeros - a.nonZeros || b.sum - a.sum || a.unit - b.unit);
  return activity.slice(0, most).map(({ unit }) => unit);
}

/**
 * The |theta| that gets the full colour: the 90th percentile of the non-zeros of the units, so that
 * a few large weights don't pale all others. 1 if all are zero.
 */
export function weightScale(theta: Float32Array, rows: number, units: readonly number[]): number {
  const cols = theta.length / rows;
  const sizes = units.flatMap((unit) =>
    Array.from(theta.subarray(unit * cols, (unit + 1) * cols), Math.abs),
  );
  const nonZeros = Float32Array.from(
    sizes.filter((size) => size > 0 && Number.isFinite(size)),
  ).sort();
  return nonZeros.length ? nonZeros[Math.floor(0.9 * (nonZeros.length - 1))] : 1;
}

function colourIndex(weight: number, full: number): number {
  if (weight === 0 || Number.isNaN(weight)) return 0;
  const level = Math.round(Math.min(1, Math.abs(weight) / full) * (LEVELS - 1));
  return 1 + level + (weight < 0 ? LEVELS : 0);
}

/**
 * Columns of the grid nearest to a square that has no or a well-filled last line: 64 -> 8, 10 -> 5.
 */
function squareColumns(tiles: number): number {
  const root = Math.ceil(Math.sqrt(tiles));
  for (let columns = root; columns <= root + 2; columns++)
    if (tiles % columns === 0) return columns;
  return root;
}
