/**
 * Gradient clipping: a step of bounded length, whatever a batch says.
 *
 *     norm    g <- g min(1, norm / |g|_2),  |g|_2 over the gradients of all parameters together
 *     value   g_i <- min(max(g_i, -value), value)
 *
 * It comes before the optimizer, which sees the clipped gradient only: in LinBreg v moves by at
 * most tau norm a step. In a frozen step only the weights of the patterns count, as only they move.
 * Source: Pascanu, Mikolov, Bengio, ICML 2013, algorithm 1, for the norm.
 */
import { InputError } from "../errors.js";
import { knownOptions } from "../known-options.js";

/** One of the two. */
export interface ClipOptions {
  /** Largest norm of the gradient of all parameters, > 0. */
  readonly norm?: number | undefined;
  /** Largest size of any component, > 0. */
  readonly value?: number | undefined;
}

/**
 * @throws InputError unless exactly one of the two is given, a finite number above 0; also for
 *   an unknown key
 */
export function checkClip(options: ClipOptions): void {
  const { norm, value } = knownOptions("clip", options, { norm: 1, value: 1 });
  const given = [norm, value].filter((limit) => limit !== undefined);
  if (given.length !== 1) {
    throw new InputError(
      `clip: expected either norm or value, found ${given.length === 0 ? "neither" : "both"}`,
    );
  }
  if (!(given[0] > 0 && given[0] < Infinity)) {
    const name = norm === undefined ? "value" : "norm";
    throw new InputError(`clip: ${name} must be a finite number above 0, found ${given[0]}`);
  }
}

/**
 * The factor that brings a gradient of this norm to at most `limit`. A norm that is NaN changes
 * nothing: the NaN itself stops the training.
 */
export function clipFactor(norm: number, limit: number): number {
  return norm > limit ? limit / norm : 1;
}
