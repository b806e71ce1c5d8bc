/** A pattern transposed, for input gradients: kept beside it, and brought up to date after it. */
import type { Op } from "../kernel-table.js";
import type { Memory } from "../memory.js";
import type { AnyPattern } from "./form.js";

export interface TransposedPattern extends Pick<AnyPattern, "entries" | "counts" | "entryStride"> {
  /** i32 word: non-zero asks for a rebuild whatever `changed` says. */
  readonly force: number;
  /** The op that brings it up to date after the pattern has changed. */
  readonly update: Op;
}

/** Where a transpose lies: arguments of the kernels that make it. */
export interface TransposePlaces {
  readonly tEntries: number;
  readonly tCounts: number;
  readonly force: number;
}

/**
 * Gives a transpose its place.
 *
 * @param lines - its rows, each with room for `entryStride` entries
 * @param updated - the op that fills it
 */
export function createTranspose(
  memory: Memory,
  { lines, entryStride }: { readonly lines: number; readonly entryStride: number },
  updated: (places: TransposePlaces) => Op,
): TransposedPattern {
  const force = memory.allocate(4);
  const tEntries = memory.allocate(lines * entryStride * 8);
  const tCounts = memory.allocate(lines * 4);
  const update = updated({ tEntries, tCounts, force });
  return { entries: tEntries, counts: tCounts, entryStride, force, update };
}
