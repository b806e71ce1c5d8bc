/**
 * Which values the backward pass computes again instead of keeping them: gradient checkpointing.
 *
 * A net is cut where a single value is all that goes on: in a ResNet behind every block. The values
 * at the cuts are kept (unless a convolution writes them), those between two cuts are gone after
 * the forward pass; before the backward pass enters the piece, its convolutions and batch norms run
 * forward once more. The same kernels on the same numbers give the same bits. What that costs in a
 * sparse net are mostly passes over memory.
 *
 * Source: Chen, Xu, Zhang, Guestrin, "Training Deep Nets with Sublinear Memory Cost" (arXiv
 * 1604.06174).
 */
import { tiledRuleOf } from "./layers/part-of.js";
import type { Layout } from "./layout.js";
import type { OpSchedule } from "./schedule.js";

export interface Recomputation {
  /** By step that runs again: the moment at which it does. */
  readonly moments: ReadonlyMap<number, number>;
  /** By step: those that run again before its backward pass, in order. */
  readonly before: ReadonlyMap<number, readonly number[]>;
}

/** Everything is kept. */
export const NOTHING_AGAIN: Recomputation = { moments: new Map(), before: new Map() };

/** What of a model is computed again. */
export function recomputationOf(
  layout: Layout,
  { backwardAt, planesOf }: OpSchedule,
): Recomputation {
  const { model, steps, values } = layout;
  const layerAt = (s: number) => model.nodes[steps[s].node].layer;
  /** How many values go on from step s, by what each step adds. */
  const changes = steps.map(() => 0);
  for (const { writer = -1, readers } of values.values()) {
    const last = readers.at(-1) ?? writer;
    if (last <= Math.max(writer, 0)) continue;
    changes[Math.max(writer, 0)]++;
    changes[last]--;
  }
  let sum = 0;
  const alive = changes.map((change) => (sum += change));
  const isCut = (s: number): boolean => {
    const last = values.get(steps[s].output)!.readers.at(-1) ?? s;
    return alive[s] === 1 && last > s && planesOf(s) !== "sums";
  };
  const moments = new Map<number, number>();
  const before = new Map<number, number[]>();
  let first = 0;
  for (let end = 0; end < steps.length; end++) {
    if (!isCut(end)) continue;
    // Between the backward passes of the step behind the cut, which reads it, and of the step
    // before it.
    const moment = backwardAt(end) - 0.5;
    const again: number[] = [];
    for (let s = end - 1; s >= first; s--) {
      const { output } = steps[s];
      const wanted = (r: number) => readsBackward(layout, r, output) || moments.has(r);
      const canRun = tiledRuleOf(layerAt(s)).recompute && steps[s].converts.length === 0;
      if (canRun && values.get(output)!.readers.some(wanted)) {
        again.push(s);
        moments.set(s, moment);
      }
    }
    if (again.length) before.set(end, again.reverse());
    first = end + 1;
  }
  return { moments, before };
}

/**
 * Whether the backward pass of a step reads a value that its forward pass reads. (Never a
 * residual's.)
 */
export function readsBackward({ model, steps }: Layout, s: number, value: number): boolean {
  const { node, reads } = steps[s];
  return reads.has(value) && tiledRuleOf(model.nodes[node].layer).backwardReads.x;
}
