/**
 * An optimizer with another lambda: what density control and freezing change in the course of a
 * run.
 */
import { withLambdaTimes } from "../regularizers/scaled.js";
import { makeMasked } from "./masked.js";
import type { Optimizer } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

/**
 * The same optimizer with its lambda times a factor.
 *
 * @throws InputError if the factor is negative or not finite
 */
export function scaleLambda(optimizer: Optimizer, factor: number): Optimizer {
  if (factor === 1) return optimizer;
  const { kind, tau, delta, move, follow, regularizer: given, mask, weightDecay } = optimizer;
  const regularizer = withLambdaTimes(given, factor);
  if (mask) return makeMasked(kind, { tau, move, rule: mask, penalty: regularizer });
  return makeOptimizer(kind, { tau, delta, move, follow, regularizer, weightDecay });
}
