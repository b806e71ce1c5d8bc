/**
 * The sum of a piece of the gradients over all ranks. It is cut into as many slices as there are
 * ranks. Each rank gets its slice of all branches of the tree, adds them up along it, and gives the
 * result to the others, while it does something else.
 */
import type { Op } from "../runtime/kernel-table.js";
import type { Pool } from "../runtime/pool.js";
import { branchesOf, isPart, type PartRange } from "./part-tree.js";
import type { RankMessage, Ranks } from "./ranks.js";
import { LINE, sumOfFloats } from "./sum-of-floats.js";

/** Numbers that are summed at once. */
export interface RankedPiece {
  /** Floats, a multiple of 16. */
  readonly length: number;
  /** Where those of an own block are. */
  placeOf(block: number): number;
  /** A place for {@link roomFor} bytes. */
  readonly room: number;
  /** Tells its messages from those of other pieces: it and the next number. */
  readonly tag: number;
}

/** A batch whose parts ranks have shared out. */
export interface SharedBatch {
  /** Parts. */
  readonly count: number;
  /** Of each rank: a block has the sum of each. */
  readonly branches: readonly (readonly PartRange[])[];
  /** In memory: shares of the parts, and a one. */
  readonly weights: number;
  readonly one: number;
}

export interface PieceSum {
  /**
   * Adds up the own slice, if those of the others are there.
   *
   * @param wait - until they are
   * @returns whether it is added up, now or before
   */
  addUp(wait: boolean): boolean;
  /** Returns when all of the sum is there, in block 0. */
  end(): void;
}

/** Bytes that come before a piece of so many floats can be added up. */
export function roomFor(length: number, { branches }: SharedBatch, { rank, count }: Ranks): number {
  const { floats } = slicesOf(length, count)[rank];
  return 4 * floats * (branches.flat().length - branches[rank].length);
}

/** Begins to sum a piece whose own blocks are complete. */
export function sumPiece(
  { memory, write, run }: Pool,
  ranks: Ranks,
  { count, branches, weights, one }: SharedBatch,
  { length, placeOf, room, tag }: RankedPiece,
): PieceSum {
  const { rank } = ranks;
  const slices = slicesOf(length, ranks.count);
  const { start, floats } = slices[rank];
  const begin = (messages: readonly RankMessage[], which: number): number =>
    ranks.begin(
      memory.u8(0, memory.used),
      messages.filter(({ length: bytes }) => bytes > 0),
      which,
    );
  // My slice of each branch of the others comes behind that of the one before.
  const slots = branches.flatMap((theirs, peer) =>
    peer === rank ? [] : theirs.map((branch) => ({ peer, branch })),
  );
  const arrivals = slots.map(({ peer }, k): RankMessage => {
    return { peer, offset: room + 4 * floats * k, length: 4 * floats, receive: true };
  });
  const departures = slices.flatMap((theirs, peer) =>
    (peer === rank ? [] : branches[rank]).map((_, k): RankMessage => {
      const offset = placeOf(k) + 4 * theirs.start;
      return { peer, offset, length: 4 * theirs.floats, receive: false };
    }),
  );
  const add = () => {
    const places = new Map(slots.map(({ branch }, k) => [branch.from, room + 4 * floats * k]));
    branches[rank].forEach((branch, k) => places.set(branch.from, placeOf(k) + 4 * start));
    const [came, target] = [branches.flat(), placeOf(0) + 4 * start];
    const mark = memory.mark();
    if (floats > 0) run(write(additions(count, { came, places, floats, weights, one, target })));
    memory.release(mark);
  };
  const sums = (): RankMessage[] =>
    slices.flatMap((theirs, peer): RankMessage[] => {
      const messageOf = (slice: Slice, receive: boolean): RankMessage => {
        const offset = placeOf(0) + 4 * slice.start;
        return { peer, offset, length: 4 * slice.floats, receive };
      };
      return peer === rank ? [] : [messageOf(theirs, true), messageOf(slices[rank], false)];
    });

  const sending = begin([...arrivals, ...departures], tag);
  let telling: number | undefined;
  const addUp = (wait: boolean): boolean => {
    if (telling === undefined && ranks.through(sending, wait)) {
      add();
      telling = begin(sums(), tag + 1);
    }
    return telling !== undefined;
  };
  return {
    addUp,
    end() {
      addUp(true);
      ranks.through(telling!, true);
    },
  };
}

interface Slice {
  readonly start: number;
  readonly floats: number;
}

/** So many floats, cut at cache lines. */
function slicesOf(length: number, ranks: number): Slice[] {
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
