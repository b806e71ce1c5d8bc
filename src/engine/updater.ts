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
import { FOLLOW } from "../runtime/contract/update.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import { compressOp, kernelShape, patternArgs, type Parameter } from "../runtime/parameter.js";
import { readTheta } from "../runtime/theta.js";

/** A piece of a training step: ops for the pool, or a function to call between programs. */
export type Action = Op | (() => void);

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
        scaleSubgradient(
          state.v,
          readTheta(memory, parameter),
          [now.optimizer, next],
          factor / now.lambda,
        );
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
  const { rows, cols, columns, counts, changed, pattern, transpose, conv } = parameter;
  const hyper = memory.allocate(HYPER_LENGTH * 4);
  const numbers = memory.f32(hyper, HYPER_LENGTH);
  const factor = weightDecay > 0 ? memory.put(Float32Array.of(weightDecay)) : 0;
  const decay = (g: number): Op[] => (factor ? [decayOp(parameter, g, factor)] : []);
  const shared = { ...places, hyper, counts, changed, rows, cols, move, follow, group };
  const frozen = (g: number): Action[] => {
    const { kind, entries, counts: used, entryStride } = pattern!;
    const pairs = kind === "pairs";
    const sparse = parameter.kernel === "sparse";
    return [
      ...decay(g),
      op("updatePattern", rows, {
        ...shared,
        // Kernels of one weight follow as l1: a sparse kernel group without a threshold on its
        // norm.
        follow: pairs && follow === FOLLOW.l1 ? FOLLOW.sparseKernelGroup : follow,
        group: pairs ? cols / conv!.inner : 1,
        pairs: pairs ? 1 : 0,
        g,
        theta: sparse && !pairs ? 0 : parameter.theta,
        entries,
        used,
        entryStride,
        kernel: kernelShape(parameter),
      }),
      // Pairs point to their weights: the transposed ones do too, and have nothing to bring up to
      // date.
      ...(sparse && transpose && !pairs ? [transpose.update] : []),
    ];
  };
  return {
    prepare(tau, step) {
      form().hyper(tau, stepNumber(step), numbers);
    },
    actions(g, step) {
      if (step === "frozen" && pattern) return frozen(g);
      const sparse = parameter.kernel === "sparse";
      // An entries pattern is written by the update itself; pairs are made from theta.
      const entries = sparse && pattern!.kind === "entries" ? pattern!.entries : 0;
      const theta = entries ? 0 : parameter.theta;
      const compress = pattern && !entries && (sparse || step === "fine");
      return [
        ...decay(g),
        op("update", rows, { ...shared, g, writeBack, penalty, columns, theta, entries }),
        ...(compress ? [compressOp(parameter)] : []),
        ...(sparse && transpose ? [transpose.update] : []),
      ];
    },
  };
}

/** g <- g + factor theta, by the form of theta that is up to date. */
function decayOp(parameter: Parameter, g: number, factor: number): Op {
  const { rows, cols, kernel, pattern } = parameter;
  return op("decayGradient", rows, {
    g,
    factor,
    rows,
    cols,
    pattern: patternArgs(parameter, kernel === "sparse" ? pattern : undefined),
  });
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
      const step = () => {
        optimizer().step(state, theta, g, shape, stepTau);
        // The kernel that makes the pattern counts too, and compares with the old counts to see
        // what has changed.
        if (parameter.kernel === "dense") countNonZeros(memory, parameter);
      };
      if (parameter.kernel === "dense") return [step];
      return [
        step,
        compressOp(parameter),
        ...(parameter.transpose ? [parameter.transpose.update] : []),
      ];
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

/** Counts the non-zeros of each row of dense theta. */
export function countNonZeros(memory: Memory, { theta, counts, rows, cols }: Parameter): void {
  const values = memory.f32(theta, rows * cols);
  const used = memory.i32(counts, rows);
  for (let row = 0; row < rows; row++) {
    let n = 0;
    for (let k = row * cols; k < (row + 1) * cols; k++) if (values[k] !== 0) n++;
    used[row] = n;
  }
}
