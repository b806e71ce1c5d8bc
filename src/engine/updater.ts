/**
 * An optimizer at work on one parameter in shared memory.
 *
 * Most optimizers have a twin in C, the `update` kernel, which moves v, lets theta follow and
 * writes the new pattern in one pass over the rows. An optimizer without a twin (a regularizer of
 * your own, say) takes its step in TypeScript on the same memory, between two programs; the pattern
 * is then made from theta.
 */
import { kernelForm, type KernelForm } from "../optim/kernel-form.js";
import type { Optimizer, OptimizerState, TrainingFacts } from "../optim/optimizer.js";
import { scaleLambda } from "../optim/scale-lambda.js";
import { at } from "../placed.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter } from "../runtime/parameter.js";
import type { Action } from "../runtime/program.js";
import { readTheta } from "../runtime/theta.js";

/**
 * What a step may do to patterns: "exact" and "fine" change them; fine ones, which frozen steps
 * follow, also keep the pattern of a parameter that runs on dense kernels. "frozen" moves the
 * weights of the patterns only (see optim/freeze.ts).
 */
export type StepKind = "exact" | "fine" | "frozen";

export interface Updater {
  readonly parameter: Parameter;
  /** With lambda as it is at the moment. */
  readonly optimizer: Optimizer;
  /**
   * v, moments (views of shared memory) and the number of steps done: with theta, all that a
   * resumed run needs.
   */
  readonly state: OptimizerState;
  /** Whether its pattern can be frozen. */
  readonly freezes: boolean;
  /** Steps in C that moved every weight: all but frozen ones. */
  fullSteps: number;
  /** Factor on the regularizer's lambda; 1 at the start. */
  readonly lambda: number;
  /** The regularizer's lambda at the factor 1. */
  readonly fullLambda: number;
  /**
   * Changes the factor on lambda, from the next step on.
   *
   * @param dual - "kept": v stays, so that weights between the old threshold and the new one are
   *   born or die. "scaled": theta stays, and its subgradient is scaled along: v = theta / delta +
   *   p, p <- p new / old (except for what its mu adds)
   */
  setLambda(factor: number, dual: "kept" | "scaled"): void;
  /** Sets the learning rate and counts the step; call it before the step's program runs. */
  prepare(tau: number, step: StepKind): void;
  /** What to run once the parameter's gradient (f32 [rows, cols] at `gradient`) is complete. */
  actions(gradient: number, step: StepKind): Action[];
}

/** Floats in a hyper block. */
const HYPER_LENGTH = 16;

/**
 * Puts an optimizer to work: v starts as theta / delta + p for the theta that is in memory now.
 *
 * @param facts - what the optimizer may know of the training
 */
export function createUpdater(
  memory: Memory,
  parameter: Parameter,
  given: Optimizer,
  facts: TrainingFacts = {},
): Updater {
  const { rows, cols, shape } = parameter;
  const length = rows * cols;
  const fresh = at(`parameter "${parameter.name}"`, () =>
    given.init(memory.f32(parameter.theta, length), shape, facts),
  );
  const share = (values: OptimizerState["v"] | undefined): number => {
    if (!values) return 0;
    const place = memory.allocate(length * 4);
    memory.f32(place, length).set(values);
    return place;
  };
  const [v, m1, m2] = [share(fresh.v), share(fresh.m1), share(fresh.m2)];
  const state: OptimizerState = {
    ...fresh,
    v: memory.f32(v, length),
    ...(m1 ? { m1: memory.f32(m1, length) } : {}),
    ...(m2 ? { m2: memory.f32(m2, length) } : {}),
    step: 0,
  };
  const now = { optimizer: given, form: kernelForm(given, shape), lambda: 1, fullSteps: 0 };
  const freezes =
    now.form !== undefined && parameter.pattern !== undefined && given.follow === "mirror";
  const stepNumber = (step: StepKind) => {
    state.step++;
    if (step === "frozen" && freezes) return state.step;
    return ++now.fullSteps;
  };
  return {
    parameter,
    state,
    freezes,
    get fullSteps() {
      return now.fullSteps;
    },
    set fullSteps(count) {
      now.fullSteps = count;
    },
    get optimizer() {
      return now.optimizer;
    },
    get lambda() {
      return now.lambda;
    },
    fullLambda: given.regularizer.lambda,
    setLambda(factor, dual) {
      if (factor === now.lambda) return;
      const next = scaleLambda(given, factor);
      if (dual === "scaled") {
        scaleSubgradient(state.v, readTheta(parameter), [now.optimizer, next], factor / now.lambda);
      }
      now.lambda = factor;
      now.optimizer = next;
      now.form = kernelForm(now.optimizer, shape);
    },
    ...(now.form
      ? kernelSteps(
          memory,
          parameter,
          { v, m1, m2 },
          { ...now.form, weightDecay: given.weightDecay },
          { form: () => now.form!, stepNumber },
        )
      : hostSteps(memory, parameter, state, () => now.optimizer)),
  };
}

