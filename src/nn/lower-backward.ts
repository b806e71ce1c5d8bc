/**
 * The ops from the gradient of the loss to those of the parameters, last layer first.
 *
 * What can be done with a gradient alone (rules' `onGradient`) follows at once whoever completes
 * it; what is computed again (recompute.ts) runs before the first step that reads it.
 */
import type { Op } from "../runtime/kernel-table.js";
import { copyOp } from "./tiled/planes.js";
import type { Lowering } from "./tiled/rule.js";
import { tiledRuleOf } from "./layers/part-of.js";
import { clearBorder, conversionOps, loweringOf, ofPlanes } from "./lowering.js";
import type { PlanContext } from "./plan-context.js";
import type { Stage } from "./plan.js";
import { joinTiles } from "./schedule.js";

/**
 * The backward pass of a training.
 *
 * @param frozen - of a step with frozen patterns, see Parameter.gradient
 */
export function lowerBackward(context: PlanContext, frozen: boolean): Stage[] {
  const { model, steps, values } = context.layout;
  const { joinedBackward } = context.schedule;
  const gradientOps = createGradientOps(context, frozen);
  const backward: Stage[] = [];
  let held: Stage["gradients"] = [];
  for (let s = steps.length - 1; s >= 0; s--) {
    const { node, output, half } = steps[s];
    if (!values.get(output)!.needsGradient) continue;
    const { name, layer } = model.nodes[node];
    const at = loweringOf(context, s, "backward", frozen);
    const rule = tiledRuleOf(layer);
    const trains = layer.train !== false;
    const ops = [
      ...againOps(context, s),
      ...conversionOps(context, s, "backward"),
      ...gradientOps.own(s),
      ...ofPlanes(rule.backward(layer, at), half),
      ...clearOps(context, at),
      ...additionOps(context, s, at),
      ...gradientOps.completed(s),
      ...(trains ? ofPlanes(rule.weightGradients?.(layer, at) ?? [], half) : []),
    ];
    const trained = trains ? at.parameters : [];
    const gradients = trained.map((parameter, p) => ({ parameter, gradient: at.gradients[p] }));
    // Parameters move once all that runs together is done.
    held = [...(joinedBackward(s) ? held : []), ...gradients];
    backward.push({
      name,
      ops: joinTiles(ops, context.tiles, joinedBackward(s)),
      gradients: joinedBackward(s - 1) ? [] : held,
    });
  }
  return backward;
}

/** The forward pass of steps once more, before step s. */
function againOps(context: PlanContext, s: number): Op[] {
  const { layout, recomputation } = context;
  return (recomputation.before.get(s) ?? []).flatMap((before) => {
    const { layer } = layout.model.nodes[layout.steps[before].node];
    const at = loweringOf(context, before, "backward");
    const ops = tiledRuleOf(layer).recompute!(layer, at);
    return [...ofPlanes(ops, layout.steps[before].half), ...clearBorder(context, at.y)];
  });
}

/** Behind what writes gradients for the first time. */
function clearOps(context: PlanContext, { dxs, dResidual }: Lowering): Op[] {
  return [...dxs, dResidual].flatMap((to) =>
    to === undefined || to.accumulate ? [] : clearBorder(context, to.tensor),
  );
}

/** Adds or copies what a layer has written beside the gradients of its inputs. */
function additionOps(context: PlanContext, s: number, at: Lowering) {
  const { layout, places, tensors, tiles } = context;
  const { accumulate, detours } = places.steps[s];
  return layout.steps[s].inputs.flatMap((value, k): readonly Op[] => {
    if (detours[k] === undefined) return [];
    const gradient = tensors.gradient(value);
    const copy = copyOp(at.dxs[k]!.tensor, gradient, tiles, accumulate[k]);
    return accumulate[k] ? [copy] : [copy, ...clearBorder(context, gradient)];
  });
}

/** What follows at once where the gradient of a step's output is complete, once for each step. */
function createGradientOps(context: PlanContext, frozen: boolean) {
  const { schedule, recomputation } = context;
  const { model, steps, values } = context.layout;
  const ready = new Set<number>();
  /** What a step reads is there: it need not wait until it is computed again or converted. */
  const isKept = (s: number) => !recomputation.before.has(s) && steps[s].converts.length === 0;
  const own = (first: number): Op[] => {
    const ops: Op[] = [];
    for (let s = first; !ready.has(s);) {
      ready.add(s);
      const { node, output, residual } = steps[s];
      const { layer } = model.nodes[node];
      const at = loweringOf(context, s, "backward", frozen);
      const sums = tiledRuleOf(layer).onGradient?.(layer, at) ?? [];
      for (const one of ofPlanes(sums, steps[s].half)) ops.push(one);
      // That of the residual may be the same tensor; a ReLU there has to wait until this step has
      // read it.
      const shared = residual !== undefined && schedule.sameGradient.get(residual) === output;
      const writer = shared ? values.get(residual)!.writer! : -1;
      if (schedule.completes(s).includes(writer) && !steps[writer].reluGradient && isKept(writer))
        s = writer;
    }
    return ops;
  };
  return {
    /** Of step s, if nobody has done it before. */
    own,
    /** Of those whose gradients step s has completed. */
    completed: (s: number) => schedule.completes(s).filter(isKept).flatMap(own),
  };
}
