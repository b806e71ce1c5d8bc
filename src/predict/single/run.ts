/** Samples in a row, computed by a plan of one or of some at a time. */
import type { SinglePlan } from "./compile.js";

/** Computes as many as `out` has room for; the plan's last turn may find too few of them. */
export function runInTurns(
  { input, output, run }: SinglePlan,
  inputs: Float32Array,
  out: Float32Array,
): void {
  for (let from = 0, to = 0; to < out.length; from += input.length, to += output.length) {
    input.set(inputs.subarray(from, from + input.length));
    run();
    out.set(output.subarray(0, out.length - to), to);
  }
}
