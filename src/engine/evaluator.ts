/**
 * A network at work, without gradients and optimizer: each layer runs on the kernel that suits its
 * density.
 */
import { compile } from "../nn/compile.js";
import { size } from "../shape-size.js";
import { layoutOf } from "../nn/layout.js";
import type { LossKind } from "../nn/loss.js";
import { checkNetwork, type Network, type Values } from "../nn/network.js";
import { eachNonZero, nonZerosOf, packedOf } from "../nn/packed-values.js";
import type { SampleStore } from "../nn/samples.js";
import { chooseKernel } from "../runtime/crossover.js";
import { makePatterns } from "../runtime/form/convert.js";
import type { PatternKind } from "../runtime/form/create-pattern.js";
import { createParameter, isWeightRole, type Parameter } from "../runtime/parameter.js";
import type { Pool } from "../runtime/pool.js";
import { evaluationOf, type Evaluation } from "./evaluation.js";
import { converterOf, createSequence, forwardActions, type Sequence } from "./sequence.js";

/** Samples that are computed at a time, for the memory of so many. */
export const EVALUATION_BATCH = 128;

/**
 * Prepares a network for evaluation. @throws InputError if a parameter is missing, or the samples
 * do not fit
 */
export function createEvaluator(
  pool: Pool,
  network: Network,
  { loss, samples }: { readonly loss: LossKind; readonly samples: SampleStore },
): Evaluation {
  checkNetwork(network);
  const { model } = network;
  const layout = layoutOf(model);
  const { parameters, buffers } = placeNetwork(pool, network);
  const batchSize = Math.min(EVALUATION_BATCH, samples.count);
  const plan = compile(layout, {
    memory: pool.memory,
    batchSize,
    loss,
    purpose: "evaluate",
    samples,
    parameters,
    buffers,
  });
  let sequence: Sequence | undefined;
  const run = () =>
    (sequence ??= createSequence(pool, forwardActions(plan.lowerEvaluation()))).run();
  return evaluationOf(plan, run, { model, loss, samples });
}

/**
 * Puts parameters and buffers into shared memory, sparse weights with their patterns.
 *
 * @param transpose - keep room for the transposes too, which a plan to train refers to
 */
export function placeNetwork(pool: Pool, network: Network, { transpose = false } = {}) {
  const { memory, backend } = pool;
  const { convs } = layoutOf(network.model);
  const parameters = new Map<string, Parameter>();
  const buffers = new Map<string, number>();
  for (const node of network.model.nodes) {
    for (const spec of node.parameters) {
      const name = `${node.name}.${spec.name}`;
      const values = network.parameters.get(name)!;
      const density = nonZerosOf(values) / size(spec.shape);
      const isSparse =
        isWeightRole(spec.role) && chooseKernel(density, "dense", backend) === "sparse";
      const pattern = isSparse ? patternOf(spec.shape, values) : undefined;
      const parameter = createParameter(
        memory,
        { ...spec, name },
        { pattern, transpose, conv: convs.get(name) },
      );
      const theta = memory.f32(parameter.theta, size(spec.shape));
      // Packed ones stay so: the memory is zero.
      if (packedOf(values)) eachNonZero(values, (w, place) => (theta[place] = w));
      else theta.set(values.data);
      parameter.dense.count();
      if (parameter.pattern) parameter.form = parameter.pattern;
      parameters.set(name, parameter);
    }
    for (const { name } of node.buffers) {
      buffers.set(
        `${node.name}.${name}`,
        memory.put(network.buffers.get(`${node.name}.${name}`)!.data),
      );
    }
  }
  makePatterns(converterOf(pool), parameters.values());
  return { parameters, buffers };
}

/** Kernels of a convolution that are full where they are at all pay as groups. */
function patternOf(shape: readonly number[], values: Values): PatternKind {
  if (shape.length < 4) return "entries";
  const taps = size(shape.slice(2));
  let [groups, entries, last] = [0, 0, -1];
  eachNonZero(values, (_, place) => {
    const group = Math.floor(place / taps);
    if (group !== last) groups++;
    last = group;
    entries++;
  });
  return 2 * entries > groups * taps ? "pairs" : "entries";
}
