/** Where a training has diverged. */
import type { Plan } from "../nn/plan.js";
import { strides } from "../nn/tensor.js";
import { type Parameter } from "../runtime/parameter.js";
import { readTheta } from "../runtime/theta.js";
import type { Pool } from "../runtime/pool.js";
import { runOnce } from "./sequence.js";

/**
 * Says where the first non-finite number of a forward pass appears, for the message of a run that
 * has diverged.
 */
export function firstNonFinite(
  pool: Pool,
  plan: Plan,
  parameters: ReadonlyMap<string, Parameter>,
): string {
  for (const [name, parameter] of parameters) {
    if (!readTheta(parameter).every(Number.isFinite)) {
      return `parameter "${name}" is not finite; a smaller learning rate may help`;
    }
  }
  for (const { name, ops, output } of plan.lower().forward) {
    runOnce(pool, ops);
    const length = output ? plan.tiles * strides(output).tile : 0;
    if (output && !pool.memory.f32(output.offset, length).every(Number.isFinite)) {
      return `the first output that is not finite is that of layer "${name}"; a smaller learning rate may help`;
    }
  }
  return "all parameters and outputs are finite, the loss itself overflowed";
}
