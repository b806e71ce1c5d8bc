/** The ops from the samples to the loss. */
import { copyOp } from "./tiled/planes.js";
import { paddedRow } from "./tiled/rule.js";
import { size } from "../shape-size.js";
import { tiledRuleOf } from "./layers/part-of.js";
import { HUBER_DELTA, lossOps } from "./loss.js";
import { clearBorder, conversionOps, loweringOf, ofPlanes, type ForwardMode } from "./lowering.js";
import type { PlanContext } from "./plan-context.js";
import type { Lowered, Stage } from "./plan.js";
import { gatherOps } from "./samples.js";
import { joinTiles } from "./schedule.js";
import { NO_BORDER } from "./tensor.js";

/** To the loss; unless it evaluates, as the backward pass needs it. */
export function lowerForward(
  context: PlanContext,
  pass: ForwardMode,
  frozen = false,
): Pick<Lowered, "forward" | "loss"> {
  return {
    forward: [
      inputStage(context, pass, frozen),
      ...context.layout.steps.map((_, s) => stepStage(context, s, pass)),
    ],
    loss: lossStage(context, pass),
  };
}

/** Fetches the batch. */
function inputStage(context: PlanContext, pass: ForwardMode, frozen: boolean): Stage {
  const { layout, places, tensors, samples, data, tiles } = context;
  const { input: shape } = layout.model;
  const learns = pass !== "evaluation";
  const input = tensors.value(-1);
  const copies = places.inputCopy !== undefined;
  const gathered = copies
    ? { ...input, pad: NO_BORDER, half: false, offset: tensors.place(places.inputCopy) }
    : input;
  const gathers = gatherOps(samples, {
    tiles,
    indices: data.indices,
    augment: learns ? data.augment : 0,
    out: gathered,
    image: shape.length === 3,
    rowsOut: learns && readsRows(context, frozen) ? tensors.place(places.inputRows) : 0,
    rowStride: paddedRow(size(shape)),
  });
  return {
    name: "input",
    ops: [
      ...ofPlanes(gathers, gathered.half),
      ...(copies ? [copyOp(gathered, input, tiles, false)] : []),
      ...clearBorder(context, input),
    ],
    gradients: [],
    output: input,
  };
}

/** Whether the first layer reads the samples as rows in a step, frozen or not. */
function readsRows({ layout, places, bound }: PlanContext, frozen: boolean): boolean {
  const { layer } = layout.model.nodes[layout.steps[0].node];
  const { readsRows: reads } = tiledRuleOf(layer);
  return places.inputRows !== undefined && reads!(bound[0].parameters, frozen);
}

function stepStage(context: PlanContext, s: number, pass: ForwardMode): Stage {
  const { layout, schedule, tiles } = context;
  const { planesOf, joinedForward } = schedule;
  const { node, converts } = layout.steps[s];
  const { name, layer } = layout.model.nodes[node];
  const at = loweringOf(context, s, pass);
  // Sums over planes are all that may join a step of an earlier moment: a copy may lie where that
  // one's tensors do.
  const sums = planesOf(s) === "normalises" && planesOf(s - 1) === "sums" && converts.length === 0;
  const follows = joinedForward(s) || sums;
  const ops = [
    ...conversionOps(context, s, pass),
    ...ofPlanes(tiledRuleOf(layer).forward(layer, at), layout.steps[s].half),
    ...clearBorder(context, at.y),
  ];
  return { name, ops: joinTiles(ops, tiles, follows), gradients: [], output: at.y };
}

/** The loss and, unless it evaluates, its gradient. */
function lossStage(context: PlanContext, pass: ForwardMode): Stage {
  const { layout, places, tensors, samples, data, loss, labelSmoothing, classWeights, tiles } =
    context;
  const { place } = tensors;
  const { nodes, output } = layout.model;
  const learns = pass !== "evaluation";
  const gradient = learns ? tensors.gradient(nodes.length - 1) : undefined;
  const hasBorder = places.lossGradient !== undefined;
  const written =
    gradient && hasBorder
      ? { ...gradient, pad: NO_BORDER, offset: place(places.lossGradient) }
      : gradient;
  const { indices, counts, partial } = data;
  return {
    name: "loss",
    ops: [
      ...lossOps(loss, samples, {
        tiles,
        indices,
        counts,
        partial,
        target: place(places.target),
        output: tensors.value(nodes.length - 1).offset,
        features: size(output),
        gradient: written?.offset ?? 0,
        smoothing:
          learns && labelSmoothing
            ? data.constant("smoothing", () => Float32Array.of(labelSmoothing))
            : 0,
        weights:
          learns && classWeights
            ? data.constant("classWeights", () => Float32Array.from(classWeights))
            : 0,
        delta: loss === "huber" ? data.constant("delta", () => Float32Array.of(HUBER_DELTA)) : 0,
      }),
      ...(written !== gradient ? [copyOp(written!, gradient!, tiles, false)] : []),
      ...(gradient ? clearBorder(context, gradient) : []),
    ],
    gradients: [],
  };
}
