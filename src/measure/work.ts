/**
 * What the steps of a training cost, against a dense training.
 *
 * Of each linear layer and convolution a step computes three products, each with so many
 * multiplications a sample for each weight that takes part (1, or the positions of a convolution's
 * output):
 *
 *     forward           all weights on dense kernels, those of the pattern on sparse ones
 *     input gradient    the same; none where nothing below the layer is trained
 *     weight gradient   all weights; in a frozen step those of the pattern, unless all are cheaper (Parameter.gradient)
 *
 * A dense step costs all weights three times. These are counts of what is carried out, not of what
 * would be enough. The sampled dual's weight gradient counts as a whole: how many samples it draws
 * is not known here, so that it costs less than is said.
 */
import { layoutOf } from "../nn/layout.js";
import { ruleOf } from "../nn/layers/rules.js";
import { gradientForm, isWeightRole, layerOf, type Parameter } from "../runtime/parameter.js";
import type { EpochMetrics, Savings } from "./events.js";
import type { Trainer } from "../engine/trainer.js";

/** Sums over the steps so far: JSON. */
export interface Work {
  readonly steps: number;
  /** Of these, those with frozen patterns. */
  readonly frozenSteps: number;
  /** Multiplications carried out, and those of dense steps. */
  readonly multiplications: number;
  readonly dense: number;
  /** Seconds within steps. */
  readonly seconds: number;
  /** Seconds of a dense step, if it was measured. */
  readonly denseStep?: number | undefined;
}

export interface WorkCounter {
  /** Counts a step, and times it; `run` takes it and its result is returned. */
  during<Result>(run: () => Result, samples: number): Result;
  state(): Work;
}

/** Starts counting the steps of a trainer, from 0 or from what was counted before. */
export function createWorkCounter(trainer: Trainer, from: Partial<Work> = {}): WorkCounter {
  const products = productsOf(trainer);
  const perSample = products.reduce(
    (sum, { parameter: { still }, each, weights, backward }) =>
      sum + each * weights * ((still ? 1 : 2) + backward),
    0,
  );
  let work: Work = { steps: 0, frozenSteps: 0, multiplications: 0, dense: 0, seconds: 0, ...from };
  return {
    during(run, samples) {
      const frozen = trainer.next === "frozen";
      // Taken before: the step may change the patterns.
      const carriedOut = stepMultiplications(products, frozen);
      const began = performance.now();
      const result = run();
      work = {
        ...work,
        steps: work.steps + 1,
        frozenSteps: work.frozenSteps + (frozen ? 1 : 0),
        multiplications: work.multiplications + carriedOut * samples,
        dense: work.dense + perSample * samples,
        seconds: work.seconds + (performance.now() - began) / 1000,
      };
      return result;
    },
    state: () => work,
  };
}

/** What a run says of its work; undefined before the first step. */
export function savings(work: Work, history: readonly EpochMetrics[]): Savings | undefined {
  const { steps, frozenSteps, multiplications, dense, seconds, denseStep } = work;
  if (steps === 0) return undefined;
  const sum = (key: "births" | "deaths") => history.reduce((total, line) => total + line[key], 0);
  return {
    steps,
    frozenSteps,
    births: sum("births"),
    deaths: sum("deaths"),
    trainingFlops: 2 * multiplications,
    trainingFlopDensity: multiplications / dense,
    stepSeconds: seconds / steps,
    ...(denseStep !== undefined && { denseStepSeconds: denseStep }),
  };
}

/** A weight's products in a step. */
interface Products {
  readonly parameter: Parameter;
  readonly weights: number;
  /** Multiplications of one product for each weight and sample. */
  readonly each: number;
  /** 1 if there is an input gradient, else 0. */
  readonly backward: 0 | 1;
  /** 2 if the layer runs forward again in the backward pass, else 1. */
  readonly forward: 1 | 2;
}

function productsOf({ model, updaters, plan }: Trainer): Products[] {
  const { steps, values } = layoutOf(model);
  const weights = new Map<string, Parameter[]>();
  for (const { parameter } of updaters) {
    if (!isWeightRole(parameter.role)) continue;
    const layer = layerOf(parameter);
    weights.set(layer, [...(weights.get(layer) ?? []), parameter]);
  }
  const again = new Set(plan.recomputed);
  return steps.flatMap(({ node: index, inputs }) => {
    const { name, layer, shape } = model.nodes[index];
    const each = ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0;
    const backward = values.get(inputs[0])!.needsGradient ? 1 : 0;
    const forward = again.has(name) ? 2 : 1;
    return (weights.get(name) ?? []).map((parameter): Products => {
      return { parameter, weights: parameter.rows * parameter.cols, each, backward, forward };
    });
  });
}

/** Multiplications of the next step for each of its samples. */
function stepMultiplications(products: readonly Products[], frozen: boolean): number {
  let sum = 0;
  for (const { parameter, each, backward, forward } of products) {
    const weights = (forward + backward) * parameter.form.used();
    const gradient = parameter.still ? 0 : gradientForm(parameter, frozen).used();
    sum += each * (weights + gradient);
  }
  return sum;
}
