/** What the rule of a layer writes the ops of its step from, in one pass of a plan. */
import { KERNELS } from "../runtime/all-kernels.js";
import { takesPlanes, type Op } from "../runtime/kernel-table.js";
import { borderOps, copyOp } from "./tiled/planes.js";
import type { Destination, Lowering } from "./tiled/rule.js";
import type { PlanContext } from "./plan-context.js";
import type { PlacedTensor } from "./tensor.js";

/** What runs forward: an evaluation, a training step, or one without anything random. */
export type ForwardMode = "evaluation" | "forward" | "statistics";

/** Step s in a pass. */
export function loweringOf(
  context: PlanContext,
  s: number,
  pass: ForwardMode | "backward",
  frozen = false,
): Lowering {
  const { layout, places, tensors, data, tiles, training, tolerance } = context;
  const { place } = tensors;
  const { node, inputs, output, relu, residual, reluGradient, mask } = layout.steps[s];
  const own = places.steps[s];
  const learns = pass !== "evaluation";
  const at = (value: number) => readTensor(context, s, value, pass === "backward");
  const dResidual = residualDestination(context, s);
  return {
    tiles,
    training: learns && layout.model.nodes[node].layer.train !== false,
    random: learns && pass !== "statistics",
    frozen,
    ...(own.sampleScratch === undefined
      ? {}
      : { sampled: { tolerance, scratch: place(own.sampleScratch) } }),
    counts: data.counts,
    ...context.bound[s],
    xs: inputs.map(at),
    y: (pass === "backward" ? tensors.valueLater : tensors.value)(output),
    relu,
    reluGradient,
    mask,
    ...(residual === undefined ? {} : { residual: at(residual) }),
    kept: learns ? place(own.kept) : 0,
    dy: training ? tensors.gradient(output) : tensors.value(output),
    dxs: inputs.map((value, k) => destination(context, s, value, k)),
    ...(dResidual ? { dResidual } : {}),
    xRows: s === 0 ? place(places.inputRows) : 0,
    scratch: place(own.scratch),
    gradients: own.gradients.map(place),
    constant: (key, make) => data.constant(`${s} ${key}`, make),
    workspace: (key, words) => data.constant(`${s} ${key}`, () => new Float32Array(words)),
    stepSeed: (threshold) => data.stepSeed(s, threshold),
  };
}

/** What step s reads as a value: a copy, if the value is of other numbers and the copy there. */
function readTensor(
  { layout, places, tensors }: PlanContext,
  s: number,
  value: number,
  later: boolean,
): PlacedTensor {
  const tensor = later ? tensors.valueLater(value) : tensors.value(value);
  const { copies, laterCopies } = places.steps[s];
  const copy = (later ? laterCopies : copies).get(value);
  return copy === undefined
    ? tensor
    : { ...tensor, half: layout.steps[s].half, offset: tensors.place(copy) };
}

/** Makes the copies that step s reads. */
export function conversionOps(
  context: PlanContext,
  s: number,
  pass: ForwardMode | "backward",
): Op[] {
  const { layout, places, tensors, tiles } = context;
  const later = pass === "backward";
  const { copies, laterCopies } = places.steps[s];
  return layout.steps[s].converts.flatMap((value) => {
    if (!(later ? laterCopies : copies).has(value)) return [];
    const copy = readTensor(context, s, value, later);
    const from = later ? tensors.valueLater(value) : tensors.value(value);
    return [copyOp(from, copy, tiles, false), ...clearBorder(context, copy)];
  });
}

/** The same ops, on planes of bf16 if they are. */
export function ofPlanes(ops: readonly Op[], half = false): readonly Op[] {
  return half ? ops.map((one) => (takesPlanes(KERNELS, one.kernel) ? { ...one, half } : one)) : ops;
}

/** Where the k-th gradient that step s gives goes; undefined: nowhere. */
function destination(
  { layout, places, tensors, training }: PlanContext,
  s: number,
  value: number,
  k: number,
): Destination | undefined {
  if (!training || !places.gradients.has(value)) return undefined;
  const { detours, accumulate } = places.steps[s];
  const detour = detours[k];
  if (detour === undefined) return { tensor: tensors.gradient(value), accumulate: accumulate[k] };
  return {
    tensor: {
      ...layout.values.get(value)!.gradient,
      half: layout.steps[s].half,
      offset: tensors.place(detour),
    },
    accumulate: false,
  };
}

/** The residual's stands behind those of the inputs, unless it is the output's own. */
function residualDestination(context: PlanContext, s: number): Destination | undefined {
  const { residual, inputs, output } = context.layout.steps[s];
  const isOwn = residual === undefined || context.schedule.sameGradient.get(residual) === output;
  return isOwn ? undefined : destination(context, s, residual, inputs.length);
}

/** Behind what writes a tensor, where it shares its place with those of another border. */
export function clearBorder(
  { clearsBorders, tiles, data }: PlanContext,
  tensor: PlacedTensor,
): readonly Op[] {
  return clearsBorders ? borderOps(tensor, tiles, data.constant) : [];
}
