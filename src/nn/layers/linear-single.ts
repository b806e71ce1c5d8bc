/**
 * A linear layer of one sample: by its non-zeros, or by all of it where that is cheaper. Of several
 * samples side by side it is a convolution of one position.
 */
import { singleLinearIsSparse } from "../../runtime/crossover.js";
import { op } from "../../runtime/kernel-table.js";
import { nonZerosOf, rowsOf } from "../packed-values.js";
import { convSingle } from "./conv2d-single.js";
import type { LinearLayer } from "./linear.js";
import { size } from "../../shape-size.js";
import type { SingleRule } from "./single.js";

const ONE_POSITION = {
  kind: "conv2d",
  kernel: [1, 1],
  stride: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
} as const;

/** How a linear layer computes one sample. */
export const linearSingle: SingleRule<LinearLayer> = {
  takes: { relu: true },
  inStep: false,
  lower({ bias, out }, at) {
    const { place, xs, y, relu, backend, samples, put } = at;
    if (samples > 1) return convSingle.lower({ ...ONE_POSITION, bias, out }, at);
    const [x] = xs;
    const weight = place.values("weight");
    const [, cols] = weight.shape;
    const common = {
      bias: bias ? put(place.values("bias").data) : 0,
      x: x.at,
      y: y.at,
      relu: relu ? 1 : 0,
    };
    const count = nonZerosOf(weight);
    if (!singleLinearIsSparse(count / size(weight.shape), backend)) {
      return [op("singleDense", out, { w: put(weight.data), stride: cols, cols, ...common })];
    }
    const { values, columns, starts } = rowsOf(weight);
    return [
      op("singleSparse", out, {
        starts: put(starts),
        offsets: put(columns.map((column) => column * 4)),
        weights: put(values),
        ...common,
      }),
    ];
  },
};
