/** How long steps would take on several ranks: an estimate, of what travels and how fast. */
import { largest } from "../extremes.js";
import { branchesIn, rangeOf } from "./part-tree.js";

/** Seconds that a message takes beside its bytes. */
export const LATENCY = 5e-5;
/** Times in a step that ranks talk: losses, slices of gradients, sums; the same of statistics. */
const TALKS = 5;

export interface PlannedRanks {
  readonly ranks: number;
  /** Parts of a batch, at least as many. */
  readonly parts: number;
  /** Bits a second that a rank can send, and receive at the same time. */
  readonly bitsPerSecond: number;
  /** Channels of all batch norms. */
  readonly channels: number;
}

/** Steps of a kind. */
export interface PlannedStep {
  /** Numbers of the gradient that are needed. */
  readonly numbers: number;
  /** Of one rank with all parts. */
  readonly seconds: number;
}

export interface EstimatedStep {
  /** Bytes that a rank sends, the one that sends the most. */
  readonly sent: number;
  readonly sending: number;
  readonly seconds: number;
}

/** What a step takes, if sending does not overlap with computing. */
export function estimateStep(
  { ranks, parts, bitsPerSecond, channels }: PlannedRanks,
  { numbers, seconds }: PlannedStep,
): EstimatedStep {
  const ranges = Array.from({ length: ranks }, (_, k) => rangeOf(parts, k, ranks));
  const branches = largest(ranges.map((range) => branchesIn(parts, range).length));
  const most = largest(ranges.map(({ from, to }) => to - from));
  const others = ranks - 1;
  const told = 8 * (2 * most + 1) * others;
  const statistics = ((16 * most + 8) * channels * others) / ranks;
  const gradients = (4 * numbers * (branches + 1) * others) / ranks;
  const sent = Math.round(told + statistics + gradients);
  const sending = (8 * sent) / bitsPerSecond + TALKS * others * LATENCY;
  return { sent, sending, seconds: (seconds * most) / parts + sending };
}
