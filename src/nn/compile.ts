/**
 * From a model's layout to ops: the plan for one batch size.
 *
 * schedule.ts says when each step runs, places.ts where its tensors are.
 *
 * The ops depend on which kernel each parameter uses at the moment (dense or sparse), the places do
 * not: `lower` is called again when a parameter has changed sides.
 */
import { InputError } from "../errors.js";
import { size } from "../shape-size.js";
import type { Layout } from "./layout.js";
import { lowerBackward } from "./lower-backward.js";
import { lowerForward } from "./lower-forward.js";
import { planContext } from "./plan-context.js";
import type { CompileOptions, Plan } from "./plan.js";

/**
 * Compiles a model for one batch size.
 *
 * @throws InputError if the samples do not have the model's input shape, or the loss does not fit
 *   its output
 */
export function compile(layout: Layout, options: CompileOptions): Plan {
  const { model, steps } = layout;
  const { samples, batchSize } = options;
  if (samples.features !== size(model.input)) {
    throw new InputError(
      `the data has ${samples.features} features a sample, the model's input is [${model.input.join(", ")}]`,
    );
  }
  const context = planContext(layout, options);
  const { training, tiles, data, places, recomputation } = context;
  return {
    ...data,
    batchSize,
    tiles,
    bytes: places.bytes,
    recomputed: [...recomputation.moments.keys()].map((s) => model.nodes[steps[s].node].name),
    lower(frozen = false) {
      const backward = training ? lowerBackward(context, frozen) : [];
      return { ...lowerForward(context, training ? "forward" : "evaluation", frozen), backward };
    },
    lowerEvaluation: () => lowerForward(context, "evaluation"),
    lowerStatistics: () => lowerForward(context, "statistics"),
  };
}
