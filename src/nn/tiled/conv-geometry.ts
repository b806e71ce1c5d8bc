/**
 * The tables of a convolution: which position each tap reads, forward and in each phase of the
 * input gradient.
 *
 *     forward         y[i, j]  reads x at row  i s + kh - p,  column  j s' + kw - p'
 *     input gradient  dx[h, w] with h = s i + a reads dy at row  i + u,  u = (a + p - kh) / s,  for the taps that divide
 *
 * The pairs of remainders (a, b) that have a tap are the phases; each tap belongs to exactly one.
 * (A stride larger than the kernel leaves remainders without taps: there dx is zero.) Offsets count
 * from the start of the padded plane, so they are never negative.
 */
import { InputError } from "../../errors.js";
import { largest } from "../../extremes.js";
import { TILE } from "../../runtime/kernel-table.js";
import type { ConvLayout } from "../../runtime/form/conv-layout.js";
import type { Pair, Sides } from "../layers/sides.js";
import { numberBytes, strides, type TensorShape } from "../tensor.js";

export interface ConvShape {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
}

export interface Phase {
  /**
   * Its place among those of the parameter's transpose. One without positions has a place, too:
   * each tap needs its phase.
   */
  readonly number: number;
  /**
   * First row and column of the input that this phase computes; it does every stride-th from there.
   */
  readonly row: number;
  readonly column: number;
  /** Positions it computes. */
  readonly height: number;
  readonly width: number;
  /**
   * i32 [taps][2]: { index within the kernel, float offset from the start of dy's padded plane }.
   */
  readonly taps: Int32Array;
}

/** The border of dy that the input gradient reads into, for an input of height x width. */
export function gradientPad(
  { kernel, stride, padding }: ConvShape,
  height: number,
  width: number,
): Pair {
  const border = (n: number, axis: 0 | 1): number => {
    const [k, step, [front, rear]] = [kernel[axis], stride[axis], padding[axis]];
    const out = Math.floor((n + front + rear - k) / step) + 1;
    const before = Math.ceil((k - 1 - front) / step);
    const behind = Math.floor((n - 1 + front) / step) - out + 1;
    return Math.max(before, behind, 0);
  };
  return [border(height, 0), border(width, 1)];
}

/**
 * Bytes from the start of x's padded tensor to what output position (0, 0) reads with tap (0, 0).
 */
export function forwardStart({ padding }: ConvShape, x: TensorShape): number {
  // A border wider than this convolution's padding, wanted by another reader, is skipped.
  const [[top], [left]] = padding;
  return ((x.pad[0] - top) * strides(x).row + (x.pad[1] - left) * TILE) * numberBytes(x);
}

/**
 * Forward taps, i32 [taps][2]: { index within the kernel, float offset from {@link forwardStart} }.
 */
export function forwardTaps({ kernel: [kh, kw] }: ConvShape, x: TensorShape): Int32Array {
  const { row } = strides(x);
  const taps = new Int32Array(2 * kh * kw);
  for (let t = 0; t < kh * kw; t++) {
    taps[2 * t] = t;
    taps[2 * t + 1] = Math.floor(t / kw) * row + (t % kw) * TILE;
  }
  return taps;
}

/**
 * One remainder of the rows, or columns, of dx: its positions, and its taps, each with the row or
 * column of dy that it reads first.
 */
interface Remainder {
  readonly first: number;
  readonly positions: number;
  readonly taps: readonly (readonly [tap: number, reads: number])[];
}

/** The remainders of an axis that have taps, ascending; n: rows (columns) of dx. */
function remainders(n: number, axis: 0 | 1, shape: ConvShape): Remainder[] {
  const [k, stride, [padding]] = [shape.kernel[axis], shape.stride[axis], shape.padding[axis]];
  const taps = new Map<number, (readonly [number, number])[]>();
  for (let tap = 0; tap < k; tap++) {
    const reads = Math.ceil((padding - tap) / stride);
    const first = reads * stride + tap - padding;
    const own = taps.get(first) ?? [];
    own.push([tap, reads]);
    taps.set(first, own);
  }
  return [...taps]
    .map(([first, own]) => ({
      first,
      positions: Math.max(0, Math.ceil((n - first) / stride)),
      taps: own,
    }))
    .sort((a, b) => a.first - b.first);
}

