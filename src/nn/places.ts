/**
 * The tensors of a plan: how long each is needed, and its place in the arena.
 *
 * Lifetimes follow from the schedule; arena.ts gives the places. Tensors with a border share places
 * among themselves only, so that the border, zero at first, stays zero; unless it is made zero
 * whenever one is written.
 */
import { largest, smallest } from "../extremes.js";
import { placeTensors, type Lifetime } from "../runtime/arena.js";
import { TILE } from "../runtime/kernel-table.js";
import { paddedRow, size } from "./layers/layer.js";
import { ruleOf } from "./layers/rules.js";
import type { Layout } from "./layout.js";
import type { LossKind } from "./loss.js";
import { inputShapes } from "./model.js";
import { readsBackward, type Recomputation } from "./recompute.js";
import type { SampleStore } from "./samples.js";
import type { OpSchedule } from "./schedule.js";
import { tensorBytes, type TensorShape } from "./tensor.js";

/** Byte offsets in the arena; undefined where there is no such tensor. */
type Place = number | undefined;

export interface Places {
  /** Size of the arena. */
  readonly bytes: number;
  /** By value; of those that are computed again, where they are then; of their gradients. */
  readonly values: ReadonlyMap<number, number>;
  readonly again: ReadonlyMap<number, number>;
  readonly gradients: ReadonlyMap<number, number>;
  /** The input as rows, for a first layer that is linear. */
  readonly inputRows: Place;
  /**
   * The loss's targets; its gradient, where the output's has a border; the inputs, where they are
   * copied into one.
   */
  readonly target: Place;
  readonly lossGradient: Place;
  readonly inputCopy: Place;
  readonly steps: readonly StepPlaces[];
}

export interface StepPlaces {
  readonly kept: Place;
  readonly scratch: Place;
  readonly sampleScratch: Place;
  /** Of the step's parameters; none in a plan that only evaluates, as what follows. */
  readonly gradients: readonly number[];
  /** Whether the gradient of each input, and of the residual, has been written before. */
  readonly accumulate: readonly boolean[];
  /** Of each input of a layer that cannot add to a gradient: from here it is added. */
  readonly detours: readonly Place[];
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
  const { model, steps, values } = layout;
  const { tiles, training, loss, samples, keepGradients, sampled, clearsBorders, recomputation } =
    options;
  const outputValue = model.nodes.length - 1;
  const { forwardAt, lossAt, backwardAt, sameGradient } = schedule;
  const ruleAt = (s: number) => ruleOf(model.nodes[steps[s].node].layer);

