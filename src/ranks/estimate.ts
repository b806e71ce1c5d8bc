/** How long steps would take on several ranks: an estimate, of what travels and how fast. */
import { largest } from "../extremes.js";
import { branchesIn, rangeOf } from "./part-tree.js";
import { PIECE } from "./sum-of-floats.js";

/** Seconds that a message takes beside its bytes. */
export const LATENCY = 5e-5;
/** Times in a step that ranks talk and wait: losses; moments and statistics of batch norm. */
const TALKS = 3;
/** Of the time of a part, what its backward pass takes. */
const BACKWARD = 2 / 3;
/**
 * Of the sending of gradients, what computing can hide at most: MPI works only while it is called.
 * As measured between two network namespaces at 1 Gbit/s (bench/ranks.mjs).
 */
const HIDDEN = 2 / 3;

export interface PlannedRanks {
  readonly ranks: number;
  /** Parts of a batch, at least as many. */
  readonly parts: number;
  /** Bits a second that a rank can send, and receive at the same time. */
  readonly bitsPerSecond: number;
  /** Channels of all batch norms. */
  readonly channels: number;
}

/** A layer with weights. */
export interface PlannedLayer {
  /** Of its gradient: all, and those that the step needs. */
  readonly all: number;
  readonly numbers: number;
  /** Share of the time of a step, in any unit. */
  readonly work: number;
}

/** Steps of a kind. */
export interface PlannedStep {
  /** From the first one to the last. */
  readonly layers: readonly PlannedLayer[];
  /** Of one rank with all parts. */
  readonly seconds: number;
}

export interface EstimatedStep {
  /** Bytes that a rank sends, the one that sends the most. */
  readonly sent: number;
  /** Seconds that this takes, and how many of them a rank does not compute. */
  readonly sending: number;
  readonly waiting: number;
  readonly seconds: number;
}

/** What a step takes, if pieces of gradients are sent in turn, each once it is complete. */
export function estimateStep(
  { ranks, parts, bitsPerSecond, channels }: PlannedRanks,
  { layers, seconds }: PlannedStep,
): EstimatedStep {
  const ranges = Array.from({ length: ranks }, (_, k) => rangeOf(parts, k, ranks));
  const branches = largest(ranges.map((range) => branchesIn(parts, range).length));
  const most = largest(ranges.map(({ from, to }) => to - from));
  const others = ranks - 1;
  const perByte = 8 / bitsPerSecond;
  const told = 8 * (2 * most + 1) * others;
  const statistics = ((16 * most + 8) * channels * others) / ranks;
  const before = perByte * (told + statistics) + TALKS * others * LATENCY;

  const work = layers.reduce((sum, layer) => sum + layer.work, 0);
  const backward = (BACKWARD * seconds) / parts;
  // Seconds of the last backward pass, and those at which the last piece is through.
  let [now, through, gradients, pieces] = [0, 0, 0, 0];
  let piece = { all: 0, numbers: 0 };
  layers.toReversed().forEach((layer, k) => {
    now += (backward * layer.work) / work;
    piece = { all: piece.all + layer.all, numbers: piece.numbers + layer.numbers };
    if (piece.all < PIECE && k < layers.length - 1) return;
    const bytes = (4 * piece.numbers * (branches + 1) * others) / ranks;
    through = Math.max(through, now) + perByte * bytes + 2 * others * LATENCY;
    gradients += bytes;
    pieces++;
    piece = { all: 0, numbers: 0 };
  });
  const sending = perByte * gradients + 2 * pieces * others * LATENCY;
  const waiting = before + Math.max(through - backward, (1 - HIDDEN) * sending);
  return {
    sent: Math.round(told + statistics + gradients),
    sending: before + sending,
    waiting,
    seconds: (seconds * most) / parts + waiting,
  };
}
