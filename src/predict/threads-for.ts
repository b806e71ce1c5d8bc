/** How many threads pay for a network. */
import { layoutOf } from "../nn/layout.js";
import type { Network } from "../nn/network.js";
import { nonZerosOf } from "../nn/packed-values.js";
import { isWeightRole } from "../runtime/parameter.js";
import { defaultThreads } from "../runtime/threads.js";

/** Multiplications of a sample from which the end of a layer is cheap to wait for. */
const WORTH_IT = 5e6;

/** One for a small network: threads would wait for each other longer than they compute. */
export function threadsFor({ model, parameters }: Network): number {
  const { convs } = layoutOf(model);
  let multiplications = 0;
  for (const { name: layer, shape, parameters: specs } of model.nodes) {
    for (const { name, role } of specs) {
      if (!isWeightRole(role)) continue;
      const full = `${layer}.${name}`;
      const positions = convs.has(full) ? shape[1] * shape[2] : 1;
      multiplications += positions * nonZerosOf(parameters.get(full)!);
    }
  }
  return multiplications < WORTH_IT ? 1 : defaultThreads();
}
