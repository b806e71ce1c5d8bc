/**
 * LinBreg and AdaBreg on another library's arrays: optim/move.ts and optim/step.ts once more, on
 * whole arrays. What is constant through a step is computed in double; sums are rounded as that
 * library rounds.
 */
import { InternalError } from "../errors.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { ArrayLibrary } from "./arrays.js";
import { dualOf, proxOf, type StandardRegularizer } from "./prox.js";

/**
 * The state of a weight: v, moments, and for Adam 1 - beta^k of both, which tell of the steps.
 */
export interface DualState<A> {
  readonly v: A;
  readonly m1?: A;
  readonly m2?: A;
  readonly c1?: A;
  readonly c2?: A;
}

/** What J is for variables of one dimension, such as biases. */
const NONE: StandardRegularizer = { lambda: 0, standardForm: {} };

const regularizerFor = ({ regularizer }: Optimizer, rank: number): StandardRegularizer =>
  rank > 1 ? regularizer : NONE;

/** The state at a start: v = theta / delta + p. */
export function startState<A>(of: ArrayLibrary<A>, optimizer: Optimizer, theta: A): DualState<A> {
  const { move, delta } = optimizer;
  const zero = () => of.scalar(0, theta);
  return {
    v: dualOf(of, theta, regularizerFor(optimizer, of.shapeOf(theta).length), delta),
    ...(move.kind !== "plain" && { m1: of.zerosLike(theta) }),
    ...(move.kind === "adam" && { m2: of.zerosLike(theta), c1: zero(), c2: zero() }),
  };
}

/** One step for the gradient g at theta: the next theta and state. */
export function nextState<A>(
  of: ArrayLibrary<A>,
  optimizer: Optimizer,
  state: DualState<A>,
  theta: A,
  gradient: A,
): { readonly theta: A; readonly state: DualState<A> } {
  const { weightDecay = 0, delta } = optimizer;
  const g = weightDecay > 0 ? of.add(gradient, of.mul(theta, weightDecay)) : gradient;
  const next = moved(of, optimizer, state, g);
  const J = regularizerFor(optimizer, of.shapeOf(theta).length);
  return { theta: proxOf(of, next.v, J, delta), state: next };
}

function moved<A>(
  of: ArrayLibrary<A>,
  { kind, move, tau }: Optimizer,
  state: DualState<A>,
  g: A,
): DualState<A> {
  const { v } = state;
  /** beta m + (1 - beta) x, of arrays and of numbers. */
  const mean = (m: A, beta: number, x: A) => of.add(of.mul(m, beta), of.mul(x, 1 - beta));
  switch (move.kind) {
    case "plain":
      return { v: of.sub(v, of.mul(g, tau)) };
    case "momentum": {
      const m1 = of.add(of.mul(state.m1!, move.beta), of.mul(g, (1 - move.beta) * tau));
      return { v: of.sub(v, m1), m1 };
    }
    case "nesterov": {
      const gained = of.mul(g, (1 - move.beta) * tau);
      const m1 = of.add(of.mul(state.m1!, move.beta), gained);
      return { v: of.sub(v, of.add(of.mul(m1, move.beta), gained)), m1 };
    }
    case "adam": {
      const { beta1, beta2, eps, biasCorrectFirstMoment } = move;
      const m1 = mean(state.m1!, beta1, g);
      const m2 = mean(state.m2!, beta2, of.mul(g, g));
      // 1 - beta^k from that of the step before: without the difference of two numbers near 1.
      const one = of.scalar(1, g);
      const [c1, c2] = [mean(state.c1!, beta1, one), mean(state.c2!, beta2, one)];
      const up = biasCorrectFirstMoment ? of.div(m1, c1) : m1;
      const down = of.add(of.sqrt(of.div(m2, c2)), eps);
      return { v: of.sub(v, of.mul(of.div(up, down), tau)), m1, m2, c1, c2 };
    }
    default:
      throw new InternalError(`${kind} has no step on other arrays`);
  }
}
