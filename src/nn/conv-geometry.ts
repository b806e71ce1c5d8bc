/**
 * The tables of a convolution: which position each tap reads, forward and in each phase of the input gradient.
 *
 *     forward         y[i, j]  reads x at row  i s + kh - p,  column  j s + kw - p
 *     input gradient  dx[h, w] with h = s i + a reads dy at row  i + u,  u = (a + p - kh) / s,  for the taps that divide
 *
 * The s * s pairs of remainders (a, b) are the phases; each tap belongs to exactly one. Offsets count from the start of
 * the padded plane, so they are never negative.
 */
import { TILE } from "../runtime/kernel-table.js";
import type { ConvLayout } from "../runtime/parameter.js";
import { strides, type TensorShape } from "./tensor.js";

export interface ConvShape {
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: number;
}

export interface Phase {
  /** First row and column of the input that this phase computes; it does every stride-th from there. */
  readonly row: number;
  readonly column: number;
  /** Positions it computes. */
  readonly height: number;
  readonly width: number;
  /** { index within the kernel, float offset from the start of dy's padded plane }. */
  readonly taps: readonly (readonly [index: number, offset: number])[];
}

/** The border of dy that the input gradient reads into, for an input of height x width. */
export function gradientPad({ kernel, stride, padding }: ConvShape, height: number, width: number): number {
  const side = (n: number, k: number): number => {
    const out = Math.floor((n + 2 * padding - k) / stride) + 1;
    const before = Math.ceil((k - 1 - padding) / stride);
    const behind = Math.floor((n - 1 + padding) / stride) - out + 1;
    return Math.max(before, behind, 0);
  };
  return Math.max(side(height, kernel[0]), side(width, kernel[1]));
}

/** Bytes from the start of x's padded tensor to what output position (0, 0) reads with tap (0, 0). */
export function forwardStart({ padding }: ConvShape, x: TensorShape): number {
  // A border wider than this convolution's padding, wanted by another reader, is skipped.
  return (x.pad - padding) * (strides(x).row + TILE) * 4;
}

/** Forward taps: { index within the kernel, float offset from {@link forwardStart} }. */
export function forwardTaps({ kernel: [kh, kw] }: ConvShape, x: TensorShape): (readonly [number, number])[] {
  const { row } = strides(x);
  return Array.from({ length: kh * kw }, (_, t) => [t, Math.floor(t / kw) * row + (t % kw) * TILE] as const);
}

/**
 * The phases of the input gradient, in the order row-major by (a, b). One without positions (the input is smaller than the stride)
 * is there if it has taps: each tap of a transposed pattern needs its phase.
 */
export function gradientPhases(
  { kernel: [kh, kw], stride, padding }: ConvShape,
  x: TensorShape,
  dy: TensorShape,
): Phase[] {
  const { row } = strides(dy);
  const phases: Phase[] = [];
  for (let a = 0; a < stride; a++) {
    for (let b = 0; b < stride; b++) {
      const taps: (readonly [number, number])[] = [];
      for (let t = 0; t < kh * kw; t++) {
        const u = (a + padding - Math.floor(t / kw)) / stride;
        const v = (b + padding - (t % kw)) / stride;
        if (Number.isInteger(u) && Number.isInteger(v)) taps.push([t, (dy.pad + u) * row + (dy.pad + v) * TILE]);
      }
      const height = Math.max(0, Math.ceil((x.height - a) / stride));
      const width = Math.max(0, Math.ceil((x.width - b) / stride));
      if ((height > 0 && width > 0) || taps.length > 0) phases.push({ row: a, column: b, height, width, taps });
    }
  }
  return phases;
}

/** What a parameter has to know of its convolution to keep patterns and their transposes, see parameter.ts. */
export function convLayout(shape: ConvShape, x: TensorShape, dy: TensorShape): ConvLayout {
  const [kh, kw] = shape.kernel;
  const { plane } = strides(x);
  const taps = forwardTaps(shape, x);
  const phases = gradientPhases(shape, x, dy);
  const table = new Int32Array(2 * kh * kw);
  phases.forEach(({ taps: own }, p) => {
    for (const [index, offset] of own) table.set([p, offset * 4], 2 * index);
  });
  return {
    inner: x.channels,
    kernelHeight: kh,
    kernelWidth: kw,
    columns: Int32Array.from({ length: x.channels * kh * kw }, (_, column) => {
      return (Math.floor(column / (kh * kw)) * plane + taps[column % (kh * kw)][1]) * 4;
    }),
    planeBytes: plane * 4,
    planeSize: plane / TILE,
    rowSize: x.width + 2 * x.pad,
    phases: phases.length,
    mostTaps: Math.max(...phases.map((phase) => phase.taps.length)),
    tapTable: table,
    rowBytes: strides(dy).plane * 4,
  };
}
