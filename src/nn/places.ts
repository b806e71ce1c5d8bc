/**
 * The tensors of a plan, each at its place in the arena.
 *
 * How long each is needed follows from the schedule (value-lives.ts, step-lives.ts); arena.ts gives
 * the places.
 */
import { TILE } from "../runtime/kernel-table.js";
import { paddedRow } from "./tiled/rule.js";
import { size } from "../shape-size.js";
import { tiledRuleOf } from "./layers/part-of.js";
import type { Layout } from "./layout.js";
import { needsTargets, type LossKind } from "./loss.js";
import type { Recomputation } from "./recompute.js";
import { createReservations, type Reservations, type Reserved } from "./reservations.js";
import type { SampleStore } from "./samples.js";
import type { OpSchedule } from "./schedule.js";
import { reserveSteps, type StepTensors } from "./step-lives.js";
import { hasBorder, NO_BORDER } from "./tensor.js";
import { reserveValues, type ValueTensors } from "./value-lives.js";

/** What a plan has beside the tensors of values and steps; `Place` says where. */
interface EndTensors<Place> {
  /** The input as rows, for a first layer that reads it so. */
  readonly inputRows: Place | undefined;
  /**
   * The loss's targets; its gradient, where the output's has a border; the inputs, where they are
   * copied into one or converted.
   */
  readonly target: Place | undefined;
  readonly lossGradient: Place | undefined;
  readonly inputCopy: Place | undefined;
}

/** Byte offsets in the arena; undefined where there is no such tensor. */
export interface Places extends EndTensors<number>, ValueTensors {
  /** Size of the arena. */
  readonly bytes: number;
  readonly steps: readonly StepTensors<number>[];
}

export interface PlacesOptions {
  readonly tiles: number;
  readonly training: boolean;
  readonly loss: LossKind;
  readonly samples: SampleStore;
  readonly keepGradients: boolean;
  readonly sampled: boolean;
  /** Whoever writes a tensor makes its border zero: it may then share its place with any other. */
  readonly clearsBorders: boolean;
  readonly recomputation: Recomputation;
}

/** Places all tensors of a plan. */
export function placesOf(layout: Layout, schedule: OpSchedule, options: PlacesOptions): Places {
  const reservations = createReservations(options);
  const { values, again, gradients } = reserveValues(layout, schedule, options, reservations);
  const ends = reserveEnds(layout, schedule, options, reservations);
  const steps = reserveSteps(
    layout,
    schedule,
    {
      ...options,
      hasInputRows: ends.inputRows !== undefined,
      hasGradient: (value) => gradients.has(value),
    },
    reservations,
  );
  const { offsets, bytes } = reservations.place();
  const place = (tensor: Reserved | undefined) =>
    tensor === undefined ? undefined : offsets[tensor];
  const placed = (tensors: ReadonlyMap<number, Reserved>) =>
    new Map([...tensors].map(([value, tensor]) => [value, offsets[tensor]]));
  return {
    bytes,
    values: placed(values),
    again: placed(again),
    gradients: placed(gradients),
    inputRows: place(ends.inputRows),
    target: place(ends.target),
    lossGradient: place(ends.lossGradient),
    inputCopy: place(ends.inputCopy),
    steps: steps.map((step) => ({
      kept: place(step.kept),
      scratch: place(step.scratch),
      sampleScratch: place(step.sampleScratch),
      gradients: step.gradients.map((tensor) => offsets[tensor]),
      accumulate: step.accumulate,
      detours: step.detours.map(place),
      copies: placed(step.copies),
      laterCopies: placed(step.laterCopies),
    })),
  };
}

/** Reserves what stands before the first step and behind the last one. */
function reserveEnds(
  { model, steps, values }: Layout,
  { lossAt, backwardAt }: OpSchedule,
  { tiles, training, loss, samples }: PlacesOptions,
  reservations: Reservations,
): EndTensors<Reserved> {
  const readsRows =
    model.input.length === 1 &&
    values.get(steps[0].output)!.needsGradient &&
    tiledRuleOf(model.nodes[steps[0].node].layer).readsRows !== undefined;
  const rowBytes = tiles * TILE * paddedRow(size(model.input)) * 4;
  const inputRows =
    training && readsRows ? reservations.bytes(rowBytes, 0, backwardAt(0)) : undefined;
  const flatOutput = { channels: size(model.output), height: 1, width: 1, pad: NO_BORDER };
  const atLoss = (isThere: boolean) =>
    isThere ? reservations.tensor(flatOutput, lossAt, lossAt) : undefined;
  const target = atLoss(needsTargets(loss));
  // The loss writes its gradient without border.
  const lossGradient = atLoss(training && hasBorder(values.get(model.nodes.length - 1)!.gradient));
  const input = values.get(-1)!.shape;
  const inputCopy =
    samples.format === "f32" && (hasBorder(input) || input.half)
      ? reservations.tensor({ ...input, pad: NO_BORDER, half: false }, 0, 0)
      : undefined;
  return { inputRows, target, lossGradient, inputCopy };
}
