/**
 * Calls that wait together: what was asked for before the next turn is computed in one batch, and
 * each caller gets its part.
 */
import { takeTurns } from "../engine/next-turn.js";
import type { GivenSamples } from "./samples-in.js";

/** Computes samples one after the other and writes their outputs. */
export interface Computation {
  /** Samples that are computed at a time. */
  readonly piece: number;
  /** Numbers that come out for a sample. */
  readonly outputs: number;
  /** Puts the samples `from` to `to` of what was given behind `at` samples of the piece. */
  put(given: GivenSamples, from: number, to: number, at: number): void;
  /** Computes the first `count` samples of the piece into `out`, [count, outputs]. */
  run(count: number, out: Float32Array): void;
}

/** A call that waits, or is half done. */
interface Call {
  readonly given: GivenSamples;
  readonly out: Float32Array;
  /** Samples that have been put into a piece so far. */
  next: number;
  readonly resolve: (out: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Who takes calls. */
export interface Queue {
  /** Resolves with the outputs of these samples. */
  add(given: GivenSamples): Promise<Float32Array>;
  /** Resolves when nobody waits any more. */
  idle(): Promise<void>;
}

/** A queue before a computation. */
export function createQueue(computation: Computation): Queue {
  const calls: Call[] = [];
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    const turns = takeTurns();
    // Whoever calls in the same turn is in the first piece.
    await undefined;
    while (calls.length > 0) {
      runPiece(computation, calls);
      await turns();
    }
    draining = undefined;
  };
  return {
    add(given) {
      const out = new Float32Array(given.count * computation.outputs);
      return new Promise((resolve, reject) => {
        calls.push({ given, out, next: 0, resolve, reject });
        draining ??= drain();
      });
    },
    idle: async () => draining,
  };
}

/** A stretch of a call's samples in a piece. */
interface Part {
  readonly call: Call;
  readonly from: number;
  readonly to: number;
}

/** Fills a piece from the calls at the front, computes it, and hands out what came out. */
function runPiece(computation: Computation, calls: Call[]): void {
  const { piece, outputs } = computation;
  const parts: Part[] = [];
  let filled = 0;
  while (filled < piece && calls.length > 0) {
    const [call] = calls;
    const from = call.next;
    const to = Math.min(call.given.count, from + piece - filled);
    try {
      computation.put(call.given, from, to, filled);
    } catch (error) {
      // This caller's inputs are at fault; the others' are computed.
      calls.shift();
      call.reject(error);
      continue;
    }
    parts.push({ call, from, to });
    filled += to - from;
    call.next = to;
    if (to === call.given.count) calls.shift();
  }
  if (filled === 0) return;
  const place = ({ call, from, to }: Part) => call.out.subarray(from * outputs, to * outputs);
  const alone = parts.length === 1;
  const out = alone ? place(parts[0]) : new Float32Array(filled * outputs);
  try {
    computation.run(filled, out);
  } catch (error) {
    for (const { call } of parts) call.reject(error);
    if (parts.some(({ call }) => call === calls[0])) calls.shift();
    return;
  }
  let at = 0;
  for (const part of parts) {
    const { call, from, to } = part;
    const end = at + (to - from) * outputs;
    if (!alone) place(part).set(out.subarray(at, end));
    at = end;
    if (to === call.given.count) call.resolve(call.out);
  }
}
