/**
 * Clipping on the pool (optim/clip.ts has the formulas): each component of a gradient by value as
 * it goes into the update, or all gradients together by their norm before the first update.
 */
import { clipFactor } from "../optim/clip.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter } from "../runtime/parameter.js";
import type { Programs } from "./sequence.js";
import type { StepKind } from "./updater.js";

/** The gradient of a parameter, f32 [rows, cols], which a backward pass has left in memory. */
export interface Gradient {
  readonly parameter: Parameter;
  /** Where it is. */
  readonly gradient: number;
}

/** An op that brings the components of a gradient within a limit. */
export function clipByValue(memory: Memory, limit: number): (gradient: Gradient) => Op {
  const bounds = memory.put(Float32Array.of(1, limit));
  return (gradient) => clipOp(gradient, bounds);
}

/**
 * What brings gradients to a norm of at most `limit`.
 *
 * @param gradients - all of them
 */
export function clipByNorm(
  memory: Memory,
  programs: Programs,
  { limit, gradients }: { readonly limit: number; readonly gradients: readonly Gradient[] },
): (kind: StepKind) => void {
  const bounds = memory.put(Float32Array.of(1, Infinity));
  /** Norms of each gradient's rows. */
  const all = gradients.map((one) => {
    return { ...one, norms: memory.allocate(one.parameter.rows * 4) };
  });
  return (kind) => {
    programs.run(`norms ${kind}`, () => all.map((one) => normsOp(one, one.norms, kind)));
    let squares = 0;
    for (const { parameter, norms } of all)
      for (const norm of memory.f32(norms, parameter.rows)) squares += norm * norm;
    const factor = clipFactor(Math.sqrt(squares), limit);
    if (factor === 1) return;
    memory.f32(bounds, 1)[0] = factor;
    programs.run("clip", () => all.map((one) => clipOp(one, bounds)));
  };
}

function clipOp({ parameter: { rows, cols }, gradient: g }: Gradient, bounds: number): Op {
  return op("clipGradient", rows, { g, bounds, rows, cols });
}

/** Norms of a gradient's rows; in a frozen step of the weights of the pattern. */
function normsOp({ parameter, gradient: g }: Gradient, norms: number, kind: StepKind): Op {
  const { rows, cols, dense } = parameter;
  const { places } = (kind === "frozen" && parameter.pattern) || dense;
  return op("gradientNorms", rows, { g, norms, rows, cols, pattern: places });
}
