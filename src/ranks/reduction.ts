/**
 * The sum of the gradients of all ranks, on all of them: bit for bit that of one process.
 *
 * Each rank has the sums of its branches of the tree (part-tree.ts). They are summed over the ranks
 * piece by piece (piece-sum.ts), each as soon as the backward pass has left its layers, while that
 * goes on below. So of n numbers each rank sends and receives n (ranks - 1) / ranks twice, if each
 * has one branch.
 *
 * In a step that changes patterns all numbers travel, in a frozen one those of the patterns.
 */
import type { Pool } from "../runtime/pool.js";
import { branchesIn, rangeOf } from "./part-tree.js";
import { roomFor, sumPiece, type PieceSum, type SharedBatch } from "./piece-sum.js";
import type { Ranks } from "./ranks.js";
import { LINE } from "./sum-of-floats.js";

/** What is summed: blocks of floats in shared memory. */
export interface Summands {
  /** Where the pieces of a block end, in floats: ascending multiples of 16. */
  readonly ends: readonly number[];
  placeOf(block: number): number;
  /** Indices in a block of what a frozen step uses, ascending. */
  inPatterns(): Int32Array;
}

/** A batch in parts. */
export interface PartsOf {
  readonly count: number;
  /** Samples of a part / samples of the batch. */
  share(part: number): number;
}

/** Sums over all ranks what each has in its blocks, into block 0 of each. */
export interface Reduction {
  /** @param frozen - the numbers of the patterns alone */
  begin(parts: PartsOf, frozen: boolean): void;
  /** The next piece is complete in all own blocks, which stay as they are until the end. */
  next(): void;
  /** Returns when all pieces are summed. All of them are complete. */
  end(): void;
  /** Patterns may be others than at the last frozen step. */
  reset(): void;
}

/** A piece, and what is done before it is sent and after it is summed. */
interface Travelling {
  readonly length: number;
  placeOf(block: number): number;
  pack?(): void;
  unpack?(): void;
}

/** @param most - parts that a batch may have */
export function createReduction(
  pool: Pool,
  ranks: Ranks,
  summands: Summands,
  most: number,
): Reduction {
  const { memory } = pool;
  const weights = memory.allocate(4 * (most + 1));
  const received = createRoom(memory.allocate);
  const packed = createRoom(memory.allocate);
  let patterns: readonly Int32Array[] | undefined;
  /** Of the step that is under way. */
  let batch: SharedBatch = { count: 0, branches: [], weights, one: weights + 4 * most };
  let pieces: readonly Travelling[] = [];
  let room = 0;
  let sums: PieceSum[] = [];

  const inPatterns = (): Travelling[] => {
    const indices = (patterns ??= cut(summands.inPatterns(), summands.ends));
    const lengths = indices.map(({ length }) => Math.ceil(length / LINE) * LINE);
    const own = Math.max(1, batch.branches[ranks.rank].length);
    let place = packed(4 * own * lengths.reduce((sum, length) => sum + length, 0));
    const { ends, placeOf } = summands;
    return indices.map((order, k) => {
      const [length, from] = [lengths[k], place];
      place += 4 * own * length;
      const few = (block: number) => memory.f32(from + 4 * length * block, length);
      const all = (block: number) => memory.f32(placeOf(block), ends[k]);
      return {
        length,
        placeOf: (block) => from + 4 * length * block,
        pack() {
          for (let block = 0; block < batch.branches[ranks.rank].length; block++)
            gather(all(block), order, few(block));
        },
        unpack: () => scatter(few(0), order, all(0)),
      };
    });
  };
  const next = () => {
    const { length, placeOf, pack } = pieces[sums.length];
    pack?.();
    sums.push(sumPiece(pool, ranks, batch, { length, placeOf, room, tag: 1 + 2 * sums.length }));
    room += roomFor(length, batch, ranks);
    for (const sum of sums) sum.addUp(false);
  };

  return {
    reset: () => (patterns = undefined),
    begin({ count, share }, frozen) {
      const shares = Float32Array.from({ length: most + 1 }, (_, k) => (k < count ? share(k) : 1));
      memory.f32(weights, most + 1).set(shares);
      const branches = Array.from({ length: ranks.count }, (_, k) =>
        branchesIn(count, rangeOf(count, k, ranks.count)),
      );
      batch = { ...batch, count, branches };
      if (!frozen) patterns = undefined;
      pieces = frozen ? inPatterns() : inFull(summands);
      const rooms = pieces.map(({ length }) => roomFor(length, batch, ranks));
      room = received(rooms.reduce((sum, bytes) => sum + bytes, 0));
      sums = [];
    },
    next,
    end() {
      while (sums.length < pieces.length) next();
      // What others wait for goes out first.
      for (const sum of sums) sum.addUp(true);
      sums.forEach((sum, k) => {
        sum.end();
        pieces[k].unpack?.();
      });
    },
  };
}

/** All numbers, where they are. */
function inFull({ ends, placeOf }: Summands): Travelling[] {
  return ends.map((end, k) => {
    const start = ends[k - 1] ?? 0;
    return { length: end - start, placeOf: (block) => placeOf(block) + 4 * start };
  });
}

/** Ascending indices, cut where they pass each end. */
function cut(indices: Int32Array, ends: readonly number[]): Int32Array[] {
  let from = 0;
  return ends.map((end) => {
    let to = from;
    while (to < indices.length && indices[to] < end) to++;
    const piece = indices.subarray(from, to);
    from = to;
    return piece;
  });
}

function gather(all: Float32Array, order: Int32Array, few: Float32Array): void {
  for (let i = 0; i < order.length; i++) few[i] = all[order[i]];
}

function scatter(few: Float32Array, order: Int32Array, all: Float32Array): void {
  for (let i = 0; i < order.length; i++) all[order[i]] = few[i];
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
