/**
 * For tests of kernels over images: tensors with borders, `[tiles][channels][H + 2p][W + 2p][T]`,
 * from and to plain [samples][channels][height][width] arrays.
 */
import { TILE } from "#bregman/runtime/kernel-table.js";
import { tilesOf, type Scope } from "./run-op.js";

/** Shape of an image tensor, and its strides in floats. */
export interface Planes {
  readonly samples: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly pad: number;
  readonly tiles: number;
  /** tiles * channels */
  readonly units: number;
  /** Floats from the tensor's start to its first interior position. */
  readonly first: number;
  readonly tile: number;
  readonly plane: number;
  readonly row: number;
}

/** What borders hold, so that a test sees when one is written or read. */
export const BORDER = 1e6;

export function planesOf(
  samples: number,
  channels: number,
  height: number,
  width: number,
  { pad = 0, spareChannels = 0 }: { pad?: number; spareChannels?: number } = {},
): Planes {
  const row = (width + 2 * pad) * TILE;
  const plane = (height + 2 * pad) * row;
  const tiles = tilesOf(samples);
  const first = pad * row + pad * TILE;
  const tile = (channels + spareChannels) * plane;
  return {
    samples,
    channels,
    height,
    width,
    pad,
    tiles,
    units: tiles * channels,
    first,
    tile,
    plane,
    row,
  };
}

/** The arguments that most kernels take. */
export const sizes = ({ tiles, channels, height, width }: Planes) => ({
  tiles,
  channels,
  height,
  width,
});

/** xTile, xPlane, xRow for the prefix x. */
export function strides<P extends string>(
  prefix: P,
  { tile, plane, row }: Planes,
): Record<`${P}Tile` | `${P}Plane` | `${P}Row`, number> {
  return { [`${prefix}Tile`]: tile, [`${prefix}Plane`]: plane, [`${prefix}Row`]: row } as never;
}

/**
 * Puts [samples][channels][height][width] values into memory; absent lanes hold `absent`. Returns
 * the interior's offset.
 */
export function putPlanes(
  scope: Scope,
  p: Planes,
  values: ArrayLike<number>,
  absent = NaN,
): number {
  const out = new Float32Array(p.tiles * p.tile).fill(BORDER);
  for (const [k, index] of interior(p, p.tiles * TILE))
    out[index] = k < p.samples * imageSize(p) ? values[k]! : absent;
  return scope.put(out) + p.first * 4;
}

/** Room for a result, its interior NaN. */
export const roomPlanes = (scope: Scope, p: Planes, fill = NaN): number =>
  putPlanes(scope, p, [], fill);

/**
 * What a tensor holds: the samples' values, those of absent lanes, and whether all else is as it
 * was put.
 */
export function readPlanes(scope: Scope, p: Planes, offset: number) {
  const all = scope.read(offset - p.first * 4, p.tiles * p.tile);
  const values = new Float32Array(p.samples * imageSize(p));
  const absent: number[] = [];
  for (const [k, index] of interior(p, p.tiles * TILE)) {
    if (k < values.length) values[k] = all[index]!;
    else absent.push(all[index]!);
    all[index] = BORDER;
  }
  return { values, absent, bordersKept: all.every((x) => x === BORDER) };
}

/** The bits of what borders of planes of bf16 hold. */
const HALF_BORDER = 0x4974;

/**
 * As {@link putPlanes}, of the bits of bf16 numbers, two to a word.
 *
 * @param values - float32 that a bf16 can hold
 */
export function putHalfPlanes(scope: Scope, p: Planes, values: Float32Array, absent = NaN): number {
  const out = new Uint16Array(p.tiles * p.tile).fill(HALF_BORDER);
  const bits = upperHalves(values);
  const [none] = upperHalves(Float32Array.of(absent));
  for (const [k, index] of interior(p, p.tiles * TILE))
    out[index] = k < p.samples * imageSize(p) ? bits[k] : none;
  return scope.put(new Uint8Array(out.buffer)) + p.first * 2;
}

/** As {@link readPlanes}: of the samples' numbers the bits. */
export function readHalfPlanes(scope: Scope, p: Planes, offset: number) {
  const words = scope.readInts(offset - p.first * 2, (p.tiles * p.tile) / 2);
  const all = new Uint16Array(words.buffer);
  const bits = new Uint16Array(p.samples * imageSize(p));
  for (const [k, index] of interior(p, p.tiles * TILE)) {
    if (k < bits.length) bits[k] = all[index];
    all[index] = HALF_BORDER;
  }
  return { bits, bordersKept: all.every((x) => x === HALF_BORDER) };
}

/** The upper halves of float32 numbers: their bits as bf16, if it can hold them. */
export const upperHalves = (values: Float32Array): Uint16Array =>
  Uint16Array.from(new Uint32Array(values.slice().buffer), (word) => word >>> 16);

/** The numbers of which these are the upper halves. */
export const floatsOf = (halves: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);

export const imageSize = ({ channels, height, width }: Planes): number => channels * height * width;

/** Pairs of an index into [samples][channels][height][width] and one into the tensor. */
function* interior(p: Planes, samples: number): Generator<readonly [number, number]> {
  let k = 0;
  for (let b = 0; b < samples; b++)
    for (let c = 0; c < p.channels; c++)
      for (let h = 0; h < p.height; h++)
        for (let w = 0; w < p.width; w++) {
          const position = p.first + c * p.plane + h * p.row + w * TILE;
          yield [k++, Math.floor(b / TILE) * p.tile + position + (b % TILE)];
        }
}

/** Shapes for every kernel: batch, channels, height, width, border. */
export const SHAPES = [
  [1, 1, 3, 5, 0],
  [17, 3, 5, 4, 1],
  [40, 2, 7, 9, 2],
  [16, 5, 4, 4, 1],
  [33, 1, 1, 1, 0],
  [20, 2, 2, 70, 1],
  [17, 40, 1, 1, 0],
] as const;
