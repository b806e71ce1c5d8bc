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
import { clearBorder, loweringOf } from "./lowering.js";
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
    const { node, output } = steps[s];
    if (!values.get(output)!.needsGradient) continue;
    const { name, layer } = model.nodes[node];
    const at = loweringOf(context, s, "backward", frozen);
    const rule = tiledRuleOf(layer);
    const trains = layer.train !== false;
    const ops = [
      ...againOps(context, s),
      ...gradientOps.own(s),
      ...rule.backward(layer, at),
      ...clearOps(context, at),
      ...additionOps(context, s, at),
      ...gradientOps.completed(s),
      ...(trains ? (rule.weightGradients?.(layer, at) ?? []) : []),
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
    return [...tiledRuleOf(layer).recompute!(layer, at), ...clearBorder(context, at.y)];
  });
}

/** Behind what writes gradients for the first time. */
function clearOps(context: PlanContext, { dxs, dResidual }: Lowering): Op[] {
  return [...dxs, dResidual].flatMap((to) =>
    to === undefined || to.accumulate ? [] : clearBorder(context, to.tensor),
  );
}

/** Adds what a layer that can't add has written beside the gradients of its inputs. */
function additionOps({ layout, places, tensors, tiles }: PlanContext, s: number, at: Lowering) {
  return layout.steps[s].inputs.flatMap((value, k): Op[] =>
    places.steps[s].detours[k] === undefined
      ? []
      : [copyOp(at.dxs[k]!.tensor, tensors.gradient(value), tiles, true)],
  );
}

/** What follows at once where the gradient of a step's output is complete, once for each step. */
function createGradientOps(context: PlanContext, frozen: boolean) {
  const { schedule, recomputation } = context;
  const { model, steps, values } = context.layout;
  const ready = new Set<number>();
  /** What a step reads is there: it need not wait until it is computed again. */
  const isKept = (s: number) => !recomputation.before.has(s);
  const own = (first: number): Op[] => {
    const ops: Op[] = [];
    for (let s = first; !ready.has(s);) {
      ready.add(s);
      const { node, output, residual } = steps[s];
      const { layer } = model.nodes[node];
      const at = loweringOf(context, s, "backward", frozen);
      for (const one of tiledRuleOf(layer).onGradient?.(layer, at) ?? []) ops.push(one);
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
