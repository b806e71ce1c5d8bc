/**
 * The sum of the gradients of all ranks, on all of them: bit for bit that of one process.
 *
 * Each rank has the sums of its branches of the tree (part-tree.ts). The numbers that travel are
 * cut into as many slices as there are ranks. Each rank gets its slice of all branches, adds them
 * up along the tree, and gives the result to the others. So of n numbers each rank sends and
 * receives n (ranks - 1) / ranks twice, if each has one branch.
 *
 * In a step that changes patterns all numbers travel, in a frozen one those of the patterns.
 */
import type { Op } from "../runtime/kernel-table.js";
import type { Pool } from "../runtime/pool.js";
import { branchesIn, branchesOf, isPart, rangeOf, type PartRange } from "./part-tree.js";
import type { RankMessage, Ranks } from "./ranks.js";
import { LINE, sumOfFloats } from "./sum-of-floats.js";

/** What is summed: blocks of floats in shared memory. */
export interface Summands {
  /** Floats of a block, a multiple of 16. */
  readonly length: number;
  placeOf(block: number): number;
  /** Indices in a block of what a frozen step uses. */
  inPatterns(): Int32Array;
}

/** A batch in parts. */
export interface PartsOf {
  readonly count: number;
  /** Samples of a part / samples of the batch. */
  share(part: number): number;
}

export interface Reduction {
  /**
   * Sums over all ranks what each has in its blocks, into block 0 of each.
   *
   * @param frozen - the numbers of the patterns alone
   */
  reduce(parts: PartsOf, frozen: boolean): void;
  /** Patterns may be others than at the last frozen step. */
  reset(): void;
}

/** @param most - parts that a batch may have */
export function createReduction(
  { memory, write, run }: Pool,
  ranks: Ranks,
  summands: Summands,
  most: number,
): Reduction {
  const { rank, count: rankCount } = ranks;
  const weights = memory.allocate(4 * (most + 1));
  const received = createRoom(memory.allocate);
  const packed = createRoom(memory.allocate);
  let indices: Int32Array | undefined;

  const runOnce = (ops: readonly Op[]) => {
    const mark = memory.mark();
    run(write(ops));
    memory.release(mark);
  };
  /** The same numbers of each block, the first of them at `placeOf(block)`. */
  const sum = ({ count, share }: PartsOf, length: number, placeOf: (block: number) => number) => {
    const branches = Array.from({ length: rankCount }, (_, k) => ownBranches(count, k, rankCount));
    const slices = slicesOf(length, rankCount);
    const { start, floats } = slices[rank];
    // My slice of each branch of the others comes behind that of the one before.
    const slots = branches.flatMap((theirs, peer) =>
      peer === rank ? [] : theirs.map((branch) => ({ peer, branch })),
    );
    const room = received(4 * floats * slots.length);
    const arrivals = slots.map(({ peer }, k): RankMessage => {
      return { peer, offset: room + 4 * floats * k, length: 4 * floats, receive: true };
    });
    const departures = slices.flatMap((theirs, peer) =>
      (peer === rank ? [] : branches[rank]).map((_, k): RankMessage => {
        const offset = placeOf(k) + 4 * theirs.start;
        return { peer, offset, length: 4 * theirs.floats, receive: false };
      }),
    );
    const messages = [...arrivals, ...departures].filter(({ length: bytes }) => bytes > 0);
    ranks.exchange(memory.u8(0, memory.used), messages);

    const places = new Map(slots.map(({ branch }, k) => [branch.from, room + 4 * floats * k]));
    branches[rank].forEach((branch, k) => places.set(branch.from, placeOf(k) + 4 * start));
    const words = memory.f32(weights, most + 1);
    for (let part = 0; part < count; part++) words[part] = share(part);
    words[most] = 1;
    const [came, one] = [branches.flat(), weights + 4 * most];
    const target = placeOf(0) + 4 * start;
    if (floats > 0) runOnce(additions(count, { came, places, floats, weights, one, target }));
    ranks.fill(
      memory.u8(placeOf(0), 4 * length),
      slices.map((one) => 4 * (one.start + one.floats)),
    );
  };

  return {
    reset: () => (indices = undefined),
    reduce(parts, frozen) {
      const { length, placeOf } = summands;
      if (!frozen) {
        indices = undefined;
        return sum(parts, length, placeOf);
      }
      const order = (indices ??= summands.inPatterns());
      const lines = Math.ceil(order.length / LINE) * LINE;
      const own = ownBranches(parts.count, rank, rankCount).length;
      const block = packed(4 * lines * Math.max(1, own));
      for (let k = 0; k < own; k++) {
        const [all, few] = [
          memory.f32(placeOf(k), length),
          memory.f32(block + 4 * lines * k, lines),
        ];
        for (let i = 0; i < order.length; i++) few[i] = all[order[i]];
      }
      sum(parts, lines, (k) => block + 4 * lines * k);
      const [all, few] = [memory.f32(placeOf(0), length), memory.f32(block, lines)];
      for (let i = 0; i < order.length; i++) all[order[i]] = few[i];
    },
  };
}

function ownBranches(count: number, rank: number, ranks: number): PartRange[] {
  return branchesIn(count, rangeOf(count, rank, ranks));
}

/** So many floats, cut at cache lines. */
function slicesOf(length: number, ranks: number): { start: number; floats: number }[] {
  const at = (k: number) => Math.floor((k * length) / LINE / ranks) * LINE;
  return Array.from({ length: ranks }, (_, k) => ({ start: at(k), floats: at(k + 1) - at(k) }));
}

interface SliceOf {
  /** The branches whose sums are there. */
  readonly came: readonly PartRange[];
  /** By the first part of a branch: where its slice is. */
  readonly places: ReadonlyMap<number, number>;
  readonly floats: number;
  /** Shares of the parts, and a one. */
  readonly weights: number;
  readonly one: number;
  /** Where the sum goes. */
  readonly target: number;
}

/** The ops that add up a slice of all branches. */
function additions(count: number, slice: SliceOf): Op[] {
  const { came, places, floats, weights, one, target } = slice;
  const isThere = ({ from, to }: PartRange) =>
    came.some((node) => node.from === from && node.to === to);
  const ops: Op[] = [];
  const add = (g: number, sum: number, share: number, begins = false) =>
    ops.push(sumOfFloats(floats, { g, share }, sum, begins));
  const sumOf = (node: PartRange): number => {
    const place = places.get(node.from)!;
    if (isThere(node)) {
      if (isPart(node)) add(place, place, weights + 4 * node.from, true);
      return place;
    }
    const [left, right] = branchesOf(node);
    const sum = sumOf(left);
    // As within a rank: a part that is added is weighted on the way.
    if (isPart(right)) add(places.get(right.from)!, sum, weights + 4 * right.from);
    else add(sumOf(right), sum, one);
    return sum;
  };
  const sum = sumOf({ from: 0, to: count });
  if (sum !== target) add(sum, target, one, true);
  return ops;
}

/** A place of so many bytes at least; another one if it has to be larger. */
function createRoom(allocate: (bytes: number) => number): (bytes: number) => number {
  let [place, size] = [0, 0];
  return (bytes) => {
    if (bytes > size || place === 0) {
      size = place === 0 ? bytes : Math.ceil(1.25 * bytes);
      place = allocate(size);
    }
    return place;
  };
}
