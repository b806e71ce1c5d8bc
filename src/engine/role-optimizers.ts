/** Which optimizer each parameter has, by its role. */
import type { Optimizer } from "../optim/optimizer.js";
import type { Shape } from "../regularizers/regularizer.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter, ParameterRole } from "../runtime/parameter.js";
import { stillUpdater } from "./still-updater.js";
import { createUpdater, type Updater } from "./updater.js";

/**
 * The optimizer of each role. Convolutions follow the weights unless they have their own; the
 * factors of batch norm and the scalars of skip connections follow the biases.
 */
export type RoleOptimizers = Readonly<
  Record<"weight" | "bias", Optimizer> & Partial<Record<ParameterRole, Optimizer | undefined>>
>;

/** The optimizer of a role, its own or the one that it follows. */
export function optimizerFor(optimizers: RoleOptimizers, role: ParameterRole): Optimizer {
  return optimizers[role] ?? (role === "conv" ? optimizers.weight : optimizers.bias);
}

/**
 * Puts an optimizer to work on each parameter.
 *
 * @param facts - the seed, and the steps of the whole training if they are known
 */
export function createUpdaters(
  memory: Memory,
  parameters: Iterable<Parameter>,
  optimizers: RoleOptimizers,
  { seed, steps }: { readonly seed: number; readonly steps?: number | undefined },
): Updater[] {
  const all = [...parameters];
  const shapesOf = new Map<Optimizer, Shape[]>();
  for (const { role, shape, still } of all) {
    if (still) continue;
    const optimizer = optimizerFor(optimizers, role);
    shapesOf.set(optimizer, [...(shapesOf.get(optimizer) ?? []), shape]);
  }
  return all.map((parameter) => {
    if (parameter.still) return stillUpdater(parameter);
    const optimizer = optimizerFor(optimizers, parameter.role);
    const shapes = shapesOf.get(optimizer)!;
    const facts = { name: parameter.name, seed, shapes, ...(steps && { steps }) };
    return createUpdater(memory, parameter, optimizer, facts);
  });
}
