/**
 * What an optimizer is: *how v moves* and *how theta follows v*.
 *
 *     move    plain     v <- v - tau g
 *             momentum  m <- beta m + (1 - beta) tau g,  v <- v - m
 *             nesterov  the same m,  v <- v - (beta m + (1 - beta) tau g)
 *             adam      v <- v - tau m1h / (sqrt(m2h) + eps)
 *     follow  mirror    theta <- prox_{delta J}(delta v)              LinBreg, AdaBreg; SGD and Adam are J = 0
 *             proximal  theta <- prox_{tau J}(v), then v <- theta     ProxSGD
 *             penalty   g <- g + subgradient of J, theta <- v         Lasso-SGD
 *             masked    theta <- v on the mask, 0 elsewhere           magnitude pruning, SET, RigL; see masked.ts
 *
 * With weight decay mu, g is the gradient of the loss plus mu theta, before any of this. It pulls
 * at the weights that are there, so that v of one that the loss no longer needs falls back below
 * the threshold; v of a zero weight is left alone.
 *
 * An optimizer is a plain object made by a function (`linBreg({ tau: 0.1, regularizer: l1(0.1)
 * })`). `init` makes the state of one parameter tensor, `step` changes state and theta in place;
 * both are free functions over plain data, so a training loop of your own needs nothing else of
 * this library.
 */
import type { Floats, Regularizer, Shape } from "../regularizers/regularizer.js";
import type { MaskRule } from "./mask-rule.js";

export type Move =
  | { readonly kind: "plain" }
  | { readonly kind: "momentum" | "nesterov"; readonly beta: number }
  | {
      readonly kind: "adam";
      readonly beta1: number;
      readonly beta2: number;
      readonly eps: number;
      /**
       * false: the first moment is used without bias correction, as in the code behind the paper's
       * tables.
       */
      readonly biasCorrectFirstMoment: boolean;
    };

export type Follow = "mirror" | "proximal" | "penalty" | "masked";

/** What an optimizer may be told of the training it serves. Only those with a mask ask for it. */
export interface TrainingFacts {
  /** Steps of the whole training. */
  readonly steps?: number;
  /**
   * Name of the tensor and seed of the training: what is drawn for the tensor follows from both.
   * Default "" and 0.
   */
  readonly name?: string;
  readonly seed?: number;
  /**
   * Shapes of all tensors the optimizer trains, for densities that differ by layer. Default: this
   * one alone.
   */
  readonly shapes?: readonly Shape[];
}

/** State of one parameter tensor: plain data, of the same float type as theta. */
export interface OptimizerState {
  /** Dual variable, same length as theta; for the proximal and penalty forms a copy of theta. */
  readonly v: Floats;
  /** Momentum buffer or first moment. */
  readonly m1?: Floats;
  /** Second moment. */
  readonly m2?: Floats;
  /** 1 where a weight may be non-zero, else 0 (masked forms). */
  readonly mask?: Floats;
  /** What `init` was told (masked forms). */
  readonly facts?: TrainingFacts;
  /** Steps done. */
  step: number;
}

export interface Optimizer {
  /**
   * Name, as in recipes: "linBreg", "adaBreg", "sgd", "adam", "proxSgd", "lassoSgd",
   * "magnitudePruning", "sparseEvolution", "rigL".
   */
  readonly kind: string;
  /** Learning rate, used unless `step` is given another. */
  readonly tau: number;
  /** Elastic-net parameter: J_delta = J + |theta|^2 / (2 delta). */
  readonly delta: number;
  readonly move: Move;
  readonly follow: Follow;
  readonly regularizer: Regularizer;
  /**
   * mu: the loss is that of the batch plus mu / 2 |theta|^2, so that g + mu theta moves v. 0: none.
   */
  readonly weightDecay: number;
  /** How the mask changes (masked forms). */
  readonly mask?: MaskRule;
  /**
   * v = theta / delta + p with p in dJ(theta): then prox_{delta J}(delta v) = theta exactly up to
   * rounding. Moments are zero. A mask starts as the non-zeros of theta.
   */
  init(theta: Floats, shape: Shape, facts?: TrainingFacts): OptimizerState;
  /**
   * One step, in place, for the gradient g of the loss at theta. `tau` overrides the optimizer's
   * learning rate (schedules).
   */
  step(state: OptimizerState, theta: Floats, g: Floats, shape: Shape, tau?: number): void;
}
