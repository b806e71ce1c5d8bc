/**
 * The l-infinity norm: the largest weight of the tensor, whatever the others are.
 *
 *     J(x) = lambda max_i |x_i|
 *     prox_{s J}(x) = x - P(x),   P the projection on the l1 ball of radius s lambda        (Moreau)
 *                   = x clipped to [-t, t],   sum_i max(|x_i| - t, 0) = s lambda;   0 where |x|_1 <= s lambda
 *     dJ(x) = { lambda p : p_i = w_i sign(x_i), w >= 0, sum w = 1, w_i = 0 where |x_i| is not the largest }
 *             and at x = 0 all p with |p|_1 <= lambda
 *
 * Many weights end at the same largest size, as with weights of one bit and a scale. The tensor is
 * zero until |v|_1, the sum over all its weights, passes lambda. Source: Moreau 1965 for x - P(x);
 * Michelot, J. Optim. Theory Appl. 50 (1986), for the level t.
 */
import { entry } from "../entry.js";
import { checkLambda, checkShape, checkStep } from "./checks.js";
import { LAMBDA } from "./keys.js";
import type { Floats, Regularizer } from "./regularizer.js";

/**
 * l-infinity regularizer, over the whole tensor, for weights of any shape.
 *
 * @param lambda - strength, >= 0
 * @throws InputError if lambda is negative or not finite
 * @example
 * const x = Float64Array.of(3, -1, 0.5, 2.5);
 * lInfinity(1).prox(x, 1, [4], x); // x is now 2.25, -1, 0.5, 2.25
 */
export function lInfinity(lambda: number): Regularizer {
  checkLambda("lInfinity", lambda);
  return {
    kind: "lInfinity",
    lambda,
    finite: true,
    homogeneous: true,
    value(x, shape) {
      checkShape("lInfinity", shape, x);
      return lambda * largest(x);
    },
    prox(x, step, shape, out) {
      checkStep("lInfinity", step);
      checkShape("lInfinity", shape, x, out);
      const t = level(x, step * lambda);
      // Neither a NaN nor its t, which is NaN then, is at most the other: it goes on.
      for (let i = 0; i < x.length; i++)
        out[i] = t === 0 ? 0 : Math.abs(x[i]) <= t ? x[i] : x[i] > 0 ? t : -t;
    },
    subgradient(x, shape, out) {
      checkShape("lInfinity", shape, x, out);
      const most = largest(x);
      let count = 0;
      for (let i = 0; i < x.length; i++) if (Math.abs(x[i]) === most) count++;
      // Equal shares have the smallest norm.
      const share = most === 0 ? 0 : lambda / count;
      for (let i = 0; i < x.length; i++)
        out[i] = share > 0 && Math.abs(x[i]) === most ? share * Math.sign(x[i]) : 0;
    },
  };
}

lInfinity.entry = entry("lInfinity", { lambda: LAMBDA }, ({ lambda }) => lInfinity(lambda));

function largest(x: Floats): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]));
  return most;
}

/**
 * The t >= 0 with sum_i max(|x_i| - t, 0) = radius, or 0 if |x|_1 <= radius.
 *
 * With the set A of entries above t known, t = (sum_A |x_i| - radius) / |A|. Beginning with all
 * entries, each t is below the one sought, so what it leaves out stays out, and A is right once
 * nothing more is left out. No sort is needed, and a few passes are enough.
 */
function level(x: Floats, radius: number): number {
  if (radius === 0) return Infinity;
  let n = x.length;
  const above = new Float64Array(n);
  for (let i = 0; i < n; i++) above[i] = Math.abs(x[i]);
  let t = 0;
  for (;;) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += above[i];
    if (n === 0 || sum <= radius) return t;
    t = (sum - radius) / n;
    let kept = 0;
    for (let i = 0; i < n; i++) if (!(above[i] <= t)) above[kept++] = above[i];
    if (kept === n) return t;
    n = kept;
  }
}
