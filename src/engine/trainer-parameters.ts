/**
 * A model's parameters and buffers, given their places in shared memory and their initial values.
 */
import { size } from "../shape-size.js";
import type { Layout } from "../nn/layout.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { PatternKind } from "../runtime/form/create-pattern.js";
import type { Memory } from "../runtime/memory.js";
import {
  createParameter,
  isWeightRole,
  type Parameter,
  type ParameterRole,
} from "../runtime/parameter.js";
import { optimizerFor, type RoleOptimizers } from "./role-optimizers.js";
import type { Buffer } from "./trainer-state.js";

export interface ParametersOptions {
  /** Initial theta by parameter name; buffers where they don't begin as their layers have them. */
  readonly initial: ReadonlyMap<string, Float32Array>;
  readonly optimizers: RoleOptimizers;
}

/** Parameters by name, and buffers by `<layer>.<buffer>`, in the order of the steps. */
export function createParameters(
  memory: Memory,
  layout: Layout,
  { initial, optimizers }: ParametersOptions,
): {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly buffers: ReadonlyMap<string, Buffer>;
} {
  const parameters = new Map<string, Parameter>();
  const buffers = new Map<string, Buffer>();
  for (const { node: index, inputs } of layout.steps) {
    const node = layout.model.nodes[index];
    for (const spec of node.parameters) {
      const name = `${node.name}.${spec.name}`;
      const parameter = createParameter(
        memory,
        { ...spec, name },
        {
          pattern: patternKind(spec.role, optimizerFor(optimizers, spec.role)),
          transpose: layout.values.get(inputs[0])!.needsGradient,
          conv: layout.convs.get(name),
        },
      );
      parameter.dense.write(initial.get(name)!);
      parameter.dense.count();
      parameters.set(name, parameter);
    }
    for (const { name, shape, initial: start } of node.buffers) {
      const full = `${node.name}.${name}`;
      const fresh = () => Float32Array.from({ length: size(shape) }, (_, k) => start(k));
      const offset = memory.put(initial.get(full) ?? fresh());
      buffers.set(full, { offset, shape });
    }
  }
  return { parameters, buffers };
}

/** How a parameter's non-zeros are kept, or undefined if it has no use for sparse kernels. */
function patternKind(
  role: ParameterRole,
  { regularizer, follow }: Optimizer,
): PatternKind | undefined {
  if (!isWeightRole(role)) return undefined;
  if (follow === "masked") return "entries";
  if (regularizer.trivial) return undefined;
  const { groups = "entries" } = regularizer;
  return role === "conv" && groups !== "entries" ? "pairs" : "entries";
}
