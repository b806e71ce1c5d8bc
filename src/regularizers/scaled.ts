/**
 * A regularizer times a factor.
 *
 *     (c J)(x) = c J(x),   prox_{s (c J)} = prox_{(s c) J},   d(c J)(x) = c dJ(x)
 *
 * Its lambda and mu are c times those of J. Where only lambda is to change, J may have another
 * rule: `withLambda`.
 *
 * 1. Where J is infinite c J is, for c = 0 too: what is not allowed stays so, and 0 * Infinity
 *    would be NaN.
 */
import { InputError } from "../errors.js";
import type { Regularizer } from "./regularizer.js";

/**
 * c J.
 *
 * @param factor - c, >= 0
 * @throws InputError if the factor is negative or not finite
 * @example
 * const x = Float64Array.of(0.25, -1, 3);
 * scaled(l1(1), 0.5).prox(x, 1, [3], x); // x is now 0, -0.5, 2.5
 */
export function scaled<J extends Regularizer>(regularizer: J, factor: number): J {
  if (!(factor >= 0 && factor < Infinity)) {
    throw new InputError(`scaled: factor must be a finite number of at least 0, found ${factor}`);
  }
  if (factor === 1) return regularizer;
  const { lambda, mu } = regularizer;
  return {
    ...regularizer,
    lambda: lambda * factor,
    ...(mu !== undefined && { mu: mu * factor }),
    ...(regularizer.withLambda && { withLambda: factor > 0 ? withLambda : undefined }),
    value(x, shape) {
      const value = regularizer.value(x, shape);
      return value === Infinity ? value : factor * value;
    },
    prox: (x, step, shape, out) => regularizer.prox(x, step * factor, shape, out),
    subgradient(x, shape, out) {
      regularizer.subgradient(x, shape, out);
      for (let i = 0; i < out.length; i++) out[i] *= factor;
    },
  };

  function withLambda(other: number): Regularizer {
    return scaled(regularizer.withLambda!(other / factor), factor);
  }
}

/**
 * The factor by which each part of a regularizer with this lambda changes, for lambda to become
 * `target`. A lambda of 0 stays 0: there is nothing to be shared out.
 */
export function factorTo(target: number, lambda: number): number {
  return lambda === 0 ? 1 : target / lambda;
}

/** The same J with lambda times a factor: what density control and freezing change. */
export function withLambdaTimes<J extends Regularizer>(regularizer: J, factor: number): J {
  if (factor === 1) return regularizer;
  const other = regularizer.withLambda?.(regularizer.lambda * factor);
  return other ? { ...regularizer, ...other, kind: regularizer.kind } : scaled(regularizer, factor);
}