/** The remainders of rows and of columns; phase (a, b) is number a * columns.length + b. */
function bothRemainders(shape: ConvShape, x: TensorShape) {
  return { rows: remainders(x.height, 0, shape), columns: remainders(x.width, 1, shape) };
}

/**
 * The taps of a phase, i32 [taps][2]: { index within the kernel, float offset from the start of
 * dy's padded plane }.
 */
function tapsOf(
  down: Remainder,
  across: Remainder,
  kernelWidth: number,
  dy: TensorShape,
): Int32Array {
  const { row } = strides(dy);
  const taps = new Int32Array(2 * down.taps.length * across.taps.length);
  let at = 0;
  for (const [i, u] of down.taps) {
    for (const [j, v] of across.taps) {
      taps[at++] = i * kernelWidth + j;
      taps[at++] = (dy.pad[0] + u) * row + (dy.pad[1] + v) * TILE;
    }
  }
  return taps;
}

/**
 * Phases that a plan may have: each is an op. A kernel of 1024 x 1024 that moves by 1024 has as
 * many.
 */
const MOST_PHASES = 2 ** 20;

/**
 * The phases of the input gradient that have positions, in the order row-major by (a, b).
 *
 * @throws InputError if there are more than 2^20
 */
export function gradientPhases(shape: ConvShape, x: TensorShape, dy: TensorShape): Phase[] {
  const { rows, columns } = bothRemainders(shape, x);
  const count = rows.length * columns.length;
  if (count > MOST_PHASES) {
    throw new InputError(
      `the gradient behind a convolution of stride ${shape.stride.join(" x ")} takes ${count} ` +
        `ops, and a plan at most ${MOST_PHASES}; use a smaller stride`,
    );
  }
  return rows.flatMap((down, a) =>
    columns.flatMap((across, b) =>
      down.positions === 0 || across.positions === 0
        ? []
        : {
            number: a * columns.length + b,
            row: down.first,
            column: across.first,
            height: down.positions,
            width: across.positions,
            taps: tapsOf(down, across, shape.kernel[1], dy),
          },
    ),
  );
}

/** Whether every position of dx is in a phase. */
export function coversInput(phases: readonly Phase[], { height, width }: TensorShape): boolean {
  return phases.reduce((sum, phase) => sum + phase.height * phase.width, 0) === height * width;
}

/**
 * What a parameter has to know of its convolution to keep patterns and their transposes, see
 * runtime/form/form.ts.
 */
export function convLayout(shape: ConvShape, x: TensorShape, dy: TensorShape): ConvLayout {
  const [kh, kw] = shape.kernel;
  const { plane } = strides(x);
  const taps = forwardTaps(shape, x);
  const columns = new Int32Array(x.channels * kh * kw);
  for (let column = 0; column < columns.length; column++) {
    columns[column] =
      (Math.floor(column / (kh * kw)) * plane + taps[2 * (column % (kh * kw)) + 1]) * 4;
  }
  const remainder = bothRemainders(shape, x);
  const tapTable = new Int32Array(2 * kh * kw);
  remainder.rows.forEach((down, a) =>
    remainder.columns.forEach((across, b) => {
      const own = tapsOf(down, across, kw, dy);
      for (let k = 0; k < own.length; k += 2) {
        tapTable[2 * own[k]] = a * remainder.columns.length + b;
        tapTable[2 * own[k] + 1] = own[k + 1] * 4;
      }
    }),
  );
  const most = (side: readonly Remainder[]) => largest(side.map((one) => one.taps.length));
  return {
    inner: x.channels,
    kernelHeight: kh,
    kernelWidth: kw,
    columns,
    planeBytes: plane * 4,
    planeSize: plane / TILE,
    rowSize: x.width + 2 * x.pad[1],
    phases: remainder.rows.length * remainder.columns.length,
    mostTaps: most(remainder.rows) * most(remainder.columns),
    tapTable,
    rowBytes: strides(dy).plane * 4,
  };
}