type Steps = Pick<Updater, "prepare" | "actions">;

/** Steps in C. What depends on lambda is in the hyper block, and read anew for each step. */
function kernelSteps(
  memory: Memory,
  parameter: Parameter,
  places: { readonly v: number; readonly m1: number; readonly m2: number },
  {
    move,
    follow,
    writeBack,
    penalty,
    group,
    weightDecay,
  }: KernelForm & Pick<Optimizer, "weightDecay">,
  {
    form,
    stepNumber,
  }: { readonly form: () => KernelForm; readonly stepNumber: (step: StepKind) => number },
): Steps {
  const { pattern } = parameter;
  const hyper = memory.allocate(HYPER_LENGTH * 4);
  const numbers = memory.f32(hyper, HYPER_LENGTH);
  const factor = weightDecay > 0 ? memory.put(Float32Array.of(weightDecay)) : 0;
  const decay = (g: number): Op[] => (factor ? [decayOp(parameter, g, factor)] : []);
  const shared = { ...places, hyper, move, follow };
  return {
    prepare(tau, step) {
      form().hyper(tau, stepNumber(step), numbers);
    },
    actions(g, step) {
      const now = parameter.form;
      if (step === "frozen" && pattern)
        return [...decay(g), ...pattern.frozenUpdate({ ...shared, g }, now)];
      // Frozen steps follow, and read the pattern whatever form the parameter has.
      const kept = step === "fine" && pattern && now !== pattern ? pattern.fromTheta() : [];
      return [...decay(g), ...now.update({ ...shared, g, writeBack, penalty, group }), ...kept];
    },
  };
}

/** g <- g + factor theta, by the form of theta that is up to date. */
function decayOp(parameter: Parameter, g: number, factor: number): Op {
  const { rows, cols, form } = parameter;
  return op("decayGradient", rows, { g, factor, rows, cols, pattern: form.places });
}

/** Steps in TypeScript, between two programs. */
function hostSteps(
  memory: Memory,
  parameter: Parameter,
  state: OptimizerState,
  optimizer: () => Optimizer,
): Steps {
  const { rows, cols, shape } = parameter;
  const theta = memory.f32(parameter.theta, rows * cols);
  let stepTau = 0;
  return {
    prepare(tau) {
      stepTau = tau;
    },
    actions(gradient) {
      const g = memory.f32(gradient, rows * cols);
      const step = () => optimizer().step(state, theta, g, shape, stepTau);
      return [step, ...parameter.form.refresh()];
    },
  };
}

/**
 * v = theta / delta + p: p times a factor, except for the part of it that mu makes, which is that
 * of the new mu.
 */
function scaleSubgradient(
  v: OptimizerState["v"],
  theta: Float32Array,
  [{ delta, regularizer: before }, { regularizer: after }]: readonly [Optimizer, Optimizer],
  factor: number,
): void {
  const { mu = 0 } = before;
  const { mu: newMu = 0 } = after;
  for (let i = 0; i < v.length; i++) {
    const primal = theta[i] / delta;
    v[i] = primal + newMu * theta[i] + factor * (v[i] - (primal + mu * theta[i]));
  }
}
