/* oxlint-disable unicorn/no-useless-spread -- keeps arguments that belong together on a line */
/**
 * The convolutions of the networks, each as programs of one kernel: forward, input gradient, weight
 * gradient.
 */
import {
  convLayout,
  forwardStart,
  forwardTaps,
  gradientPad,
  gradientPhases,
} from "../../dist/nn/tiled/conv-geometry.js";
import {
  interior,
  numberBytes,
  positionArgs,
  strides,
  tensorArgs,
  tensorBytes,
} from "../../dist/nn/tensor.js";
import { KERNELS } from "../../dist/runtime/all-kernels.js";
import { op as float, takesPlanes, TILE, WHOLE_SHARES } from "../../dist/runtime/kernel-table.js";
import { kernelShape } from "../../dist/runtime/form/conv-layout.js";
import { writeProgram } from "../../dist/runtime/program.js";
import { random } from "./random.mjs";

/**
 * @typedef {object} Layer
 * @property {string} name
 * @property {number} inner input channels
 * @property {number} rows output channels
 * @property {number} size side of the input
 * @property {number} kernel side of the kernel
 * @property {number} stride
 * @property {number} padding
 */

/** @returns {Layer} */
function layer(
  /** @type {string} */ net,
  /** @type {number} */ inner,
  /** @type {number} */ rows,
  /** @type {number} */ size,
  kernel = 3,
  stride = 1,
  padding = kernel >> 1,
) {
  const name = `${net} ${inner}-${rows} ${kernel}x${kernel}${stride > 1 ? `/${stride}` : ""} @${size}`;
  return { name, inner, rows, size, kernel, stride, padding };
}

/** Every distinct convolution of ResNet-18 for CIFAR, and of the ConvNet for Fashion-MNIST. */
export const LAYERS = [
  layer("ResNet-18", 3, 64, 32),
  layer("ResNet-18", 64, 64, 32),
  layer("ResNet-18", 64, 128, 32, 3, 2),
  layer("ResNet-18", 64, 128, 32, 1, 2),
  layer("ResNet-18", 128, 128, 16),
  layer("ResNet-18", 128, 256, 16, 3, 2),
  layer("ResNet-18", 128, 256, 16, 1, 2),
  layer("ResNet-18", 256, 256, 8),
  layer("ResNet-18", 256, 512, 8, 3, 2),
  layer("ResNet-18", 256, 512, 8, 1, 2),
  layer("ResNet-18", 512, 512, 4),
  layer("ConvNet", 1, 64, 28, 5, 1, 0),
  layer("ConvNet", 64, 64, 12, 5, 1, 0),
];

export const WORK = ["forward", "input gradient", "weight gradient"];

/**
 * Output channels of a unit of work, and those whose dense weight gradients are computed together.
 */
const BLOCK = 8;
const WEIGHT_GRAIN = 4;

/**
 * Puts a layer into a pool's memory (the caller releases it). Kinds of weight are functions that
 * add theirs, and return a program for each work, how many weights are not zero, and a program to
 * be run before the others.
 * @param {import("../../dist/runtime/pool.js").Pool} pool
 * @param {Layer} layer
 * @param {{ batch: number, density: number, precision?: "float32" | "bf16" }} options of the planes
 */
