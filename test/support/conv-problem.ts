/**
 * Convolution problems for kernel tests: shapes, random numbers, and the arguments that the kernels
 * are called with.
 */
/* oxlint-disable unicorn/no-useless-spread -- keeps arguments that belong together on a line */
import { TILE } from "#bregman/runtime/kernel-table.js";
import { outHeight, outWidth, type ConvShape } from "../reference/conv.js";
import { planes, type Planes } from "./planes.js";
import { seeded } from "./random.js";
import type { Scope } from "./run-op.js";

const shape = (
  [samples, inner, height, width]: readonly [number, number, number, number],
  rows: number,
  kernel: readonly [number, number],
  stride: number,
  pad: number,
): ConvShape => ({ samples, inner, rows, height, width, kernel, stride, pad });

/** Every way a convolution is used in the networks, small, and the odd ones. */
export const CONV_SHAPES: readonly (readonly [string, ConvShape])[] = [
  ["3x3", shape([17, 5, 8, 11], 10, [3, 3], 1, 1)],
  ["3x3, one channel in and out, one sample", shape([1, 1, 3, 5], 1, [3, 3], 1, 1)],
  ["3x3, wide", shape([16, 3, 4, 33], 16, [3, 3], 1, 1)],
  ["3x3 on 4x4", shape([40, 9, 4, 4], 12, [3, 3], 1, 1)],
  ["3x3 on 2x2, many channels", shape([3, 150, 2, 2], 9, [3, 3], 1, 1)],
  ["3x3, stride 2, even", shape([5, 4, 8, 8], 8, [3, 3], 2, 1)],
  ["3x3, stride 2, odd", shape([5, 4, 7, 9], 7, [3, 3], 2, 1)],
  ["5x5, no padding", shape([18, 2, 9, 7], 4, [5, 5], 1, 0)],
  ["1x1", shape([4, 7, 3, 6], 9, [1, 1], 1, 0)],
  ["1x1, stride 2", shape([4, 6, 5, 8], 8, [1, 1], 2, 0)],
  ["2x3, stride 3, wide padding", shape([2, 3, 5, 6], 5, [2, 3], 3, 2)],
  ["4x4, stride 2", shape([2, 3, 6, 10], 5, [4, 4], 2, 1)],
];

export interface Image {
  /** Offset of the tensor in memory, and of its first interior position. */
  readonly tensor: number;
  readonly first: number;
}

export interface ConvProblem {
  readonly shape: ConvShape;
  readonly tiles: number;
  readonly out: { readonly height: number; readonly width: number };
  readonly taps: number;
  readonly cols: number;
  /** [rows, cols] */
  readonly w: Float32Array;
  readonly bias: Float32Array;
  /** [samples, inner, height, width] and [samples, rows, outHeight, outWidth] */
  readonly x: Float32Array;
  readonly dy: Float32Array;
  /** Of all lanes, those of absent samples too. */
  readonly xPlanes: Planes;
  readonly yPlanes: Planes;
}

/**
 * Random numbers for a shape; `density` of the weights are not zero. The first row is empty if
 * density is below 1.
 */
export function convProblem(s: ConvShape, seed: number, density = 1): ConvProblem {
  const random = seeded(seed);
  const [height, width] = [outHeight(s), outWidth(s)];
  const taps = s.kernel[0] * s.kernel[1];
  const cols = s.inner * taps;
  const tiles = Math.ceil(s.samples / TILE);
  const w = random.floats(s.rows * cols).map((value, k) => {
    const keep = random.next() < density && (density === 1 || s.rows === 1 || k >= cols);
    return keep ? value || 1 : 0;
  });
  return {
    shape: s,
    tiles,
    out: { height, width },
    taps,
    cols,
    w,
    bias: random.floats(s.rows),
    x: random.floats(s.samples * s.inner * s.height * s.width),
    dy: random.floats(s.samples * s.rows * height * width),
    xPlanes: planes(tiles * TILE, s.inner, s.height, s.width, s.pad),
    yPlanes: planes(tiles * TILE, s.rows, height, width, gradientBorder(s)),
  };
}

/** How far the input gradient looks beyond the edges of dy. */
function gradientBorder(s: ConvShape): number {
  let border = 1;
  for (const [kernel, size, out] of [
    [s.kernel[0], s.height, outHeight(s)],
    [s.kernel[1], s.width, outWidth(s)],
  ] as const)
    for (let k = 0; k < kernel; k++)
      for (let h = 0; h < size; h++) {
        const i = (h + s.pad - k) / s.stride;
        if (Number.isInteger(i)) border = Math.max(border, -i, i - (out - 1));
      }
  return border;
}

/** Copies images into memory; lanes of absent samples get `absent`. */
export function putImage({ put }: Scope, planes: Planes, images: Float32Array, absent = 0): Image {
  const all = new Float32Array(lanesOf(planes)).fill(absent);
  all.set(images);
  return imageAt(planes, put(planes.pack(all)));
}

/** Room for images, filled with `fill`. */
export function roomForImage({ room }: Scope, planes: Planes, fill: number): Image {
  return imageAt(planes, room(planes.length, fill));
}

/** The images of the samples that are present, [samples, channels, height, width]. */
export function imagesOf(
  { shape }: ConvProblem,
  planes: Planes,
  tensor: Float32Array,
): Float32Array {
  const lanes = Math.ceil(shape.samples / TILE) * TILE;
  return planes.unpack(tensor).subarray(0, (lanesOf(planes) / lanes) * shape.samples);
}

