/**
 * What the ops of a plan are written from: the order of its work, its tensors in their places, its
 * data in memory, the parameters of each step.
 */
import { TILE } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Parameter } from "../runtime/parameter.js";
import { size } from "../shape-size.js";
import type { Layout } from "./layout.js";
import type { LossKind } from "./loss.js";
import { placesOf, type Places } from "./places.js";
import { createPlanData, type PlanData } from "./plan-data.js";
import type { CompileOptions } from "./plan.js";
import { NOTHING_AGAIN, recomputationOf, type Recomputation } from "./recompute.js";
import type { SampleStore } from "./samples.js";
import { scheduleOf, type OpSchedule } from "./schedule.js";
import type { PlacedTensor } from "./tensor.js";

export interface PlanContext {
  readonly layout: Layout;
  readonly schedule: OpSchedule;
  readonly recomputation: Recomputation;
  readonly places: Places;
  readonly tensors: PlanTensors;
  readonly data: PlanData;
  /** By step: its parameters, and where its buffers are. */
  readonly bound: readonly {
    readonly parameters: readonly Parameter[];
    readonly buffers: readonly number[];
  }[];
  readonly tiles: number;
  readonly training: boolean;
  readonly samples: SampleStore;
  readonly loss: LossKind;
  readonly labelSmoothing: number | undefined;
  readonly classWeights: readonly number[] | undefined;
  /** f32 in memory: of gradients that are sampled; or 0. */
  readonly tolerance: number;
  /** Who writes a tensor makes its border zero, as it shares its place with those of another. */
  readonly clearsBorders: boolean;
}

/** The tensors of a plan, and what else is in its arena. */
export interface PlanTensors {
  readonly value: (value: number) => PlacedTensor;
  /** In the backward pass. */
  readonly valueLater: (value: number) => PlacedTensor;
  readonly gradient: (value: number) => PlacedTensor;
  /** The place in memory of an offset in the arena; 0 where there is none. */
  readonly place: (offset: number | undefined) => number;
}

/** Makes room for a plan, and fills in what stays the same. */
export function planContext(layout: Layout, options: CompileOptions): PlanContext {
  const { model } = layout;
  const { memory, batchSize, loss, purpose, samples, augment = false } = options;
  const { keepGradients = false, settings = {} } = options;
  const { sampleDual, labelSmoothing, classWeights, recompute = false } = settings;
  const training = purpose === "train";
  const tiles = Math.ceil(batchSize / TILE);
  const schedule = scheduleOf(layout);
  const recomputation = training && recompute ? recomputationOf(layout, schedule) : NOTHING_AGAIN;
  const places = placesOf(layout, schedule, {
    tiles,
    training,
    loss,
    samples,
    keepGradients,
    sampled: sampleDual !== undefined,
    clearsBorders: recompute,
    recomputation,
  });
  const tensors = planTensors(layout, places, memory);
  const tolerance = sampleDual === undefined ? 0 : memory.put(Float32Array.of(sampleDual));
  const data = createPlanData(memory, {
    tiles,
    augment,
    fetch: samples.fetch,
    output: tensors.value(model.nodes.length - 1).offset,
    outputFeatures: size(model.output),
  });
  return {
    layout,
    schedule,
    recomputation,
    places,
    tensors,
    data,
    bound: boundTo(layout, options),
    tiles,
    training,
    samples,
    loss,
    labelSmoothing,
    classWeights,
    tolerance,
    clearsBorders: recompute,
  };
}

/** Allocates the arena. */
function planTensors({ values }: Layout, places: Places, memory: Memory): PlanTensors {
  const arena = memory.allocate(places.bytes);
  const place = (offset: number | undefined) => (offset === undefined ? 0 : arena + offset);
  const valueAt = (value: number, offset: number | undefined): PlacedTensor => ({
    ...values.get(value)!.shape,
    offset: place(offset),
  });
  return {
    place,
    value: (value) => valueAt(value, places.values.get(value)),
    valueLater: (value) => valueAt(value, places.again.get(value) ?? places.values.get(value)),
    gradient: (value) => ({
      ...values.get(value)!.gradient,
      offset: place(places.gradients.get(value)),
    }),
  };
}

function boundTo(
  { model, steps }: Layout,
  { parameters, buffers }: Pick<CompileOptions, "parameters" | "buffers">,
): PlanContext["bound"] {
  return steps.map(({ node }) => {
    const { name, parameters: specs, buffers: bufferSpecs } = model.nodes[node];
    return {
      parameters: specs.map((spec) => parameters.get(`${name}.${spec.name}`)!),
      buffers: bufferSpecs.map((spec) => buffers.get(`${name}.${spec.name}`)!),
    };
  });
}
