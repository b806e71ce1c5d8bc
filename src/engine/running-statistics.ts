/**
 * Batch norm's running statistics where ranks share out the parts of a batch. They move with each
 * part in turn, so each rank gets the moments of all parts for its share of the channels, moves the
 * statistics of these by one part after the other, and gives them to the others.
 */
import type { Plan } from "../nn/plan.js";
import { rangeOf, type PartRange } from "../ranks/part-tree.js";
import type { RankMessage, Ranks } from "../ranks/ranks.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Memory } from "../runtime/memory.js";
import type { Pool } from "../runtime/pool.js";
import { runOnce } from "./sequence.js";

export interface RunningStatistics {
  /** Remembers them as they are before a step. */
  keep(): void;
  /** Takes the moments of the part that was run last, the k-th of this rank. */
  take(k: number): void;
  /**
   * Moves what was kept by all parts.
   *
   * @param samples - of each part
   * @param ranges - the parts of each rank
   */
  move(samples: readonly number[], ranges: readonly PartRange[]): void;
}

/** The arguments of a batch norm's op. */
interface Norm {
  readonly moments: number;
  /** f32 [2][channels]. */
  readonly running: number;
  readonly settings: number;
  readonly channels: number;
  readonly positions: number;
}

/** Channels of a batch norm that are a rank's. */
interface Segment {
  readonly norm: Norm;
  readonly from: number;
  readonly length: number;
  /** Where f32 [2][length] of them are, among those of all ranks. */
  readonly place: number;
}

/** Bytes of a channel's moments, f64 [2], and of its running statistics. */
const MOMENTS = 16;
const RUNNING = 8;

/** @param most - parts that a batch may have */
export function createRunningStatistics(
  pool: Pool,
  plan: Plan,
  ranks: Ranks,
  most: number,
): RunningStatistics {
  const { memory } = pool;
  const norms = plan
    .lower()
    .forward.flatMap(({ ops }) => ops)
    .filter(({ kernel }) => kernel === "batchNormStats")
    .map(({ args }) => args as unknown as Norm);
  const channels = norms.reduce((sum, norm) => sum + norm.channels, 0);
  const shares = Array.from({ length: ranks.count }, (_, k) => rangeOf(channels, k, ranks.count));
  const { from: first, to: last } = shares[ranks.rank];
  const all = memory.allocate(RUNNING * channels);
  const segments = segmentsOf(norms, shares, all);
  const own = segments.filter(({ place }) => {
    const channel = (place - all) / RUNNING;
    return channel >= first && channel < last;
  });
  /** See MomentPlaces. */
  const taken = memory.allocate(MOMENTS * channels * Math.ceil(most / ranks.count));
  const came = memory.allocate(MOMENTS * (last - first) * most);
  const stats = memory.allocate(RUNNING * channels);
  const counts = memory.put(Int32Array.of(1));

  const doubles = (place: number, length: number) => new Float64Array(memory.buffer, place, length);
  /** A part as a batch of one tile with one sample, which has all of its positions. */
  const opsOf = (part: number, samples: number): Op[] => {
    let moments = came + MOMENTS * (last - first) * part;
    return own.map(({ norm: { settings, positions }, length, place }) => {
      const all = { moments, stats, running: place, settings, counts, tiles: 1, channels: length };
      moments += MOMENTS * length;
      return op("batchNormStats", length, { ...all, positions: samples * positions });
    });
  };

  return {
    keep: () => copyRunning(memory, own, "there"),
    take(k) {
      let place = taken + MOMENTS * channels * k;
      for (const { moments, channels: length } of norms) {
        doubles(place, 2 * length).set(doubles(moments, 2 * length));
        place += MOMENTS * length;
      }
    },
    move(samples, ranges) {
      if (channels === 0) return;
      const mine = ranges[ranks.rank];
      const rows = last - first;
      for (let part = mine.from; part < mine.to; part++) {
        const from = taken + MOMENTS * (channels * (part - mine.from) + first);
        doubles(came + MOMENTS * rows * part, 2 * rows).set(doubles(from, 2 * rows));
      }
      const places = { taken, came, channels, shares };
      ranks.exchange(memory.u8(0, memory.used), messagesOf(ranks.rank, ranges, places));
      samples.forEach((count, part) => runOnce(pool, opsOf(part, count)));
      const ends = shares.map(({ to }) => RUNNING * to);
      ranks.fill(memory.u8(all, RUNNING * channels), ends);
      copyRunning(memory, segments, "back");
    },
  };
}

/** Copies running statistics to the segments, or back. */
function copyRunning(memory: Memory, segments: readonly Segment[], way: "there" | "back"): void {
  for (const { norm, from, length, place } of segments) {
    for (const half of [0, 1]) {
      const running = memory.f32(norm.running + 4 * (half * norm.channels + from), length);
      const segment = memory.f32(place + 4 * half * length, length);
      if (way === "there") segment.set(running);
      else running.set(segment);
    }
  }
}

/** Where moments are, and whose channels are whose. */
interface MomentPlaces {
  /** f64 [own parts][channels][2]. */
  readonly taken: number;
  /** f64 [parts][own channels][2]. */
  readonly came: number;
  readonly channels: number;
  readonly shares: readonly PartRange[];
}

/** Moments of own channels come from the parts of others; those of own parts go to the others. */
function messagesOf(
  rank: number,
  ranges: readonly PartRange[],
  { taken, came, channels, shares }: MomentPlaces,
): RankMessage[] {
  const [mine, own] = [ranges[rank], shares[rank]];
  return ranges
    .flatMap(({ from, to }, peer): RankMessage[] => {
      if (peer === rank) return [];
      const theirs = shares[peer];
      const [comes, goes] = [own, theirs].map((share) => MOMENTS * (share.to - share.from));
      const arrivals = Array.from({ length: to - from }, (_, k): RankMessage => {
        return { peer, offset: came + comes * (from + k), length: comes, receive: true };
      });
      const departures = Array.from({ length: mine.to - mine.from }, (_, k): RankMessage => {
        const offset = taken + MOMENTS * (channels * k + theirs.from);
        return { peer, offset, length: goes, receive: false };
      });
      return [...arrivals, ...departures];
    })
    .filter(({ length }) => length > 0);
}

/** The channels of all batch norms, cut where a rank's end. */
function segmentsOf(
  norms: readonly Norm[],
  shares: readonly PartRange[],
  place: number,
): Segment[] {
  let before = 0;
  return norms.flatMap((norm) => {
    const start = before;
    before += norm.channels;
    return shares.flatMap((share): Segment[] => {
      const [from, to] = [Math.max(share.from, start), Math.min(share.to, before)];
      if (from >= to) return [];
      return [{ norm, from: from - start, length: to - from, place: place + RUNNING * from }];
    });
  });
}
