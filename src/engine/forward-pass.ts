/** From a batch to its loss: the first half of a training step, and the same without training. */
import { DivergedError } from "../errors.js";
import type { Plan } from "../nn/plan.js";
import type { Augmentation } from "../nn/plan-data.js";
import type { Parameter } from "../runtime/parameter.js";
import type { Pool } from "../runtime/pool.js";
import { firstNonFinite } from "./non-finite.js";
import { createPrograms, forwardActions } from "./sequence.js";
import type { StepKind } from "./updater.js";

/** What a batch, or a part of one, is run by. */
export interface Part {
  readonly indices: Int32Array;
  readonly augmentation?: Augmentation | undefined;
  /** Of the step, from 1 on. */
  readonly step: number;
  /** Of the part among all parts of all steps, from 0 on: what is random is drawn by it. */
  readonly number: number;
}

export interface ForwardPass {
  /**
   * Runs a part of a batch to its loss.
   *
   * @returns sums over its samples
   * @throws DivergedError if the loss is not finite, naming the step and the first layer with a
   *   non-finite value
   */
  run(kind: StepKind, part: Part): ReturnType<Plan["readLoss"]>;
  /** Runs the plan's evaluation on the batch that is set. */
  evaluate(): void;
  /** Runs samples forward as a step does, but with nothing random. */
  runStatistics(indices: Int32Array): void;
  /** The next programs are written anew: layers have changed kernels. */
  reset(): void;
}

export interface ForwardPassOptions {
  readonly plan: Plan;
  /** By name. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly seed: number;
  /** Terms of the loss of a sample. */
  readonly terms: number;
}

/** Prepares the first half of a step. */
export function createForwardPass(
  pool: Pool,
  { plan, parameters, seed, terms }: ForwardPassOptions,
): ForwardPass {
  const programs = createPrograms(pool);
  const first = Math.imul(seed, 0x27d4eb2f);
  return {
    run(kind, { indices, augmentation, step, number }) {
      const frozen = kind === "frozen";
      plan.setBatch(indices, augmentation);
      plan.setSeed(first + number);
      programs.run(frozen ? "frozen" : "all", () => forwardActions(plan.lower(frozen)));
      const sums = plan.readLoss();
      const mean = sums.loss / (indices.length * terms);
      if (!Number.isFinite(mean)) {
        const where = firstNonFinite(pool, plan, parameters);
        throw new DivergedError(`the loss is ${mean} at step ${step}: ${where}`);
      }
      return sums;
    },
    evaluate() {
      programs.run("evaluation", () => forwardActions(plan.lowerEvaluation()));
    },
    runStatistics(indices) {
      plan.setBatch(indices);
      programs.run("statistics", () => forwardActions(plan.lowerStatistics()));
    },
    reset: () => programs.reset(),
  };
}