  // Every tensor and its life, then a place for each.
  const lives: Lifetime[] = [];
  const reserve = (bytes: number, from: number, to: number) => lives.push({ bytes, from, to }) - 1;
  const reserveTensor = (shape: TensorShape, from: number, to: number) => {
    const { channels, height, width, pad } = shape;
    const form =
      pad > 0 && !clearsBorders ? { form: `${channels} x ${height} x ${width}, ${pad}` } : {};
    return lives.push({ bytes: tensorBytes(shape, tiles), from, to, ...form }) - 1;
  };
  const valueTensor = new Map<number, number>();
  const againTensor = new Map<number, number>();
  const gradientTensor = new Map<number, number>();
  /** By value: those whose gradient is the same tensor as its own. */
  const residualsOf = new Map<number, number[]>();
  for (const [residual, sum] of sameGradient)
    residualsOf.set(sum, [...(residualsOf.get(sum) ?? []), residual]);
  for (const [value, { shape, gradient, readers, writer, needsGradient }] of values) {
    const again = writer === undefined ? undefined : recomputation.moments.get(writer);
    const later = training
      ? readers.flatMap((s) => {
          const rerun = recomputation.moments.get(s) ?? [];
          return readsBackward(layout, s, value) ? [backwardAt(s), rerun].flat() : rerun;
        })
      : [];
    const uses = [
      writer === undefined ? 0 : forwardAt(writer),
      ...readers.map(forwardAt),
      ...(value === outputValue ? [lossAt] : []),
      ...(again === undefined ? later : []),
    ];
    if (training) {
      if (again !== undefined) againTensor.set(value, reserveTensor(shape, again, largest(later)));
      const keepsSigns = writer !== undefined && ruleAt(writer).keptBytes !== undefined;
      if (
        writer !== undefined &&
        (ruleAt(writer).backwardReads.y || (steps[writer].reluGradient && !keepsSigns))
      ) {
        uses.push(backwardAt(writer));
      }
    }
    valueTensor.set(value, reserveTensor(shape, smallest(uses), largest(uses)));
    if (!training || !needsGradient || writer === undefined || sameGradient.has(value)) continue;
    const born = value === outputValue ? lossAt : smallest(readers.map(backwardAt));
    const together = [value];
    for (const one of together)
      for (const residual of residualsOf.get(one) ?? []) together.push(residual);
    const dies = largest(together.map((one) => backwardAt(values.get(one)!.writer!)));
    const tensor = reserveTensor(gradient, born, dies);
    for (const one of together) gradientTensor.set(one, tensor);
  }
  const firstIsLinear =
    model.nodes[steps[0].node].layer.kind === "linear" && model.input.length === 1;
  const rowStride = paddedRow(size(model.input));
  const inputRows =
    training && firstIsLinear ? reserve(tiles * TILE * rowStride * 4, 0, backwardAt(0)) : undefined;
  const flatOutput = { channels: size(model.output), height: 1, width: 1, pad: 0 };
  const target =
    loss === "meanSquaredError" ? reserveTensor(flatOutput, lossAt, lossAt) : undefined;
  // The loss writes its gradient without border.
  const lossGradient =
    training && values.get(outputValue)!.gradient.pad > 0
      ? reserveTensor(flatOutput, lossAt, lossAt)
      : undefined;
  const inputImage = { ...values.get(-1)!.shape, pad: 0 };
  const inputCopy =
    samples.format === "f32" && values.get(-1)!.shape.pad > 0
      ? reserveTensor(inputImage, 0, 0)
      : undefined;
  const kept = steps.map(({ node, relu }, s) => {
    const bytes = ruleAt(s).keptBytes?.(inputShapes(model, model.nodes[node]), tiles, relu) ?? 0;
    return training && bytes ? reserve(bytes, forwardAt(s), backwardAt(s)) : undefined;
  });
  const scratch: (number | undefined)[] = [];
  const sampleScratch: (number | undefined)[] = [];
  const weightGradients: number[][] = [];
  /** For layers that cannot add to a gradient: one tensor an input, from which it is added. */
  const detours: (number | undefined)[][] = [];
  const written = new Set<number>();
  const end = steps.reduce((last, _, s) => Math.max(last, backwardAt(s)), 0);
  /**
   * Backward destinations in the order the backward pass visits them: whether each has been written
   * before.
   */
  const accumulate: boolean[][] = [];
  const visit = (value: number): boolean => {
    const before = written.has(value);
    written.add(value);
    return before;
  };
  for (let s = steps.length - 1; training && s >= 0; s--) {
    const { node, inputs, residual } = steps[s];
    const now = backwardAt(s);
    const bytes = ruleAt(s).scratchBytes?.(inputShapes(model, model.nodes[node]), tiles) ?? 0;
    scratch[s] =
      bytes && !(s === 0 && inputRows !== undefined) ? reserve(bytes, now, now) : undefined;
    const sampledBytes = sampled
      ? (ruleAt(s).sampledBytes?.(
          model.nodes[node].layer,
          inputShapes(model, model.nodes[node]),
          tiles,
        ) ?? 0)
      : 0;
    sampleScratch[s] = sampledBytes ? reserve(sampledBytes, now, now) : undefined;
    const until = keepGradients ? end : now;
    weightGradients[s] = model.nodes[node].parameters.map((spec) =>
      reserve(size(spec.shape) * 4, now, until),
    );
    accumulate[s] = [...inputs, ...(residual === undefined ? [] : [residual])].map(visit);
    detours[s] = inputs.map((value, k) =>
      accumulate[s][k] && gradientTensor.has(value) && !ruleAt(s).accumulates
        ? reserveTensor(values.get(value)!.gradient, now, now)
        : undefined,
    );
  }
  const { offsets, bytes } = placeTensors(lives);
  const place = (tensor: number | undefined): Place =>
    tensor === undefined ? undefined : offsets[tensor];
  const placed = (tensors: ReadonlyMap<number, number>) =>
    new Map([...tensors].map(([value, tensor]) => [value, offsets[tensor]]));
  return {
    bytes,
    values: placed(valueTensor),
    again: placed(againTensor),
    gradients: placed(gradientTensor),
    inputRows: place(inputRows),
    target: place(target),
    lossGradient: place(lossGradient),
    inputCopy: place(inputCopy),
    steps: steps.map((_, s) => ({
      kept: place(kept[s]),
      scratch: place(scratch[s]),
      sampleScratch: place(sampleScratch[s]),
      gradients: (weightGradients[s] ?? []).map((tensor) => offsets[tensor]),
      accumulate: accumulate[s] ?? [],
      detours: (detours[s] ?? []).map(place),
    })),
  };
}
