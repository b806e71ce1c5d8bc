/**
 * A convolution of one sample: each non-zero weight is a run of multiply-adds over a plane of the
 * input, `SINGLE_BLOCK` output channels at a time where the weight is dense.
 *
 * For stride s the input comes by phases, one for each remainder of its rows and columns: then what
 * a weight reads is a run again.
 */
import { SINGLE_BLOCK } from "../../runtime/contract/single.js";
import { singleConvIsSparse } from "../../runtime/crossover.js";
import { op, type Op } from "../../runtime/kernel-table.js";
import { nonZerosOf, rowsOf } from "../packed-values.js";
import type { Conv2dLayer } from "./conv2d.js";
import { size } from "../../shape-size.js";
import {
  imageArgs,
  NO_IMAGE,
  spanOf,
  type Phases,
  type SingleImage,
  type SingleLowering,
  type SingleRule,
} from "./single.js";

/** How a convolution computes one sample. */
export const convSingle: SingleRule<Conv2dLayer> = {
  takes: { relu: true, sum: true },
  inStep: true,
  stride: ({ stride }) => stride,
  remainders({ kernel, padding, stride }, pad) {
    const [rows, columns] = kernel.map((taps, axis) => {
      const more = pad[axis] - padding[axis][0];
      return [...new Set(Array.from({ length: taps }, (_, t) => (t + more) % stride[axis]))];
    });
    return rows.flatMap((row) => columns.map((column) => [row, column] as const));
  },

  lower(layer, at) {
    const { place, xs, phases, y, relu, residual, backend, mask, put } = at;
    const weight = place.values("weight");
    const density = nonZerosOf(weight) / size(weight.shape);
    const block = singleConvIsSparse(density, backend) ? 1 : SINGLE_BLOCK;
    const [start, shifts] = phases ? byPhases(layer, phases) : byRows(layer, xs[0]);
    const { starts, offsets, weights } = entriesOf(at, shifts, block);
    return [
      op("singleConv", Math.ceil(layer.out / block), {
        starts: put(starts),
        offsets: put(offsets),
        weights: put(weights),
        block,
        x: start,
        y: imageArgs(y),
        residual: residual ? imageArgs(residual) : NO_IMAGE,
        bias: layer.bias ? put(place.values("bias").data) : 0,
        mask: mask(),
        channels: layer.out,
        span: spanOf(y),
        relu: relu ? 1 : 0,
      }),
    ] satisfies Op[];
  },
};

/** Floats from channel to channel, and from the start to what each tap reads. */
interface Shifts {
  readonly channel: number;
  readonly taps: readonly number[];
}

/** Where the first tap of the first position lies, and the others from there. */
function byRows({ kernel, padding }: Conv2dLayer, x: SingleImage): [start: number, Shifts] {
  const taps = tapsOf(kernel, (i, j) => i * x.row + j);
  const [[top], [left]] = padding;
  return [x.at - (top * x.row + left) * 4, { channel: x.plane, taps }];
}

function byPhases({ kernel, padding, stride }: Conv2dLayer, x: Phases): [start: number, Shifts] {
  const [down, across] = stride;
  const [above, before] = x.pad.map((pad, axis) => pad - padding[axis][0]);
  const taps = tapsOf(kernel, (i, j) => {
    const [row, column] = [i + above, j + before];
    const within = Math.floor(row / down) * x.row + Math.floor(column / across);
    return x.phase(row % down, column % across) + within;
  });
  return [x.at, { channel: x.channel, taps }];
}

function tapsOf(
  [height, width]: Conv2dLayer["kernel"],
  shift: (row: number, column: number) => number,
): number[] {
  return Array.from({ length: height * width }, (_, t) => shift(Math.floor(t / width), t % width));
}

/** The entries of each block of output channels: every place where one of them has a weight. */
function entriesOf(
  { place }: SingleLowering,
  { channel, taps }: Shifts,
  block: number,
): { starts: Int32Array; offsets: Int32Array; weights: Float32Array } {
  const weight = place.values("weight");
  const cols = size(weight.shape.slice(1));
  const { values, columns, starts } = rowsOf(weight);
  // Loops, since there are many: a call for each takes longer than all the rest.
  const offsetOf = new Int32Array(cols);
  for (let column = 0, input = 0; column < cols; input++) {
    for (const tap of taps) offsetOf[column++] = 4 * (input * channel + tap);
  }
  if (block === 1) {
    const offsets = new Int32Array(columns.length);
    for (let e = 0; e < offsets.length; e++) offsets[e] = offsetOf[columns[e]];
    return { starts, offsets, weights: values };
  }
  const blocks = Math.ceil(weight.shape[0] / block);
  const offsets = new Int32Array(blocks * cols);
  const weights = new Float32Array(blocks * cols * block);
  for (let k = 0; k < blocks; k++) offsets.set(offsetOf, k * cols);
  for (let row = 0; row < weight.shape[0]; row++) {
    const first = Math.floor(row / block) * cols;
    for (let e = starts[row]; e < starts[row + 1]; e++)
      weights[(first + columns[e]) * block + (row % block)] = values[e];
  }
  return {
    starts: Int32Array.from({ length: blocks + 1 }, (_, k) => k * cols),
    offsets,
    weights,
  };
}
