/** Frozen steps between fine ones (optim/freeze.ts): which step is next, and what may be frozen. */
import { InputError } from "../errors.js";
import { makePatterns } from "../runtime/form/convert.js";
import { isWeightRole } from "../runtime/parameter.js";
import type { Pool } from "../runtime/pool.js";
import { converterOf } from "./sequence.js";
import type { StepKind, Updater } from "./updater.js";

/** Where a training is between fine and frozen steps. */
export interface Cycle {
  /** Frozen steps after each fine one. */
  readonly coarse: number;
  /** Frozen steps until the next fine one. */
  readonly left: number;
  /** No fine one follows any more. */
  readonly fixed?: true;
}

export interface Freezing {
  /** Given anew when a state is restored. */
  cycle: Cycle;
  /** What the next step may do to patterns. */
  readonly next: StepKind;
  /** A step is done. */
  advance(): void;
  /** As Trainer.checkFreeze. */
  check(): void;
  /** As Trainer.freeze. */
  freeze(coarse: number, lambda: "scaled" | "kept"): void;
  /** As Trainer.fix. */
  fix(): void;
}

/** Whether steps may be frozen: then dense kernels keep their patterns too. */
export const mayFreeze = ({ coarse, fixed }: Cycle): boolean => coarse > 0 || fixed === true;

export function createFreezing(pool: Pool, updaters: readonly Updater[]): Freezing {
  let cycle: Cycle = { coarse: 0, left: 0 };
  const frozen = updaters.filter(({ freezes }) => freezes);
  const check = () => {
    const fixed = updaters.find(isFixed);
    if (fixed || frozen.length === 0) throw new InputError(`could not freeze ${whyNot(fixed)}`);
  };
  /** From now on dense kernels keep their patterns too, and a state that is saved reads them. */
  const keepPatterns = () => {
    if (mayFreeze(cycle)) return;
    const dense = frozen
      .map(({ parameter }) => parameter)
      .filter(({ form, pattern }) => form !== pattern);
    makePatterns(converterOf(pool), dense);
  };
  return {
    get cycle() {
      return cycle;
    },
    set cycle(now) {
      cycle = now;
    },
    get next() {
      if (cycle.fixed) return "frozen";
      return cycle.coarse === 0 ? "exact" : cycle.left > 0 ? "frozen" : "fine";
    },
    advance() {
      const { coarse, left, fixed } = cycle;
      if (coarse > 0 && !fixed) cycle = { coarse, left: left > 0 ? left - 1 : coarse };
    },
    check,
    freeze(coarse, lambda) {
      if (coarse === cycle.coarse) return;
      check();
      for (const updater of lambda === "scaled" ? frozen : []) {
        updater.setLambda((updater.lambda * (cycle.coarse + 1)) / (coarse + 1), "scaled");
      }
      keepPatterns();
      cycle = { coarse, left: Math.min(cycle.left, coarse) };
    },
    fix() {
      check();
      keepPatterns();
      cycle = { ...cycle, fixed: true };
    },
  };
}

/** Whether weights have a pattern that can't be frozen. */
function isFixed({ freezes, parameter, optimizer: { regularizer, follow } }: Updater): boolean {
  // A mask changes by the gradient of every weight, in steps of its own.
  const changes = !regularizer.trivial || follow === "masked";
  return !freezes && isWeightRole(parameter.role) && changes;
}

/** The rest of a sentence that says why patterns can't be frozen. */
function whyNot(fixed: Updater | undefined): string {
  if (!fixed) return "anything: expected a regularizer of weights, found none";
  const { parameter, optimizer } = fixed;
  return (
    `${parameter.name}: expected LinBreg or AdaBreg with a regularizer that has a ` +
    "standard form of single weights, rows, filters or kernels (l1, groupLasso, ...), " +
    `found ${optimizer.kind} with ${optimizer.regularizer.kind}`
  );
}
