/** How many threads pay for a network. */
import { ruleOf } from "../nn/layers/rules.js";
import type { Network } from "../nn/network.js";
import { nonZerosOf } from "../nn/packed-values.js";
import { isWeightRole } from "../runtime/parameter.js";
import { defaultThreads } from "../runtime/threads.js";

/** Multiplications of a sample from which the end of a layer is cheap to wait for. */
const WORTH_IT = 5e6;

/** One for a small network: threads would wait for each other longer than they compute. */
export function threadsFor({ model, parameters }: Network): number {
  let multiplications = 0;
  for (const { name, layer, shape, parameters: specs } of model.nodes) {
    const each = ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0;
    for (const spec of specs) {
      if (isWeightRole(spec.role))
        multiplications += each * nonZerosOf(parameters.get(`${name}.${spec.name}`)!);
    }
  }
  return multiplications < WORTH_IT ? 1 : defaultThreads();
}
