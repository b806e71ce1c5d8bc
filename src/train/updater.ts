/**
 * An optimizer at work on one parameter in shared memory.
 *
 * Most optimizers have a twin in C, the `update` kernel, which moves v, lets theta follow and writes the new pattern in
 * one pass over the rows. An optimizer without a twin (a regularizer of your own, say) takes its step in TypeScript on
 * the same memory, between two programs; the pattern is then made from theta.
 */
import { kernelForm } from "../optim/kernel-form.js";
import type { Optimizer, OptimizerState } from "../optim/optimizer.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import { compressOp, type Parameter } from "../runtime/parameter.js";

/** A piece of a training step: ops for the pool, or a function to call between programs. */
export type Action = Op | (() => void);

export interface Updater {
  readonly parameter: Parameter;
  readonly optimizer: Optimizer;
  /** v, moments (views of shared memory) and the number of steps done: with theta, all that a resumed run needs. */
  readonly state: OptimizerState;
  /** Sets the learning rate and counts the step; call it before the step's program runs. */
  prepare(tau: number): void;
  /** What to run once the parameter's gradient (f32 [rows, cols] at `gradient`) is complete. */
  actions(gradient: number): Action[];
}

/** Floats in a hyper block. */
const HYPER_LENGTH = 16;

/** Puts an optimizer to work: v starts as theta / delta + p for the theta that is in memory now. */
export function createUpdater(memory: Memory, parameter: Parameter, optimizer: Optimizer): Updater {
  const { rows, cols, columns, shape, pattern, counts, changed } = parameter;
  const length = rows * cols;
  const theta = memory.f32(parameter.theta, length);
  const fresh = optimizer.init(theta, shape);
  const share = (values: OptimizerState["v"] | undefined): number => {
    if (!values) return 0;
    const place = memory.allocate(length * 4);
    memory.f32(place, length).set(values);
    return place;
  };
  const [v, m1, m2] = [share(fresh.v), share(fresh.m1), share(fresh.m2)];
  const state: OptimizerState = {
    v: memory.f32(v, length),
    ...(m1 ? { m1: memory.f32(m1, length) } : {}),
    ...(m2 ? { m2: memory.f32(m2, length) } : {}),
    step: 0,
  };

  const form = kernelForm(optimizer, shape);
  if (form) {
    const hyper = memory.allocate(HYPER_LENGTH * 4);
    const { move, follow, writeBack, penalty, group } = form;
    return {
      parameter,
      optimizer,
      state,
      prepare(tau) {
        state.step++;
        memory.f32(hyper, HYPER_LENGTH).set(form.hyper(tau, state.step));
      },
      actions(g) {
        const sparse = parameter.kernel === "sparse";
        // An entries pattern is written by the update itself; pairs are made from theta.
        const entries = sparse && pattern!.kind === "entries" ? pattern!.entries : 0;
        return [
          op("update", rows, {
            v,
            g,
            m1,
            m2,
            hyper,
            counts,
            rows,
            cols,
            move,
            follow,
            writeBack,
            penalty,
            columns,
            group,
            theta: entries ? 0 : parameter.theta,
            entries,
            changed,
          }),
          ...(sparse && !entries ? [compressOp(parameter)] : []),
          ...(sparse && parameter.transpose ? [parameter.transpose.update] : []),
        ];
      },
    };
  }

  let stepTau = optimizer.tau;
  return {
    parameter,
    optimizer,
    state,
    prepare(tau) {
      stepTau = tau;
    },
    actions(gradient) {
      const g = memory.f32(gradient, length);
      const step = () => {
        optimizer.step(state, theta, g, shape, stepTau);
        // The kernel that makes the pattern counts too, and compares with the old counts to see what has changed.
        if (parameter.kernel === "dense") countNonZeros(memory, parameter);
      };
      if (parameter.kernel === "dense") return [step];
      return [step, compressOp(parameter), ...(parameter.transpose ? [parameter.transpose.update] : [])];
    },
  };
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