export function convPrograms(
  { memory },
  { inner, rows, size, kernel, stride: step, padding: border },
  { batch, density, precision = "float32" },
) {
  const half = precision === "bf16";
  /** @type {typeof float} */
  const op = (kernel, count, args, grain) => ({
    ...float(kernel, count, args, grain),
    half: half && takesPlanes(KERNELS, kernel),
  });
  const stride = /** @type {const} */ ([step, step]);
  const padding = /** @type {const} */ ([
    [border, border],
    [border, border],
  ]);
  const next = random(1);
  const uniform = () => 2 * next() - 1;
  const tiles = Math.ceil(batch / TILE);
  const shape = { kernel: /** @type {const} */ ([kernel, kernel]), stride, padding };
  const out = Math.floor((size + 2 * border - kernel) / step) + 1;
  const xShape = { channels: inner, height: size, width: size, pad: padding[0], half };
  const pad = gradientPad(shape, size, size);
  const yShape = { channels: rows, height: out, width: out, pad, half };
  const image = (/** @type {typeof xShape} */ tensor) => {
    const offset = memory.allocate(tensorBytes(tensor, tiles));
    const words = tensorBytes(tensor, tiles) / 4;
    // Of bf16 two lie in a word: some numbers from 1 to 2.
    if (half) memory.i32(offset, words).forEach((_, i, all) => (all[i] = 0x3f803f80 + (i % 127)));
    else memory.f32(offset, words).forEach((_, i, all) => (all[i] = (i % 251) / 251 - 0.5));
    return { ...tensor, offset };
  };
  const [x, y, dx, dy] = [image(xShape), image(yShape), image(xShape), image(yShape)];
  const area = kernel * kernel;
  const cols = inner * area;
  const taps = memory.put(forwardTaps(shape, x));
  const phases = gradientPhases(shape, x, dy).map((phase) => ({
    ...phase,
    table: memory.put(phase.taps),
  }));
  const forward = {
    x: positionArgs(x, x.offset + forwardStart(shape, x), stride),
    y: positionArgs(y, interior(y)),
    ...{ tiles, rows, height: out, width: out, bias: 0, accumulate: 0 },
  };
  const { row } = strides(dx);
  const backward = phases.map((phase) => ({
    x: positionArgs(dy, dy.offset),
    y: positionArgs(
      dx,
      interior(dx) + (phase.row * row + phase.column * TILE) * numberBytes(dx),
      stride,
    ),
    ...{ tiles, rows: inner, height: phase.height, width: phase.width, bias: 0, accumulate: 0 },
  }));
  const gradient = {
    dy: tensorArgs(dy),
    x: positionArgs(x, x.offset + forwardStart(shape, x), stride),
    ...{ g: memory.allocate(rows * cols * 4), tiles, rows, height: out, width: out },
  };
  const forwardUnits = tiles * Math.ceil(rows / BLOCK);
  const backwardUnits = tiles * Math.ceil(inner / BLOCK);
  const programs = (/** @type {import("../../dist/runtime/kernel-table.js").Op[][]} */ ops) =>
    WORK.map((_, k) => writeProgram(memory, ops[k]));

  function dense() {
    const w = memory.put(Float32Array.from({ length: rows * cols }, uniform));
    const most = Math.max(rows, inner);
    const blocks = Math.ceil(most / 16) * Math.ceil(most / 32);
    const packed = half ? memory.allocate(blocks * area * 2 * 4 * 256) : 0;
    /**
     * A product, and before it the packing of weights where planes are of bf16.
     *
     * @typedef {Omit<typeof forward, "rows">} Places
     * @typedef {"rows" | "rowStride" | "innerStride" | "taps" | "tapCount" | "inner"} Own
     */
    const product = (
      /** @type {number} */ units,
      /** @type {Places & Record<Own, number>} */ args,
    ) => {
      const { rows: outer, rowStride, innerStride, taps: table, tapCount, inner: depth } = args;
      const pack = { w, rowStride, innerStride, packed, taps: table, tapCount };
      return [
        ...(half
          ? [op("convPack", Math.ceil(outer / 16), { ...pack, rows: outer, inner: depth })]
          : []),
        op("convDense", units, { ...args, w, packed }),
      ];
    };
    const ops = [
      product(forwardUnits, {
        ...forward,
        ...{ rowStride: cols, innerStride: area, taps, tapCount: area, inner },
      }),
      phases.flatMap(({ table, taps: { length } }, p) =>
        product(backwardUnits, {
          ...backward[p],
          ...{ rowStride: area, innerStride: cols, taps: table, tapCount: length / 2, inner: rows },
        }),
      ),
      [
        op(
          "convDenseWeightGrad",
          rows,
          { ...gradient, taps, tapCount: area, inner },
          half ? WHOLE_SHARES : WEIGHT_GRAIN,
        ),
      ],
    ];
    return { nonZeros: rows * cols, prepare: writeProgram(memory, []), programs: programs(ops) };
  }

  function unstructured() {
    const theta = Float32Array.from({ length: rows * cols }, () =>
      next() < density ? uniform() : 0,
    );
    const layout = convLayout(shape, x, dy);
    const entries = memory.allocate(rows * cols * 8);
    const counts = new Int32Array(rows);
    const offsets = memory.i32(entries, 2 * rows * cols);
    const values = memory.f32(entries, 2 * rows * cols);
    theta.forEach((value, k) => {
      if (value === 0) return;
      const o = Math.floor(k / cols);
      const at = 2 * (o * cols + counts[o]++);
      offsets[at] = layout.columns[k % cols];
      values[at + 1] = value;
    });
    const pattern = { entries, counts: memory.put(counts), entryStride: cols };
    const most = rows * layout.mostTaps;
    const transpose = {
      ...{ entries, counts: pattern.counts, changed: memory.put(new Int32Array(rows).fill(1)) },
      ...{ tEntries: memory.allocate(layout.phases * inner * most * 8) },
      ...{
        tCounts: memory.allocate(layout.phases * inner * 4),
        source: memory.allocate(layout.phases * inner * most * 4),
      },
      ...{
        rows,
        cols,
        inner,
        phases: layout.phases,
        entryStride: most,
        tapTable: memory.put(layout.tapTable),
      },
      ...{ rowBytes: layout.rowBytes, force: memory.put(Int32Array.of(1)) },
      kernel: kernelShape({ conv: layout }),
    };
    return {
      nonZeros: theta.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0),
      prepare: writeProgram(memory, [op("transposeConv", inner, transpose)]),
      programs: programs([
        [op("convSparse", forwardUnits, { ...forward, ...pattern })],
        backward.map((args, p) =>
          op("convSparse", backwardUnits, {
            ...{
              ...args,
              entries: transpose.tEntries + p * inner * most * 8,
              counts: transpose.tCounts + p * inner * 4,
            },
            entryStride: most,
          }),
        ),
        [
          op(
            "convSparseWeightGrad",
            rows,
            { ...gradient, ...pattern, kernel: transpose.kernel, cols },
            WHOLE_SHARES,
          ),
        ],
      ]),
    };
  }

  function kernelGroups() {
    const theta = Float32Array.from({ length: rows * cols }, uniform);
    const w = memory.put(theta);
    const { planeBytes, rowBytes } = convLayout(shape, x, dy);
    const entries = memory.allocate(rows * inner * 8);
    const counts = new Int32Array(rows);
    const words = memory.i32(entries, 2 * rows * inner);
    for (let pair = 0; pair < rows * inner; pair++) {
      if (next() >= density) continue;
      const o = Math.floor(pair / inner);
      const at = 2 * (o * inner + counts[o]++);
      words[at] = (pair % inner) * planeBytes;
      words[at + 1] = w + pair * area * 4;
    }
    const pattern = { entries, counts: memory.put(counts), entryStride: inner };
    const transpose = {
      ...{ entries, pairCounts: pattern.counts, changed: memory.put(new Int32Array(rows).fill(1)) },
      ...{ tEntries: memory.allocate(inner * rows * 8), tCounts: memory.allocate(inner * 4) },
      ...{ rows, inner, planeBytes, rowBytes, force: memory.put(Int32Array.of(1)) },
    };
    return {
      nonZeros: counts.reduce((sum, n) => sum + n, 0) * area,
      prepare: writeProgram(memory, [op("transposePairs", inner, transpose)]),
      programs: programs([
        [op("convPairs", forwardUnits, { ...forward, ...pattern, taps, tapCount: area })],
        phases.map(({ table, taps: { length } }, p) => {
          const transposed = {
            entries: transpose.tEntries,
            counts: transpose.tCounts,
            entryStride: rows,
          };
          return op("convPairs", backwardUnits, {
            ...backward[p],
            ...transposed,
            taps: table,
            tapCount: length / 2,
          });
        }),
        [op("convPairsWeightGrad", rows, { ...gradient, ...pattern, taps, tapCount: area, inner })],
      ]),
    };
  }

  /**
   * Floating-point operations of one work with so many non-zero weights; products with the border's
   * zeros count.
   */
  const flops = (/** @type {number} */ nonZeros) => 2 * batch * out * out * nonZeros;
  return { flops, kinds: { dense, unstructured, "kernel groups": kernelGroups } };
}
