/**
 * How long each value of a model and its gradient live: from the moment they are written to the
 * last at which somebody reads them.
 */
import { largest, smallest } from "../extremes.js";
import { tiledRuleOf } from "./layers/part-of.js";
import type { Layout, ValueLayout } from "./layout.js";
import { readsBackward, type Recomputation } from "./recompute.js";
import type { Reservations, Reserved } from "./reservations.js";
import type { OpSchedule } from "./schedule.js";

export interface ValueTensors {
  /** By value; of those that are computed again, what they are then; of their gradients. */
  readonly values: ReadonlyMap<number, Reserved>;
  readonly again: ReadonlyMap<number, Reserved>;
  readonly gradients: ReadonlyMap<number, Reserved>;
}

export interface ValueLivesOptions {
  readonly training: boolean;
  readonly recomputation: Recomputation;
}

/** Reserves the tensors of all values. */
export function reserveValues(
  layout: Layout,
  schedule: OpSchedule,
  { training, recomputation }: ValueLivesOptions,
  reservations: Reservations,
): ValueTensors {
  const values = new Map<number, Reserved>();
  const again = new Map<number, Reserved>();
  const gradients = new Map<number, Reserved>();
  const membersOf = gradientMembers(schedule);
  for (const [value, of] of layout.values) {
    const { shape, gradient, writer } = of;
    const rerun = writer === undefined ? undefined : recomputation.moments.get(writer);
    const later = training ? laterUses(layout, schedule, recomputation, value, of) : [];
    const uses = [
      ...forwardUses(layout, schedule, value, of),
      ...(rerun === undefined ? later : []),
      ...(training ? writersUse(layout, schedule, of) : []),
    ];
    if (training && rerun !== undefined)
      again.set(value, reservations.tensor(shape, rerun, largest(later)));
    values.set(value, reservations.tensor(shape, smallest(uses), largest(uses)));
    if (!training || !of.needsGradient || writer === undefined || schedule.sameGradient.has(value))
      continue;
    const together = membersOf(value);
    const tensor = reservations.tensor(
      gradient,
      gradientBorn(layout, schedule, value, of),
      largest(together.map((one) => schedule.backwardAt(layout.values.get(one)!.writer!))),
    );
    for (const one of together) gradients.set(one, tensor);
  }
  return { values, again, gradients };
}

/** When a value is written, and read by the forward pass. */
function forwardUses(
  { model }: Layout,
  { forwardAt, lossAt }: OpSchedule,
  value: number,
  { writer, readers }: ValueLayout,
): number[] {
  const isOutput = value === model.nodes.length - 1;
  return [
    writer === undefined ? 0 : forwardAt(writer),
    ...readers.map(forwardAt),
    ...(isOutput ? [lossAt] : []),
  ];
}

/** When those that read a value read it once more: in the backward pass, or to run again. */
function laterUses(
  layout: Layout,
  { backwardAt }: OpSchedule,
  { moments }: Recomputation,
  value: number,
  { readers }: ValueLayout,
): number[] {
  return readers.flatMap((s) => {
    const rerun = moments.get(s) ?? [];
    return readsBackward(layout, s, value) ? [backwardAt(s), rerun].flat() : rerun;
  });
}

/** When the step that wrote a value reads it in the backward pass, if it does. */
function writersUse(
  { model, steps }: Layout,
  { backwardAt }: OpSchedule,
  { writer }: ValueLayout,
): number[] {
  if (writer === undefined) return [];
  const { node, reluGradient } = steps[writer];
  const { backwardReads, keptBytes } = tiledRuleOf(model.nodes[node].layer);
  const keepsSigns = keptBytes !== undefined;
  return backwardReads.y || (reluGradient && !keepsSigns) ? [backwardAt(writer)] : [];
}

/** When the first part of a value's gradient is written. */
function gradientBorn(
  { model }: Layout,
  { lossAt, backwardAt }: OpSchedule,
  value: number,
  { readers }: ValueLayout,
): number {
  return value === model.nodes.length - 1 ? lossAt : smallest(readers.map(backwardAt));
}

/** By value: itself, and those whose gradient is the same tensor. */
function gradientMembers({ sameGradient }: OpSchedule): (value: number) => number[] {
  const residualsOf = new Map<number, number[]>();
  for (const [residual, sum] of sameGradient)
    residualsOf.set(sum, [...(residualsOf.get(sum) ?? []), residual]);
  return (value) => {
    const together = [value];
    for (const one of together)
      for (const residual of residualsOf.get(one) ?? []) together.push(residual);
    return together;
  };
}
