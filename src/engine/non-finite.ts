/** Where a training has diverged. */
import type { Plan } from "../nn/plan.js";
import { tensorBytes, type PlacedTensor } from "../nn/tensor.js";
import { type Parameter } from "../runtime/parameter.js";
import type { Memory } from "../runtime/memory.js";
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
    if (output && !isFinite(pool.memory, output, plan.tiles)) {
      return `the first output that is not finite is that of layer "${name}"; a smaller learning rate may help`;
    }
  }
  return "all parameters and outputs are finite, the loss itself overflowed";
}

function isFinite(memory: Memory, tensor: PlacedTensor, tiles: number): boolean {
  const bytes = tensorBytes(tensor, tiles);
  if (!tensor.half) return memory.f32(tensor.offset, bytes / 4).every(Number.isFinite);
  // Two to a word: what is not finite has an exponent of ones alone, as a float32 has.
  return memory
    .i32(tensor.offset, bytes / 4)
    .every((word) => (word & 0x7f80) !== 0x7f80 && ((word >>> 16) & 0x7f80) !== 0x7f80);
}
