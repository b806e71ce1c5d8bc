/** Which kernels each layer runs on, by its density. */
import { chooseGradient, chooseKernel } from "../runtime/crossover.js";
import type { Op } from "../runtime/kernel-table.js";
import { compressOp, expandOps, type Parameter } from "../runtime/parameter.js";
import { nonZeros } from "../runtime/theta.js";
import type { Pool } from "../runtime/pool.js";
import { runOnce } from "./sequence.js";

/**
 * Lets every layer run on the kernels that suit its density, and brings the form of its weights
 * that they read up to date.
 *
 * @returns whether anything has changed: programs have then to be written anew
 */
export function chooseKernels(pool: Pool, parameters: Iterable<Parameter>): boolean {
  const { memory, backend } = pool;
  const ops: Op[] = [];
  const forced: Int32Array[] = [];
  let changed = false;
  for (const parameter of parameters) {
    const { pattern, transpose, rows, cols, conv } = parameter;
    if (!pattern) continue;
    const density = nonZeros(memory, parameter) / (rows * cols);
    const kernel = chooseKernel(density, parameter.kernel, backend);
    const kind = pattern.kind === "pairs" ? "pairs" : conv ? "conv" : "linear";
    const gradient =
      kernel === "sparse" ? chooseGradient(density, parameter.gradient, kind, backend) : "all";
    changed ||= kernel !== parameter.kernel || gradient !== parameter.gradient;
    parameter.gradient = gradient;
    if (kernel === parameter.kernel) continue;
    parameter.kernel = kernel;
    if (kernel === "sparse") {
      ops.push(compressOp(parameter));
      if (transpose) {
        ops.push(transpose.update);
        forced.push(memory.i32(transpose.force, 1));
      }
    } else {
      for (const one of expandOps(parameter)) ops.push(one);
    }
  }
  for (const word of forced) word[0] = 1;
  runOnce(pool, ops);
  for (const word of forced) word[0] = 0;
  return changed;
}
