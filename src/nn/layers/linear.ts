/**
 * Fully connected layer: y = W x + b, W of shape [out, in].
 *
 *     forward            y  = W x + b
 *     input gradient     dx = W^T dy
 *     weight gradient    dW = dy x^T,  db = sum over the samples of dy
 *
 * Each product has a dense kernel and one that costs only the non-zeros; the parameter's `kernel` field says which.
 */
import type { Shape } from "../../regularizers/regularizer.js";
import { EPILOGUE, TILE, op, type Op } from "../../runtime/kernel-table.js";
import { paddedRow, size, type LayerBase, type LayerRule, type Lowering } from "./layer.js";

export interface LinearLayer extends LayerBase {
  readonly kind: "linear";
  /** Units. */
  readonly out: number;
  /** Input features; inferred if not given, checked if given. */
  readonly in?: number;
  readonly bias: boolean;
}

export interface LinearOptions {
  /** Input features, to be checked against what the layer before gives. Default: whatever it gives. */
  in?: number;
  /** Default true. */
  bias?: boolean;
  name?: string;
}

/**
 * A fully connected layer of `out` units.
 *
 * @throws RangeError if `out` is not a positive integer
 * @example
 * const model = sequential([784], [linear(200), relu(), linear(10)]);
 */
export function linear(out: number, { in: inputs, bias = true, name }: LinearOptions = {}): LinearLayer {
  if (!Number.isInteger(out) || out < 1) throw new RangeError(`linear: out must be a positive integer, found ${out}`);
  return {
    kind: "linear",
    out,
    bias,
    ...(inputs === undefined ? {} : { in: inputs }),
    ...(name === undefined ? {} : { name }),
  };
}

/** Rows of dy handled together by the dense kernels; borders between threads fall on multiples of it. */
const GRAIN = 8;

export const linearRule: LayerRule<LinearLayer> = {
  outputShape(layer: LinearLayer, input: Shape): Shape {
    if (input.length !== 1) {
      throw new TypeError(`expected a flat input [features], found [${input.join(", ")}]`);
    }
    if (layer.in !== undefined && layer.in !== input[0]) {
      throw new TypeError(`expected ${layer.in} features, found [${input.join(", ")}]`);
    }
    return [layer.out];
  },

  parameters(layer, input) {
    const fanIn = size(input);
    return [
      { name: "weight", role: "weight", shape: [layer.out, fanIn], fanIn },
      ...(layer.bias ? [{ name: "bias", role: "bias", shape: [layer.out], fanIn } as const] : []),
    ];
  },

  multiplicationsPerWeight: 1,

  scratchBytes(input, tiles) {
    return tiles * TILE * paddedRow(size(input)) * 4;
  },

  forward(_layer, { tiles, parameters: [weight, bias], x, y, fuseRelu }): Op[] {
    const { rows, cols } = weight;
    const epilogue = fuseRelu ? EPILOGUE.relu : EPILOGUE.none;
    const b = bias ? bias.theta : 0;
    if (weight.kernel === "dense") {
      return [op("denseForward", rows, { w: weight.theta, bias: b, x, y, tiles, rows, cols, epilogue }, GRAIN)];
    }
    const { entries, counts } = weight.pattern!;
    return [
      op("sparseForward", rows, {
        entries,
        counts,
        bias: b,
        x,
        y,
        mask: 0,
        tiles,
        rows,
        cols,
        entryStride: cols,
        epilogue,
      }),
    ];
  },

  backward(_layer, at: Lowering): Op[] {
    const { tiles, x, dy, dx, mask, scratch } = at;
    const [weight, bias] = at.parameters;
    const [weightGradient, biasGradient] = at.gradients;
    const { rows, cols } = weight;
    const ops: Op[] = [];
    if (weight.gradient === "pattern" && weight.kernel === "sparse") {
      const { entries, counts } = weight.pattern!;
      ops.push(op("sparseWeightGrad", rows, { entries, counts, dy, x, g: weightGradient, tiles, rows, cols }));
    } else {
      const rowStride = paddedRow(cols);
      const xRows = at.xRows || scratch;
      if (!at.xRows) ops.push(op("tilesToRows", tiles, { x, out: scratch, features: cols, rowStride }));
      ops.push(op("denseWeightGrad", rows, { dy, xRows, g: weightGradient, tiles, rows, cols, rowStride }, GRAIN));
    }
    if (bias) ops.push(op("biasGrad", rows, { dy, g: biasGradient, tiles, rows }));
    if (dx && weight.kernel === "dense") {
      ops.push(op("denseInputGrad", cols, { w: weight.theta, dy, dx, mask, tiles, rows, cols }, GRAIN));
    } else if (dx) {
      const { entries, counts } = weight.transpose!;
      ops.push(
        op("sparseForward", cols, {
          entries,
          counts,
          bias: 0,
          x: dy,
          y: dx,
          mask,
          tiles,
          rows: cols,
          cols: rows,
          entryStride: rows,
          epilogue: EPILOGUE.none,
        }),
      );
    }
    return ops;
  },
};
