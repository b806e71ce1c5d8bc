/**
 * No bias: on an underdetermined least-squares problem LinBreg ends at argmin { J_delta(theta) : A
 * theta = b }, and for delta large enough that is the l1-minimiser itself. ISTA, which minimises
 * loss + J, keeps an error.
 *
 * Started at v = 0, v stays in the range of A^T. With A theta = b and v in dJ_delta(theta) these
 * are the optimality conditions. Source: Bungert et al., JMLR 23:192 (2022), section 1.2, after
 * Yin, SIAM J. Imaging Sci. 3 (2010), 856.
 */
import { linBreg, proxSgd, type Optimizer } from "#bregman/optim/index.js";
import { stream } from "#bregman/random.js";
import { l1 } from "#bregman/regularizers/index.js";
import { descend, isSampled, type Point } from "../support/descent.js";
import {
  leastSquares,
  minus,
  sparseVector,
  square,
  type LeastSquares,
} from "../support/problems.js";

export interface Recovery {
  readonly end: Point;
  readonly steps: readonly number[];
  /** |theta - truth| / |truth| */
  readonly errors: readonly number[];
  /** Non-zeros. */
  readonly counts: readonly number[];
  /** The most non-zeros in any step. */
  readonly most: number;
}

/** 40 equations for 100 weights, of which 5 are not zero. */
export function measurements(): { problem: LeastSquares; truth: Float64Array } {
  const random = stream(2022, "recovery");
  const truth = sparseVector(100, 5, random);
  return { problem: leastSquares(40, truth, random), truth };
}

function recover(make: (lipschitz: number) => Optimizer, count: number): Recovery {
  const { problem, truth } = measurements();
  const [steps, errors, counts] = [[], [], []] as number[][];
  let most = 0;
  const end = descend(make(problem.lipschitz), problem, {
    steps: count,
    onStep({ k, after: { theta } }) {
      const alive = theta.filter((value) => value !== 0).length;
      most = Math.max(most, alive);
      if (!isSampled(k + 1) && k + 1 < count) return;
      steps.push(k + 1);
      errors.push(Math.sqrt(square(minus(theta, truth)) / square(truth)));
      counts.push(alive);
    },
  });
  return { end, steps, errors, counts, most };
}

export const LAMBDA = 1;
export const STEPS = 10_000;

/** LinBreg with lambda 1 at half its step bound. */
export const bregmanRecovery = (delta: number, steps = STEPS): Recovery =>
  recover(
    (lipschitz) => linBreg({ tau: 1 / (delta * lipschitz), delta, regularizer: l1(LAMBDA) }),
    steps,
  );

/** ISTA: minimises loss + lambda |theta|_1. */
export const penaltyRecovery = (lambda: number, steps = STEPS): Recovery =>
  recover((lipschitz) => proxSgd({ tau: 1 / lipschitz, regularizer: l1(lambda) }), steps);
