/**
 * Batch norm's running statistics where ranks share out the parts of a batch: they move with each
 * part in turn, so each rank moves them by those of all parts, in the order of the parts.
 */
import type { Plan } from "../nn/plan.js";
import { op, type Op } from "../runtime/kernel-table.js";
import type { Pool } from "../runtime/pool.js";
import { runOnce } from "./sequence.js";

export interface RunningStatistics {
  /** Numbers that a part has of its own. */
  readonly length: number;
  /** Remembers them as they are before a step. */
  keep(): void;
  /** What the last part has, to `out`. */
  read(out: Float64Array): void;
  /** Moves what was kept by parts of so many samples. */
  move(parts: readonly { readonly moments: Float64Array; readonly samples: number }[]): void;
}

/** The arguments of its op. */
interface Norm {
  readonly moments: number;
  readonly running: number;
  readonly settings: number;
  readonly channels: number;
  readonly positions: number;
}

export function createRunningStatistics(pool: Pool, plan: Plan): RunningStatistics {
  const { memory } = pool;
  const norms = plan
    .lower()
    .forward.flatMap(({ ops }) => ops)
    .filter(({ kernel }) => kernel === "batchNormStats")
    .map(({ args }) => args as unknown as Norm);
  const channels = norms.reduce((sum, norm) => sum + norm.channels, 0);
  const moments = memory.allocate(16 * channels);
  const stats = memory.allocate(8 * channels);
  const counts = memory.put(Int32Array.of(1));
  let kept: Float32Array[] = [];

  /** As of a batch of one tile with one sample, which has as many positions as the part. */
  const opsOf = (samples: number): Op[] => {
    let before = 0;
    return norms.map(({ running, settings, channels: own, positions }) => {
      const place = moments + 16 * before;
      before += own;
      return op("batchNormStats", own, {
        moments: place,
        stats,
        running,
        settings,
        counts,
        tiles: 1,
        channels: own,
        positions: samples * positions,
      });
    });
  };
  return {
    length: 2 * channels,
    keep() {
      kept = norms.map(({ running, channels: own }) => memory.f32(running, 2 * own).slice());
    },
    read(out) {
      let before = 0;
      for (const { moments: own, channels: count } of norms) {
        out.set(new Float64Array(memory.buffer, own, 2 * count), before);
        before += 2 * count;
      }
    },
    move(parts) {
      norms.forEach(({ running }, k) => memory.f32(running, kept[k].length).set(kept[k]));
      if (norms.length === 0) return;
      for (const part of parts) {
        new Float64Array(memory.buffer, moments, 2 * channels).set(part.moments);
        runOnce(pool, opsOf(part.samples));
      }
    },
  };
}
