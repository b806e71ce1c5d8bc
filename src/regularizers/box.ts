/**
 * Weights that may not leave an interval.
 *
 *     J(x) = 0 if lower <= x_i <= upper for all i, else infinity
 *     prox_{s J}(x)_i = x_i, or the bound it has passed, whatever s
 *     dJ(x)_i = 0 inside, [0, infinity) at the upper bound, (-infinity, 0] at the lower
 *
 * Source: example 1 of Bungert et al., JMLR 23:192 (2022), for [0, infinity); the prox of an
 * indicator is the projection.
 *
 * 1. 0 is a subgradient everywhere in the box, and the one of minimal norm, so v starts as theta /
 *    delta. Outside J is infinite and has none; there too 0 is given, and the first step brings
 *    such weights to the bound.
 * 2. A bound is compared as the array's own type rounds it: a float32 weight at the bound 0.1 is in
 *    the box, although the float32 nearest to 0.1 is a little more.
 */
import { InputError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import { entry, type Key } from "../entry.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { checkShape, checkStep } from "./checks.js";
import type { Floats, Regularizer } from "./regularizer.js";

export interface BoxOptions {
  /** Smallest weight allowed; default -Infinity. */
  readonly lower?: number | undefined;
  /** Largest weight allowed, at least `lower`; default Infinity. */
  readonly upper?: number | undefined;
}

/** A box, with its bounds. */
export interface Box extends Regularizer {
  readonly kind: "box";
  readonly lower: number;
  readonly upper: number;
}

const OPTIONS = {
  lower: {
    type: "number",
    optional: true,
    about: "Smallest weight allowed; default: none is too small",
  },
  upper: {
    type: "number",
    optional: true,
    about: "Largest weight allowed; default: none is too large",
  },
} as const satisfies OptionKeys<BoxOptions, Key>;

/**
 * Keeps every weight between two bounds, for weights of any shape. It has no lambda, and makes
 * nothing sparse but what a bound of 0 does.
 *
 * @throws InputError unless lower <= upper and some number lies between them
 * @example
 * const x = Float64Array.of(0.25, -1, 3);
 * box({ lower: 0, upper: 2 }).prox(x, 1, [3], x); // x is now 0.25, 0, 2
 */
export function box(options: BoxOptions): Box {
  const { lower = -Infinity, upper = Infinity } = knownOptions("box", options, OPTIONS);
  if (!(lower <= upper && lower < Infinity && upper > -Infinity)) {
    throw new InputError(`box: lower must be at most upper, found ${lower} and ${upper}`);
  }
  return {
    kind: "box",
    lambda: 0,
    lower,
    upper,
    // With bounds of 0 and infinity it is a cone; without bounds it is none.
    finite: lower === -Infinity && upper === Infinity,
    homogeneous: [lower, upper].every((bound) => bound === 0 || !Number.isFinite(bound)),
    constraint: true,
    groups: "entries",
    value(x, shape) {
      checkShape("box", shape, x);
      const round = rounding(x);
      const [least, most] = [round(lower), round(upper)];
      for (let i = 0; i < x.length; i++) if (!(x[i] >= least && x[i] <= most)) return Infinity;
      return 0;
    },
    prox(x, step, shape, out) {
      checkStep("box", step);
      checkShape("box", shape, x, out);
      for (let i = 0; i < x.length; i++)
        out[i] = x[i] < lower ? lower : x[i] > upper ? upper : x[i];
    },
    subgradient(x, shape, out) {
      checkShape("box", shape, x, out);
      out.fill(0);
    },
  };
}

box.entry = entry("box", OPTIONS, box);

function rounding(x: Floats): (value: number) => number {
  return isTypedArray(x, "Float32Array") ? Math.fround : (value) => value;
}
