/**
 * The nuclear norm: matrices of low rank.
 *
 *     J(X) = lambda sum_k sigma_k(X)                      X = U diag(sigma) V^T, see singular-values.ts
 *     prox_{s J}(X) = U diag(max(sigma_k - s lambda, 0)) V^T
 *     dJ(X) = { lambda (U_r V_r^T + W) : U_r^T W = 0, W V_r = 0, |W|_2 <= 1 },   r = rank of X
 *
 * Source: Cai, Candes, Shen, SIAM J. Optim. 20 (2010), theorem 2.1, for the prox; Watson, Linear
 * Algebra Appl. 170 (1992), for the subgradients.
 *
 * 1. The subgradient taken is the compact one, W = 0. With all singular vectors, lambda U V^T, as
 *    in other code, every direction that X does not have would start at the threshold itself, and
 *    the first step could raise X to full rank.
 * 2. The rank counts singular values above max(out, in) eps sigma_1, eps that of the array's type:
 *    a float32 matrix of low rank has tiny ones beside those that are meant.
 */
import { largest } from "../extremes.js";
import { isTypedArray } from "../kinds.js";
import { entry } from "../entry.js";
import { checkLambda, checkShape, checkStep } from "./checks.js";
import { size } from "../shape-size.js";
import { LAMBDA } from "./keys.js";
import type { Floats, Regularizer, Shape } from "./regularizer.js";
import { mapSingularValues, shrinkSingularValues, singularValues } from "./singular-values.js";

/**
 * Nuclear norm, for weights of any shape: a convolution counts as the matrix [out, in kh kw], a
 * bias as a column.
 *
 * Weights are not sparse under it but of low rank, so a layer runs on the dense kernels; and each
 * step takes the eigenvalues of a matrix of the layer's smaller side, which is slow for layers of
 * more than about 100 units.
 *
 * @param lambda - strength, >= 0: a direction is born when a singular value of v passes lambda
 * @throws InputError if lambda is negative or not finite
 * @example
 * const x = Float64Array.of(2, 0, 0, 0.5); // [2, 2]
 * nuclear(1).prox(x, 1, [2, 2], x); // x is now 1, 0, 0, 0: of rank 1
 */
export function nuclear(lambda: number): Regularizer {
  checkLambda("nuclear", lambda);
  return {
    kind: "nuclear",
    lambda,
    finite: true,
    homogeneous: true,
    value(x, shape) {
      checkShape("nuclear", shape, x);
      return lambda * singularValues(x, shape).reduce((sum, sigma) => sum + sigma, 0);
    },
    prox(x, step, shape, out) {
      checkStep("nuclear", step);
      checkShape("nuclear", shape, x, out);
      if (step * lambda > 0) shrinkSingularValues(x, shape, step * lambda, out);
      else if (out !== x) out.set(x);
    },
    subgradient(x, shape, out) {
      checkShape("nuclear", shape, x, out);
      const share = rounding(x, shape);
      mapSingularValues(
        x,
        shape,
        (sigma) => {
          const least = share * largest(sigma);
          return sigma.map((value) => (value > least ? lambda : 0));
        },
        out,
      );
    },
  };
}

nuclear.entry = entry("nuclear", { lambda: LAMBDA }, ({ lambda }) => nuclear(lambda));

/**
 * max(out, in) eps: what a singular value must exceed, as a share of the largest, to be more than
 * rounding.
 */
function rounding(x: Floats, shape: Shape): number {
  const rows = shape[0] ?? 1;
  const eps = isTypedArray(x, "Float32Array") ? 2 ** -23 : 2 ** -52;
  return Math.max(rows, size(shape) / rows) * eps;
}
