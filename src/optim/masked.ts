/**
 * Optimizers with a mask: SGD or Adam on some of the weights, and every so many steps the mask
 * changes.
 *
 *     a step        v moves by g on the mask (see move.ts);  theta <- v
 *     a change      the mask changes by its rule (mask-rule.ts), and no weight moves
 *     off the mask  v = theta = 0, and so are the moments: a weight that comes back has no past
 *
 * With a regularizer J, a subgradient of J is added to the gradient, as in Lasso-SGD. The mask
 * starts as the non-zeros of theta. These are the baselines that Bregman training is compared with;
 * the mask is state, as v is.
 */
import { InputError } from "../errors.js";
import { checkShape } from "../regularizers/checks.js";
import { none } from "../regularizers/none.js";
import type { Floats, Regularizer, Shape } from "../regularizers/regularizer.js";
import { changedMask, changesAt, type MaskRule } from "./mask-rule.js";
import { adamMove, momentumMove, moveDual } from "./move.js";
import type { Move, Optimizer, OptimizerState } from "./optimizer.js";
import { checkStepTau, makeOptimizer } from "./step.js";

/** How the weights on the mask move: options of every optimizer with a mask. */
export interface MaskedMoveOptions {
  /** Learning rate, > 0; default 0.1 for "plain", 1e-3 for "adam". */
  readonly tau?: number | undefined;
  /** beta in [0, 1) of the running mean of gradients, for "plain"; default 0. */
  readonly momentum?: number | undefined;
  /** SGD's step or Adam's; default "plain". */
  readonly inner?: "plain" | "adam" | undefined;
}

/**
 * The move of {@link MaskedMoveOptions}, and its learning rate.
 *
 * @throws InputError if `inner` is unknown; also if there is a momentum beside "adam", or it
 *   is outside [0, 1)
 */
export function maskedMove(
  kind: string,
  { inner = "plain", momentum = 0, tau = inner === "adam" ? 1e-3 : 0.1 }: MaskedMoveOptions,
): { readonly tau: number; readonly move: Move } {
  if (inner !== "plain" && inner !== "adam") {
    throw new InputError(`${kind}: inner must be "plain" or "adam", found ${String(inner)}`);
  }
  if (inner === "plain") return { tau, move: momentumMove(kind, momentum) };
  if (momentum !== 0)
    throw new InputError(`${kind}: momentum must be 0 with inner "adam", found ${momentum}`);
  return { tau, move: adamMove(kind, {}) };
}

export interface MaskedParts {
  readonly tau: number;
  readonly move: Move;
  readonly rule: MaskRule;
  /** A penalty in the loss; default none. */
  readonly penalty?: Regularizer;
}

/**
 * Puts an optimizer with a mask together.
 *
 * @throws InputError unless tau is finite and above 0, and `every` an integer of at least 1
 */
export function makeMasked(
  kind: string,
  { tau, move, rule, penalty = none() }: MaskedParts,
): Optimizer {
  if (!(Number.isSafeInteger(rule.every) && rule.every >= 1)) {
    throw new InputError(`${kind}: every must be an integer of at least 1, found ${rule.every}`);
  }
  // The start is the penalty form's, and so are the checks of the options.
  const inner = makeOptimizer(kind, { tau, move, follow: "penalty", regularizer: penalty });
  return {
    ...inner,
    follow: "masked",
    mask: rule,
    init(theta, shape, facts = {}) {
      const { steps } = facts;
      if (shape.length < 2) {
        throw new InputError(
          `${kind}: a mask is for weights [out, in, ...], found the shape [${shape.join(", ")}]`,
        );
      }
      if (!(Number.isSafeInteger(steps) && steps! >= 1)) {
        throw new InputError(
          `${kind}: init must be told the steps of the training, found ${steps}`,
        );
      }
      return { ...inner.init(theta, shape), mask: theta.map((w) => (w === 0 ? 0 : 1)), facts };
    },
    step(state, theta, g, shape, stepTau = tau) {
      checkShape(kind, shape, state.v, theta, g);
      checkStepTau(kind, stepTau);
      const { v, facts } = state;
      state.step++;
      const changes = changesAt(rule, state.step, facts!.steps!);
      // Magnitude pruning cuts what its step has made; the others look at the gradient in place of
      // a step.
      if (!changes || rule.kind === "magnitude") {
        // theta is written at the end anyway: until then it holds the gradient that counts. Off the
        // mask it is zero, and so v and the moments stay zero there.
        maskedGradient(state, theta, g, shape);
        moveDual(move, state, theta, stepTau);
        theta.set(v);
      }
      if (changes) changeMask(state, theta, changedMask(rule, state, theta, g, shape));
    },
  };

  function maskedGradient({ v, mask }: OptimizerState, out: Floats, g: Floats, shape: Shape): void {
    if (penalty.trivial) {
      for (let i = 0; i < out.length; i++) out[i] = g[i] * mask![i];
    } else {
      penalty.subgradient(v, shape, out);
      for (let i = 0; i < out.length; i++) out[i] = (out[i] + g[i]) * mask![i];
    }
  }
}

function changeMask({ v, m1, m2, mask }: OptimizerState, theta: Floats, places: Int32Array): void {
  mask!.fill(0);
  for (const place of places) mask![place] = 1;
  for (const values of [v, m1, m2]) {
    if (!values) continue;
    for (let i = 0; i < values.length; i++) if (mask![i] === 0) values[i] = 0;
  }
  theta.set(v);
}
