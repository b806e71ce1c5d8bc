/**
 * Optimizers with a mask: SGD or Adam on some of the weights, and every so many steps the mask changes.
 *
 *     a step        v moves by g on the mask (see move.ts);  theta <- v
 *     a change      the mask changes by its rule (mask-rule.ts), and no weight moves
 *     off the mask  v = theta = 0, and so are the moments: a weight that comes back has no past
 *
 * With a regularizer J, a subgradient of J is added to the gradient, as in Lasso-SGD. The mask starts as the non-zeros of
 * theta. These are the baselines that Bregman training is compared with; the mask is state, as v is.
 */
import { none } from "../regularizers/none.js";
import type { Floats, Regularizer } from "../regularizers/regularizer.js";
import { changedMask, changesAt, type MaskRule } from "./mask-rule.js";
import { adamMove, momentumMove } from "./move.js";
import type { Move, Optimizer, OptimizerState } from "./optimizer.js";
import { makeOptimizer } from "./step.js";

/** How the weights on the mask move: options of every optimizer with a mask. */
export interface MaskedMoveOptions {
  /** Learning rate, > 0; default 0.1 for "plain", 1e-3 for "adam". */
  readonly tau?: number;
  /** beta in [0, 1) of the running mean of gradients, for "plain"; default 0. */
  readonly momentum?: number;
  /** SGD's step or Adam's; default "plain". */
  readonly inner?: "plain" | "adam";
}

/**
 * The move of {@link MaskedMoveOptions}, and its learning rate.
 *
 * @throws TypeError if `inner` is unknown; RangeError if there is a momentum beside "adam", or it is outside [0, 1)
 */
export function maskedMove(
  kind: string,
  { inner = "plain", momentum = 0, tau = inner === "adam" ? 1e-3 : 0.1 }: MaskedMoveOptions,
): { readonly tau: number; readonly move: Move } {
  if (inner !== "plain" && inner !== "adam") {
    throw new TypeError(`${kind}: inner must be "plain" or "adam", found ${String(inner)}`);
  }
  if (inner === "plain") return { tau, move: momentumMove(kind, momentum) };
  if (momentum !== 0) throw new RangeError(`${kind}: momentum must be 0 with inner "adam", found ${momentum}`);
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
 * @throws RangeError unless tau is finite and above 0, and `every` an integer of at least 1
 */
export function makeMasked(kind: string, { tau, move, rule, penalty = none() }: MaskedParts): Optimizer {
  if (!(Number.isSafeInteger(rule.every) && rule.every >= 1)) {
    throw new RangeError(`${kind}: every must be an integer of at least 1, found ${rule.every}`);
  }
  // All but the mask is the penalty form's.
  const inner = makeOptimizer(kind, { tau, move, follow: "penalty", regularizer: penalty });
  return {
    ...inner,
    follow: "masked",
    mask: rule,
    init(theta, shape, facts = {}) {
      const { steps } = facts;
      if (shape.length < 2) {
        throw new TypeError(`${kind}: a mask is for weights [out, in, ...], found the shape [${shape.join(", ")}]`);
      }
      if (!(Number.isSafeInteger(steps) && steps! >= 1)) {
        throw new RangeError(`${kind}: init must be told the steps of the training, found ${steps}`);
      }
      return { ...inner.init(theta, shape), mask: theta.map((w) => (w === 0 ? 0 : 1)), facts };
    },
    step(state, theta, g, shape, stepTau = tau) {
      const { step, facts } = state;
      if (changesAt(rule, step + 1, facts!.steps!)) {
        // Magnitude pruning cuts what the step has made; the others look at the gradient in its place.
        if (rule.kind === "magnitude") inner.step(state, theta, g, shape, stepTau);
        else state.step++;
        const places = changedMask(rule, state, theta, g, shape);
        state.mask!.fill(0);
        for (const place of places) state.mask![place] = 1;
      } else {
        inner.step(state, theta, g, shape, stepTau);
      }
      applyMask(state, theta);
    },
  };
}

function applyMask({ v, m1, m2, mask }: OptimizerState, theta: Floats): void {
  for (const values of [v, m1, m2]) {
    if (!values) continue;
    for (let i = 0; i < values.length; i++) if (mask![i] === 0) values[i] = 0;
  }
  theta.set(v);
}
