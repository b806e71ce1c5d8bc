/**
 * The order of a step's work, chosen so that what one op writes is still in the caches when the
 * next op reads it.
 *
 * Time runs in moments: the batch is fetched at 0, step s runs forward at s + 1, the loss at S + 1,
 * step s runs backward at 2 S + 1 - s. From these follow the lifetimes of all tensors. A batch norm
 * and the convolution behind it (backward: before it) share a moment, and run tile by tile: a tile
 * of one channel image after the other is normalised and convolved before the next tile is begun.
 * Sums over the planes of a tensor (rules' `onGradient`, and the first op of a batch norm's forward
 * pass) join whoever writes it.
 */
import type { Op } from "../runtime/kernel-table.js";
import type { Fuses } from "./tiled/rule.js";
import { tiledRuleOf } from "./layers/part-of.js";
import type { Layout } from "./layout.js";
import type { TensorShape } from "./tensor.js";

export interface OpSchedule {
  /** Moments. */
  readonly forwardAt: (step: number) => number;
  readonly lossAt: number;
  readonly backwardAt: (step: number) => number;
  /** What a step does with planes, see Fuses. */
  readonly planesOf: (step: number) => Fuses["planes"];
  /** Step s runs forward together with step s - 1; backward, together with step s + 1. */
  readonly joinedForward: (step: number) => boolean;
  readonly joinedBackward: (step: number) => boolean;
  /**
   * By value: the value whose gradient is the same tensor. A residual's gradient is that of the
   * sum, if nobody was before.
   */
  readonly sameGradient: ReadonlyMap<number, number>;
  /**
   * Steps whose dy is complete once step s has run backward: those that wrote what s reads, and s
   * is the last reader.
   */
  readonly completes: (step: number) => readonly number[];
}

/** Works out the order of a model's work. */
export function scheduleOf({ model, steps, values }: Layout): OpSchedule {
  const planesOf = (s: number) =>
    steps[s] && tiledRuleOf(model.nodes[steps[s].node].layer).fuses.planes;
  const readersOf = (value: number) => values.get(value)!.readers;
  const joinedForward = (s: number) =>
    planesOf(s) === "sums" &&
    planesOf(s - 1) === "normalises" &&
    steps[s].inputs[0] === steps[s - 1].output;
  const joinedBackward = (s: number) =>
    planesOf(s) === "sums" &&
    // Else it has no backward pass.
    values.get(steps[s].output)!.needsGradient &&
    planesOf(s + 1) === "normalises" &&
    steps[s + 1].inputs[0] === steps[s].output &&
    readersOf(steps[s].output).length === 1;
  const lossAt = steps.length + 1;

  const sameGradient = new Map<number, number>();
  steps.forEach(({ residual, output }, s) => {
    if (residual === undefined || residual < 0) return;
    const [own, sum] = [values.get(residual)!, values.get(output)!];
    const first = own.readers.at(-1) === s;
    if (first && own.needsGradient && sameShape(own.gradient, sum.gradient))
      sameGradient.set(residual, output);
  });

  return {
    forwardAt: (s) => (joinedForward(s) ? s : s + 1),
    lossAt,
    backwardAt: (s) => 2 * steps.length + 1 - (joinedBackward(s) ? s + 1 : s),
    planesOf,
    joinedForward,
    joinedBackward,
    sameGradient,
    completes: (s) => {
      const { inputs, residual } = steps[s];
      return [...new Set(residual === undefined ? inputs : [...inputs, residual])].flatMap(
        (value) => {
          const { writer, needsGradient } = values.get(value)!;
          return writer !== undefined && needsGradient && readersOf(value)[0] === s ? [writer] : [];
        },
      );
    },
  };
}

function sameShape(a: TensorShape, b: TensorShape): boolean {
  return (
    a.channels === b.channels &&
    a.height === b.height &&
    a.width === b.width &&
    a.pad.join() === b.pad.join() &&
    a.half === b.half
  );
}

/**
 * Kernels that compute a tile's rows from the same tile of what they read, and from what is the
 * same for all tiles.
 */
const TILE_BY_TILE: ReadonlySet<string> = new Set([
  "convDense",
  "convSparse",
  "convPairs",
  "planeMoments",
  "batchNormApply",
  "batchNormGradReduce",
  "batchNormGradApply",
  "copyPlanes",
  "convertPlanes",
]);

/**
 * The same ops, those that can run tile by tile joined to each other; the first one too, if it
 * follows one that can.
 */
export function joinTiles(ops: readonly Op[], tiles: number, first: boolean): Op[] {
  const local = ops.map(({ kernel }) => TILE_BY_TILE.has(kernel));
  return ops.map((one, k) =>
    local[k] && (k === 0 ? first : local[k - 1]) ? { ...one, parts: tiles } : one,
  );
}
