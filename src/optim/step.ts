/**
 * Move x follow: every optimizer of this folder is one line that names the two. This file carries
 * them out.
 *
 *     0  (weight decay) g <- g + mu theta
 *     1  (penalty only)   g <- g + p,  p in dJ(v)
 *     2  v moves by g, see move.ts
 *     3  mirror     theta <- prox_{delta J}(delta v)
 *        proximal   theta <- prox_{tau J}(v),  v <- theta
 *        penalty    theta <- v
 *
 * Start: mirror v = theta / delta + p with p in dJ(theta) of minimal norm, the others v = theta;
 * moments are zero. A weight or group that starts at zero therefore starts with v = 0, and has to
 * gather more than lambda to be born. Source: Bungert et al., JMLR 23:192 (2022), algorithms 1 to
 * 3.
 *
 * Sums are in double and rounded to the array when stored, so float64 arrays give the mathematics
 * to 1e-12 and float32 arrays what the kernels give, up to rounding.
 */
import { InputError } from "../errors.js";
import { isTypedArray } from "../kinds.js";
import { checkRegularizer } from "../regularizers/check-regularizer.js";
import { checkShape } from "../regularizers/checks.js";
import type { Floats, Regularizer, Shape } from "../regularizers/regularizer.js";
import { moveDual } from "./move.js";
import type { Follow, Move, Optimizer, OptimizerState } from "./optimizer.js";

/** The two nouns, and their numbers. */
export interface OptimizerParts {
  readonly tau: number;
  readonly delta?: number;
  readonly move: Move;
  readonly follow: Follow;
  readonly regularizer: Regularizer;
  /** mu of mu / 2 |theta|^2; default 0. */
  readonly weightDecay?: number | undefined;
}

/**
 * Puts an optimizer together from how v moves and how theta follows.
 *
 * @throws InputError unless tau and delta are finite and above 0; also if the regularizer is
 *   not one
 */
export function makeOptimizer(
  kind: string,
  { tau, delta = 1, move, follow, regularizer, weightDecay = 0 }: OptimizerParts,
): Optimizer {
  checkPositive(kind, "tau", tau);
  checkPositive(kind, "delta", delta);
  if (!(weightDecay >= 0 && weightDecay < Infinity)) {
    throw new InputError(
      `${kind}: weightDecay must be a finite number of at least 0, found ${weightDecay}`,
    );
  }
  checkRegularizer(kind, regularizer);
  return {
    kind,
    tau,
    delta,
    move,
    follow,
    regularizer,
    weightDecay,
    init(theta, shape) {
      checkShape(kind, shape, theta);
      const v = zerosLike(theta);
      if (follow === "mirror") {
        regularizer.subgradient(theta, shape, v);
        for (let i = 0; i < v.length; i++) v[i] += theta[i] / delta;
      } else {
        v.set(theta);
      }
      return {
        v,
        ...(move.kind !== "plain" && { m1: zerosLike(theta) }),
        ...(move.kind === "adam" && { m2: zerosLike(theta) }),
        step: 0,
      };
    },
    step(state, theta, g, shape, stepTau = tau) {
      checkShape(kind, shape, state.v, theta, g);
      checkStepTau(kind, stepTau);
      state.step++;
      if (follow === "penalty") {
        // theta is written at the end anyway: until then it holds the gradient of loss + J, and the
        // caller's g stays as it is.
        regularizer.subgradient(state.v, shape, theta);
        for (let i = 0; i < theta.length; i++) theta[i] += g[i];
        moveDual(move, state, theta, stepTau);
      } else if (weightDecay > 0) {
        // Until v has moved theta may hold the gradient, as above.
        for (let i = 0; i < theta.length; i++) theta[i] = g[i] + weightDecay * theta[i];
        moveDual(move, state, theta, stepTau);
      } else {
        moveDual(move, state, g, stepTau);
      }
      followDual(state, theta, shape, stepTau);
    },
  };

  function followDual({ v }: OptimizerState, theta: Floats, shape: Shape, stepTau: number): void {
    switch (follow) {
      case "mirror":
        for (let i = 0; i < v.length; i++) theta[i] = delta * v[i];
        regularizer.prox(theta, delta, shape, theta);
        return;
      case "proximal":
        regularizer.prox(v, stepTau, shape, theta);
        v.set(theta);
        return;
      case "penalty":
        theta.set(v);
    }
  }
}

function zerosLike(x: Floats): Floats {
  return isTypedArray(x, "Float64Array") ? new Float64Array(x.length) : new Float32Array(x.length);
}

/** @throws InputError unless the learning rate of a step is finite and at least 0 */
export function checkStepTau(kind: string, tau: number): void {
  if (!(tau >= 0 && tau < Infinity)) {
    throw new InputError(`${kind}: tau must be a finite number of at least 0, found ${tau}`);
  }
}

function checkPositive(kind: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) {
    throw new InputError(`${kind}: ${name} must be a finite number above 0, found ${value}`);
  }
}
