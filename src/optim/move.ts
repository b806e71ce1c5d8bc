/**
 * How v moves: the first of the two nouns an optimizer is made of (the other is how theta follows,
 * see step.ts).
 *
 *     plain     v <- v - tau g
 *     momentum  m1 <- beta m1 + (1 - beta) tau g,   v <- v - m1
 *     nesterov  m1 as in momentum,                  v <- v - (beta m1 + (1 - beta) tau g)
 *     adam      m1 <- beta1 m1 + (1 - beta1) g,     m1h = m1 / (1 - beta1^k)
 *               m2 <- beta2 m2 + (1 - beta2) g^2,   m2h = m2 / (1 - beta2^k)
 *               v  <- v - tau m1h / (sqrt(m2h) + eps)
 *
 * Source: Bungert et al., JMLR 23:192 (2022), algorithms 1 to 3; adam as in Kingma and Ba 2015;
 * nesterov as in Sutskever et al., ICML 2013, equations (3) and (4), for the dual variable.
 *
 * 1. In momentum tau sits inside the buffer: what was gathered before the learning rate fell keeps
 *    its old one. The buffer is a running mean (dampened), not a sum.
 * 2. Nesterov's gradient is taken where the buffer alone would lead. With w the dual variable that
 *    momentum moves, v is that point, v = w - beta m1: theta = prox_{delta J}(delta v) and its
 *    gradient are those of v, and w <- w - m1 is the line above in terms of v. No second theta is
 *    needed.
 * 3. The code behind the paper's AdaBreg tables left m1 uncorrected (m1h = m1):
 *    `biasCorrectFirstMoment: false`.
 */
import { InputError } from "../errors.js";
import type { Floats } from "../regularizers/regularizer.js";
import type { Move, OptimizerState } from "./optimizer.js";

/** Moves by the gradient itself. */
export const plainMove: Move = { kind: "plain" };

/**
 * Moves by a running mean of the gradients, taken ahead if `nesterov`; beta = 0 is {@link
 * plainMove}.
 *
 * @throws InputError unless 0 <= beta < 1, and beta > 0 for `nesterov`
 */
export function momentumMove(kind: string, beta: number, nesterov = false): Move {
  checkDecay(kind, "momentum", beta);
  if (nesterov && beta === 0)
    throw new InputError(`${kind}: nesterov needs a momentum above 0, found 0`);
  return beta === 0 ? plainMove : { kind: nesterov ? "nesterov" : "momentum", beta };
}

/** Options of every optimizer that moves by Adam's step. */
export interface AdamMoveOptions {
  /** Decay of the first moment, in [0, 1); default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment, in [0, 1); default 0.999. */
  readonly beta2?: number | undefined;
  /** Added to the root of the corrected second moment, > 0; default 1e-8. */
  readonly eps?: number | undefined;
  /**
   * Whether the first moment is divided by 1 - beta1^k; default true. False is the form the paper's
   * tables were made with.
   */
  readonly biasCorrectFirstMoment?: boolean | undefined;
}

/**
 * Moves by Adam's bias-corrected step.
 *
 * @throws InputError unless beta1 and beta2 are in [0, 1) and eps > 0
 */
export function adamMove(
  kind: string,
  { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, biasCorrectFirstMoment = true }: AdamMoveOptions,
): Move {
  checkDecay(kind, "beta1", beta1);
  checkDecay(kind, "beta2", beta2);
  if (!(eps > 0 && eps < Infinity)) {
    throw new InputError(`${kind}: eps must be a finite number above 0, found ${eps}`);
  }
  return { kind: "adam", beta1, beta2, eps, biasCorrectFirstMoment };
}

/**
 * Moves state.v by the gradient g, which may share memory with nothing in `state`. `state.step`
 * already counts this step.
 */
export function moveDual(move: Move, state: OptimizerState, g: Floats, tau: number): void {
  const { v } = state;
  switch (move.kind) {
    case "plain":
      for (let i = 0; i < v.length; i++) v[i] -= tau * g[i];
      return;
    case "momentum": {
      const m1 = state.m1!;
      const { beta } = move;
      for (let i = 0; i < v.length; i++) {
        m1[i] = beta * m1[i] + (1 - beta) * tau * g[i];
        v[i] -= m1[i];
      }
      return;
    }
    case "nesterov": {
      const m1 = state.m1!;
      const { beta } = move;
      for (let i = 0; i < v.length; i++) {
        const gained = (1 - beta) * tau * g[i];
        m1[i] = beta * m1[i] + gained;
        v[i] -= beta * m1[i] + gained;
      }
      return;
    }
    case "adam": {
      const m1 = state.m1!;
      const m2 = state.m2!;
      const { beta1, beta2, eps } = move;
      const correction1 = move.biasCorrectFirstMoment ? 1 - beta1 ** state.step : 1;
      const correction2 = 1 - beta2 ** state.step;
      for (let i = 0; i < v.length; i++) {
        m1[i] = beta1 * m1[i] + (1 - beta1) * g[i];
        m2[i] = beta2 * m2[i] + (1 - beta2) * g[i] * g[i];
        v[i] -= (tau * (m1[i] / correction1)) / (Math.sqrt(m2[i] / correction2) + eps);
      }
    }
  }
}

function checkDecay(kind: string, name: string, beta: number): void {
  if (!(beta >= 0 && beta < 1))
    throw new InputError(`${kind}: ${name} must be in [0, 1), found ${beta}`);
}
