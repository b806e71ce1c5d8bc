/**
 * A convolution by the tile.
 *
 * Three forms of the same sum (design: which one is the parameter's choice, by its density and
 * regularizer): dense, unstructured (each non-zero weight with its precomputed shift), kernel
 * groups (pairs of channels with dense taps). The input gradient is a sum of the same kind with
 * inner and outer channels exchanged; for stride s it falls into at most s * s phases, one for each
 * remainder of the input position. conv-geometry.ts has the tables.
 */
import { kernelShape } from "../../runtime/form/conv-layout.js";
import { TILE, WHOLE_SHARES, op, type Op } from "../../runtime/kernel-table.js";
import { gradientForm } from "../../runtime/parameter.js";
import type { Conv2dLayer } from "../layers/conv2d.js";
import { interior, numberBytes, positionArgs, strides, tensorArgs } from "../tensor.js";
import {
  convLayout,
  coversInput,
  forwardStart,
  forwardTaps,
  gradientPad,
  gradientPhases,
} from "./conv-geometry.js";
import { zeroOp } from "./planes.js";
import type { Lowering, TiledRule } from "./rule.js";
import { sampledConvBytes, sampledConvGradient } from "./sampled-conv-gradient.js";
import { isSampled } from "./sampled-gradient.js";

/** Output channels that the kernels compute together: their unit of work. */
const BLOCK = 8;
/** Output and inner channels that a matrix unit takes at a time: see convPack. */
const PACKED_ROWS = 16;
const PACKED_INNER = 32;
/** Of fewer inner channels vectors compute as fast. */
const LEAST_PACKED = 16;
/** Output channels whose weight gradients are computed together. */
const WEIGHT_GRAIN = 4;

export const conv2dTiled: TiledRule<Conv2dLayer> = {
  takesHalf: true,
  backwardReads: { x: true, y: false },
  accumulates: true,
  fuses: { planes: "sums" },
  gradientPad: (layer, [[, height, width]]) => gradientPad(layer, height, width),
  convLayout,
  sampledBytes: ({ kernel: [height, width] }, { x, dy, tiles }) =>
    sampledConvBytes(x, dy, { taps: height * width, tiles }),
  forward(layer, at) {
    const { tiles, xs, y, constant } = at;
    const [x] = xs;
    const bias = at.parameters.at(1);
    return product(at, {
      transposed: false,
      phase: 0,
      taps: constant("forward taps", () => forwardTaps(layer, x)),
      tapCount: layer.kernel[0] * layer.kernel[1],
      bias: bias ? bias.theta : 0,
      x: positionArgs(x, x.offset + forwardStart(layer, x), layer.stride),
      y: positionArgs(y, interior(y)),
      tiles,
      rows: layer.out,
      inner: x.channels,
      height: y.height,
      width: y.width,
      accumulate: 0,
    });
  },

  recompute: (layer, at) => conv2dTiled.forward(layer, at),
  backward(layer, at) {
    const { tiles, xs, dy, dxs, constant } = at;
    const [dx] = dxs;
    if (!dx) return [];
    const { row } = strides(dx.tensor);
    const phases = gradientPhases(layer, xs[0], dy);
    const zeros =
      dx.accumulate || coversInput(phases, dx.tensor) ? [] : [zeroOp(dx.tensor, tiles, constant)];
    const products = phases.flatMap((phase) =>
      product(at, {
        transposed: true,
        phase: phase.number,
        taps: constant(`gradient taps ${phase.number}`, () => phase.taps),
        tapCount: phase.taps.length / 2,
        bias: 0,
        x: positionArgs(dy, dy.offset),
        y: positionArgs(
          dx.tensor,
          interior(dx.tensor) + (phase.row * row + phase.column * TILE) * numberBytes(dx.tensor),
          layer.stride,
        ),
        tiles,
        rows: xs[0].channels,
        inner: layer.out,
        height: phase.height,
        width: phase.width,
        accumulate: dx.accumulate ? 1 : 0,
      }),
    );
    return [...zeros, ...products];
  },

  weightGradients(layer, at) {
    const { tiles, dy, gradients } = at;
    const ops = weightGradient(layer, at);
    if (layer.bias) {
      const { height, width } = dy;
      const args = { dy: tensorArgs(dy), g: gradients[1], tiles, rows: layer.out, height, width };
      ops.push(op("convBiasGrad", layer.out, args));
    }
    return ops;
  },
};

type Positions = ReturnType<typeof positionArgs>;

