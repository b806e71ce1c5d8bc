/** The derivative of a ReLU that is part of another layer's step. */
import type { Op } from "../../runtime/kernel-table.js";
import { relu } from "../layers/activation.js";
import type { PlacedTensor } from "../tensor.js";
import { gradientOp } from "./activation.js";

/** Multiplies dy by the derivative of the ReLU whose output is y. */
export function reluGradientInPlace(y: PlacedTensor, dy: PlacedTensor, tiles: number): Op {
  return gradientOp(
    { kind: relu.rule.code, slope: 0 },
    y,
    dy,
    { tensor: dy, accumulate: false },
    tiles,
  );
}
