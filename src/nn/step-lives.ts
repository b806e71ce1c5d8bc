/**
 * What the steps of a model keep and use beside values: signs kept for the backward pass, scratch,
 * gradients of parameters, detours of gradients.
 */
import { size } from "../shape-size.js";
import { tiledRuleOf } from "./layers/part-of.js";
import type { Layout, LayoutStep } from "./layout.js";
import { inputShapes } from "./model.js";
import { readsBackward } from "./recompute.js";
import type { Reservations, Reserved } from "./reservations.js";
import type { OpSchedule } from "./schedule.js";

/** What one step has beside the values it reads and writes; `Place` says where. */
export interface StepTensors<Place> {
  readonly kept: Place | undefined;
  readonly scratch: Place | undefined;
  readonly sampleScratch: Place | undefined;
  /** Of the step's parameters; none in a plan that only evaluates, as what follows. */
  readonly gradients: readonly Place[];
  /** Whether the gradient of each input, and of the residual, has been written before. */
  readonly accumulate: readonly boolean[];
  /**
   * Of each input of a layer that cannot add to a gradient, or whose gradient is of other numbers:
   * from here it is added, or copied.
   */
  readonly detours: readonly (Place | undefined)[];
  /** By value that is of other numbers: the copies that are read, forward and backward. */
  readonly copies: ReadonlyMap<number, Place>;
  readonly laterCopies: ReadonlyMap<number, Place>;
}

export interface StepLivesOptions {
  readonly tiles: number;
  readonly training: boolean;
  /** Gradients of parameters stay until the end of the backward pass. */
  readonly keepGradients: boolean;
  readonly sampled: boolean;
  /** The first step finds its input as rows, and needs no scratch for them. */
  readonly hasInputRows: boolean;
  readonly hasGradient: (value: number) => boolean;
}

/** Reserves what the steps use, in the order in which they run. */
export function reserveSteps(
  layout: Layout,
  schedule: OpSchedule,
  options: StepLivesOptions,
  reservations: Reservations,
): StepTensors<Reserved>[] {
  const { model, steps } = layout;
  const { tiles, training } = options;
  const kept = steps.map(({ node, relu }, s) => {
    const { layer, shapes } = atNode(model, node);
    const bytes = tiledRuleOf(layer).keptBytes?.(shapes, tiles, relu) ?? 0;
    return training && bytes
      ? reservations.bytes(bytes, schedule.forwardAt(s), schedule.backwardAt(s))
      : undefined;
  });
  const copies = steps.map(({ half, converts }, s) =>
    reserveCopies(layout, { half, converts }, schedule.forwardAt(s), reservations),
  );
  const nothing = {
    scratch: undefined,
    sampleScratch: undefined,
    gradients: [],
    accumulate: [],
    detours: [],
    laterCopies: new Map<number, Reserved>(),
  };
  const backward = training ? reserveBackward(layout, schedule, options, reservations) : [];
  return steps.map((_, s) => ({ kept: kept[s], copies: copies[s], ...(backward[s] ?? nothing) }));
}

/** What a step reads instead of values of other numbers. */
function reserveCopies(
  { values }: Layout,
  { half, converts }: Pick<LayoutStep, "half" | "converts">,
  now: number,
  reservations: Reservations,
): Map<number, Reserved> {
  return new Map(
    converts.map((value) => {
      const shape = { ...values.get(value)!.shape, half };
      return [value, reservations.tensor(shape, now, now)];
    }),
  );
}

type BackwardTensors = Omit<StepTensors<Reserved>, "kept" | "copies">;

/** By step, what its backward pass uses. */
function reserveBackward(
  layout: Layout,
  { backwardAt }: OpSchedule,
  { tiles, keepGradients, sampled, hasInputRows, hasGradient }: StepLivesOptions,
  reservations: Reservations,
): BackwardTensors[] {
  const { model, steps, values } = layout;
  const reserved: BackwardTensors[] = [];
  const end = steps.reduce((last, _, s) => Math.max(last, backwardAt(s)), 0);
  const written = new Set<number>();
  /** Whether a gradient has been written before, in the order in which the steps run. */
  const visit = (value: number): boolean => {
    const before = written.has(value);
    written.add(value);
    return before;
  };
  for (let s = steps.length - 1; s >= 0; s--) {
    const { node, inputs, output, residual, half, converts } = steps[s];
    const { layer, shapes, parameters } = atNode(model, node);
    const rule = tiledRuleOf(layer);
    const now = backwardAt(s);
    const temporary = (bytes = 0) => (bytes ? reservations.bytes(bytes, now, now) : undefined);
    const scratch =
      s === 0 && hasInputRows ? undefined : temporary(rule.scratchBytes?.(shapes, tiles));
    const x = { ...values.get(inputs[0])!.shape, half };
    const dy = values.get(output)!.gradient;
    const sampleScratch = sampled
      ? temporary(rule.sampledBytes?.(layer, { x, dy, tiles }))
      : undefined;
    const gradients = parameters.map((spec) =>
      reservations.bytes(size(spec.shape) * 4, now, keepGradients ? end : now),
    );
    const accumulate = [...inputs, ...(residual === undefined ? [] : [residual])].map(visit);
    const detours = inputs.map((value, k) =>
      hasGradient(value) && (converts.includes(value) || (accumulate[k] && !rule.accumulates))
        ? reservations.tensor({ ...values.get(value)!.gradient, half }, now, now)
        : undefined,
    );
    const read = converts.filter((value) => readsBackward(layout, s, value));
    const laterCopies = reserveCopies(layout, { half, converts: read }, now, reservations);
    reserved[s] = { scratch, sampleScratch, gradients, accumulate, detours, laterCopies };
  }
  return reserved;
}

function atNode(model: Layout["model"], node: number) {
  const { layer, parameters } = model.nodes[node];
  return { layer, parameters, shapes: inputShapes(model, model.nodes[node]) };
}