/**
 * A sum over inner channels and taps, forward or backward. Names as in runtime/contract/conv.ts.
 */
interface Product {
  readonly transposed: boolean;
  readonly phase: number;
  readonly taps: number;
  readonly tapCount: number;
  readonly bias: number;
  readonly x: Positions;
  readonly y: Positions;
  readonly tiles: number;
  readonly rows: number;
  readonly inner: number;
  readonly height: number;
  readonly width: number;
  readonly accumulate: number;
}

/** The ops of a product on the kernel that the weight uses now. */
function product(at: Lowering, { transposed, phase, ...args }: Product): Op[] {
  const { form, theta, cols, conv } = at.parameters[0];
  const units = args.tiles * Math.ceil(args.rows / BLOCK);
  const { inner: _inner, ...sparse } = args;
  switch (form.kind) {
    case "dense": {
      const area = conv!.kernelHeight * conv!.kernelWidth;
      const [rowStride, innerStride] = transposed ? [area, cols] : [cols, area];
      const packed = args.inner < LEAST_PACKED ? 0 : packedWeight(at, area);
      const weight = { w: theta, rowStride, innerStride, packed };
      const multiply = op("convDense", units, { ...args, ...weight });
      if (!packed) return [multiply];
      const { taps, tapCount, rows, inner } = args;
      const blocks = Math.ceil(rows / PACKED_ROWS);
      return [op("convPack", blocks, { ...weight, taps, tapCount, rows, inner }), multiply];
    }
    case "pairs": {
      const { entries, counts, entryStride } = transposed ? form.transpose! : form;
      return [op("convPairs", units, { ...sparse, entries, counts, entryStride })];
    }
    case "entries": {
      const { entries, counts, entryStride } = transposed ? form.transpose! : form;
      const { taps: _taps, tapCount: _tapCount, ...unstructured } = sparse;
      const skip = phase * args.rows;
      const pattern = {
        entries: entries + skip * entryStride * 8,
        counts: counts + skip * 4,
        entryStride,
      };
      return [op("convSparse", units, { ...unstructured, ...pattern })];
    }
  }
}

/**
 * Where a matrix unit finds the weights of a product over planes of bf16; else 0. One place for
 * both directions and all phases: each product packs its weights anew just before.
 */
function packedWeight({ y, xs: [x], workspace }: Lowering, area: number): number {
  if (!y.half) return 0;
  const [few, many] = [Math.min(x.channels, y.channels), Math.max(x.channels, y.channels)];
  const squares = (rows: number, inner: number) =>
    Math.ceil(rows / PACKED_ROWS) * Math.ceil(inner / PACKED_INNER);
  const most = Math.max(squares(few, many), squares(many, few));
  return workspace("packed weight", most * area * 2 * PACKED_ROWS * PACKED_ROWS);
}

/** That of all weights or of the non-zeros; or all estimated, then the non-zeros exactly. */
function weightGradient(layer: Conv2dLayer, at: Lowering): Op[] {
  const { tiles, parameters, xs, dy, gradients, frozen, constant } = at;
  const [weight] = parameters;
  const { rows, cols } = weight;
  const [x] = xs;
  const common = {
    dy: tensorArgs(dy),
    x: positionArgs(x, x.offset + forwardStart(layer, x), layer.stride),
    g: gradients[0],
    tiles,
    rows,
    height: dy.height,
    width: dy.width,
  };
  const taps = {
    taps: constant("forward taps", () => forwardTaps(layer, x)),
    tapCount: layer.kernel[0] * layer.kernel[1],
    inner: x.channels,
  };
  // Planes of bf16 are converted once for all rows that are computed together.
  const grain = dy.half ? WHOLE_SHARES : WEIGHT_GRAIN;
  const sampled = isSampled(weight, at);
  const estimate = sampled ? sampledConvGradient({ ...common, ...taps }, at, grain) : [];
  const form = sampled ? weight.form : gradientForm(weight, frozen);
  switch (form.kind) {
    case "dense":
      return [op("convDenseWeightGrad", rows, { ...common, ...taps }, grain)];
    case "pairs": {
      const { entries, counts, entryStride } = form;
      const args = { ...common, ...taps, entries, counts, entryStride };
      return [...estimate, op("convPairsWeightGrad", rows, args)];
    }
    case "entries": {
      const { entries, counts, entryStride } = form;
      const args = { ...common, entries, counts, entryStride, cols, kernel: kernelShape(weight) };
      return [...estimate, op("convSparseWeightGrad", rows, args, WHOLE_SHARES)];
    }
  }
}