/** What is in the borders. */
export function borderOf(planes: Planes, tensor: Float32Array): Float32Array {
  const inside = planes.pack(new Float32Array(lanesOf(planes)).fill(1));
  return tensor.filter((_, i) => inside[i] === 0);
}

/** Pixels of all lanes. */
const lanesOf = ({ length, plane, height, width }: Planes): number =>
  (length / plane) * height * width * TILE;

const imageAt = (planes: Planes, tensor: number): Image => ({
  tensor,
  first: tensor + planes.interior * 4,
});

export interface Tap {
  /** Index within a kernel. */
  readonly index: number;
  /** In floats. */
  readonly offset: number;
}

export const tapWords = (taps: readonly Tap[]): Int32Array =>
  Int32Array.from(taps.flatMap(({ index, offset }) => [index, offset]));

/** Taps of the forward convolution, from x's top left border position on. */
export function forwardTaps({ shape: { kernel }, xPlanes }: ConvProblem): Tap[] {
  const { row } = xPlanes;
  return Array.from({ length: kernel[0] * kernel[1] }, (_, index) => ({
    index,
    offset: Math.floor(index / kernel[1]) * row + (index % kernel[1]) * TILE,
  }));
}

/**
 * One phase of the input gradient: the positions of dx whose row and column leave these remainders.
 */
export interface Phase {
  readonly first: readonly [row: number, column: number];
  readonly height: number;
  readonly width: number;
  /** From the start of dy's padded tensor on. */
  readonly taps: readonly Tap[];
}

/**
 * dx[c, h, w] gathers dy[o, (h + pad - kh) / stride, (w + pad - kw) / stride] where these are
 * whole.
 */
export function inputGradPhases({ shape: s, yPlanes }: ConvProblem): Phase[] {
  const { row, interior } = yPlanes;
  return Array.from({ length: s.stride ** 2 }, (_, phase) => {
    const h = Math.floor(phase / s.stride);
    const w = phase % s.stride;
    const taps: Tap[] = [];
    for (let kh = 0; kh < s.kernel[0]; kh++)
      for (let kw = 0; kw < s.kernel[1]; kw++) {
        const i = (h + s.pad - kh) / s.stride;
        const j = (w + s.pad - kw) / s.stride;
        if (Number.isInteger(i) && Number.isInteger(j))
          taps.push({ index: kh * s.kernel[1] + kw, offset: interior + i * row + j * TILE });
      }
    return {
      first: [h, w] as const,
      height: Math.max(0, Math.ceil((s.height - h) / s.stride)),
      width: Math.max(0, Math.ceil((s.width - w) / s.stride)),
      taps,
    };
  });
}

/** Geometry arguments of a forward convolution. */
export function forwardGeometry({ shape: s, out, xPlanes, yPlanes }: ConvProblem) {
  const x = xPlanes;
  const y = yPlanes;
  return {
    ...{
      height: out.height,
      width: out.width,
      xTile: x.tile,
      xRow: s.stride * x.row,
      xCol: s.stride * TILE,
    },
    ...{ yTile: y.tile, yPlane: y.plane, yRow: y.row, yCol: TILE },
  };
}

/** Geometry arguments of a phase of the input gradient: what it reads is dy, what it writes dx. */
export function inputGradGeometry(
  { shape: s, xPlanes, yPlanes }: ConvProblem,
  { height, width }: Phase,
) {
  const dy = yPlanes;
  const dx = xPlanes;
  return {
    ...{ height, width, xTile: dy.tile, xRow: dy.row, xCol: TILE },
    ...{ yTile: dx.tile, yPlane: dx.plane, yRow: s.stride * dx.row, yCol: s.stride * TILE },
  };
}

/** Geometry arguments of a weight gradient. */
export function weightGradGeometry({ shape: s, out, xPlanes, yPlanes }: ConvProblem) {
  const x = xPlanes;
  const dy = yPlanes;
  return {
    ...{ height: out.height, width: out.width, dyTile: dy.tile, dyPlane: dy.plane, dyRow: dy.row },
    ...{ xTile: x.tile, xRow: s.stride * x.row, xCol: s.stride * TILE },
  };
}

/** Units of work of a convolution with `rows` outputs. */
export const unitsOf = (tiles: number, rows: number): number => tiles * Math.ceil(rows / 8);

/** A sum of this many products of numbers up to 1 in size may be off by this. */
export const rounding = (terms: number): number => 2 ** -22 * (4 + terms);

/** Entries [rows][cols] of { byte offset, value } as words, and how many of each row are in use. */
export function patternOf(p: ConvProblem): { entries: Int32Array; counts: Int32Array } {
  const entries = new Int32Array(2 * p.w.length).fill(-1);
  const values = new Float32Array(entries.buffer);
  const counts = new Int32Array(p.shape.rows);
  const taps = forwardTaps(p);
  const { plane } = p.xPlanes;
  p.w.forEach((value, k) => {
    if (value === 0) return;
    const o = Math.floor(k / p.cols);
    const c = Math.floor((k % p.cols) / p.taps);
    const at = 2 * (o * p.cols + counts[o]!++);
    entries[at] = 4 * (c * plane + taps[k % p.taps]!.offset);
    values[at + 1] = value;
  });
  return { entries, counts };
}
