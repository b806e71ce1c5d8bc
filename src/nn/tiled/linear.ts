/**
 * A linear layer by the tile.
 *
 *     forward            y  = W x + b
 *     input gradient     dx = W^T dy
 *     weight gradient    dW = dy x^T,  db = sum over the samples of dy
 *
 * Each product has a dense kernel and one that costs only the non-zeros; the parameter's `kernel`
 * field says which.
 */
import { InternalError } from "../../errors.js";
import { DENSE_GRAIN, EPILOGUE } from "../../runtime/contract/linear.js";
import { TILE, op, type Op } from "../../runtime/kernel-table.js";
import { gradientForm, needsPatternOnly } from "../../runtime/parameter.js";
import { size } from "../../shape-size.js";
import type { LinearLayer } from "../layers/linear.js";
import { reluGradientInPlace } from "./relu-gradient.js";
import { paddedRow, type Lowering, type TiledRule } from "./rule.js";
import { isSampled, sampledBytes, sampledGradient } from "./sampled-gradient.js";

export const linearTiled: TiledRule<LinearLayer> = {
  backwardReads: { x: true, y: false },
  accumulates: false,
  fuses: { relu: true, flatten: true },
  // For the gradient of every weight.
  readsRows: ([weight], frozen) => !needsPatternOnly(weight, frozen),
  scratchBytes([input], tiles) {
    return tiles * TILE * paddedRow(size(input)) * 4;
  },

  sampledBytes: ({ out }, { x, tiles }) =>
    sampledBytes(out, x.channels * x.height * x.width, tiles),
  forward(_layer, { tiles, parameters: [weight, bias], xs, y, relu }) {
    const { rows, cols } = weight;
    const places = { bias: bias ? bias.theta : 0, x: xs[0].offset, y: y.offset };
    const epilogue = relu ? EPILOGUE.relu : EPILOGUE.none;
    const { form } = weight;
    switch (form.kind) {
      case "dense": {
        const args = { w: weight.theta, ...places, tiles, rows, cols, epilogue };
        return [op("denseForward", rows, args, DENSE_GRAIN)];
      }
      case "entries": {
        const { entries, counts, entryStride } = form;
        const args = { entries, counts, ...places, mask: 0, tiles, rows, cols, entryStride };
        return [op("sparseForward", rows, { ...args, epilogue })];
      }
      case "pairs":
        throw noPairs();
    }
  },

  backward(_layer, at) {
    const { tiles, parameters, xs, dy, dxs, mask, gradients } = at;
    const [weight, bias] = parameters;
    const { rows } = weight;
    const x = xs[0].offset;
    const ops: Op[] = [
      ...(at.reluGradient ? [reluGradientInPlace(at.y, dy, tiles)] : []),
      ...(weight.still ? [] : weightGradient(at)),
    ];
    if (bias && !bias.still)
      ops.push(op("biasGrad", rows, { dy: dy.offset, g: gradients[1], tiles, rows }));
    const [dx] = dxs;
    if (dx) ops.push(inputGradient(at, dx.tensor.offset, mask ? x : 0));
    return ops;
  },
};

/** A linear layer has no pairs of channels. */
function noPairs(): InternalError {
  return new InternalError("linear: expected a weight that is dense or entries, found pairs");
}

/** dx, zero where `mask` is. */
function inputGradient({ tiles, parameters, dy }: Lowering, dx: number, mask: number): Op {
  const { form, theta, rows, cols } = parameters[0];
  switch (form.kind) {
    case "dense": {
      const args = { w: theta, dy: dy.offset, dx, mask, tiles, rows, cols };
      return op("denseInputGrad", cols, args, DENSE_GRAIN);
    }
    case "entries": {
      const { entries, counts, entryStride } = form.transpose!;
      const places = { entries, counts, entryStride, bias: 0, x: dy.offset, y: dx, mask };
      const args = { ...places, tiles, rows: cols, cols: rows, epilogue: EPILOGUE.none };
      return op("sparseForward", cols, args);
    }
    case "pairs":
      throw noPairs();
  }
}

/** dW, of all weights or of the non-zeros. */
function weightGradient(at: Lowering): Op[] {
  const { tiles, parameters, xs, dy, gradients } = at;
  const [weight] = parameters;
  const { rows, cols } = weight;
  const x = xs[0].offset;
  const sampled = isSampled(weight, at);
  const estimate = sampled ? sampledGradient(weight, at) : [];
  // After an estimate of all it puts the exact gradient at the places of the non-zeros.
  const form = sampled ? weight.form : gradientForm(weight, at.frozen);
  switch (form.kind) {
    case "dense":
      return wholeGradient(at);
    case "entries": {
      const { entries, counts } = form;
      const args = { entries, counts, dy: dy.offset, x, g: gradients[0], tiles, rows, cols };
      return [...estimate, op("sparseWeightGrad", rows, args)];
    }
    case "pairs":
      throw noPairs();
  }
}

/** dW of all weights. */
function wholeGradient(at: Lowering): Op[] {
  const { tiles, parameters, xs, dy, xRows, scratch, gradients } = at;
  const { rows, cols } = parameters[0];
  const x = xs[0].offset;
  const rowStride = paddedRow(cols);
  const ops: Op[] = [];
  if (!xRows) ops.push(op("tilesToRows", tiles, { x, out: scratch, features: cols, rowStride }));
  // Inputs of a data set, such as the pixels of images, may be the same in a whole batch.
  const columns = xRows && at.workspace("columns", 1 + cols + 1 + Math.ceil(cols / 16));
  if (columns) {
    ops.push(op("findColumns", 1, { x, columns, tiles, cols }));
    ops.push(op("packColumns", tiles * TILE, { xRows, columns, cols, rowStride }, TILE));
  }
  const places = { dy: dy.offset, xRows: xRows || scratch, g: gradients[0], columns };
  const args = { ...places, tiles, rows, cols, rowStride };
  ops.push(op("denseWeightGrad", rows, args, DENSE_GRAIN));
  return ops;
}
