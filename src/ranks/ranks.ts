/**
 * Ranks: processes that train one network together. Each has the whole network; of a batch, and of
 * an evaluation, each computes its share.
 *
 * All ranks run the same program. Whatever one of them waits for, the others send at the same place
 * of it: so whether to send must never follow from what only one rank knows.
 */
import { InputError } from "../errors.js";

/** What is sent to another rank, or received of it: a range of bytes. */
export interface RankMessage {
  readonly peer: number;
  readonly offset: number;
  readonly length: number;
  readonly receive: boolean;
}

/** What ranks are joined by: MPI (mpi.ts). */
export interface Link {
  readonly rank: number;
  readonly count: number;
  /** Sends and receives, and returns when all is through. Those of two ranks arrive in order. */
  exchange(bytes: Uint8Array, messages: readonly RankMessage[]): void;
  /**
   * Begins to send and to receive, and returns at once. Neither side of it is touched before
   * {@link Link.through} has said so.
   *
   * @param tag - tells it from what else is under way, on all ranks alike; from 1
   * @returns its number
   */
  begin(bytes: Uint8Array, messages: readonly RankMessage[], tag: number): number;
  /**
   * Whether all of what was begun is through, whose number is then another's.
   *
   * @param wait - returns only when it is
   */
  through(begun: number, wait: boolean): boolean;
  /** Bytes that this rank has sent and received so far. */
  traffic(): { readonly sent: number; readonly received: number };
  /** To be called by all ranks at their end. */
  finish(): void;
  /** Ends the processes of all ranks. */
  abort(code: number): never;
}

export interface Ranks extends Link {
  /** Numbers of all ranks, one rank after the other; `counts` says how many each has. */
  gather(own: Float64Array, counts: readonly number[]): Float64Array;
  /** Fills bytes of which rank k has those from `ends[k - 1]` to `ends[k]`. */
  fill(bytes: Uint8Array, ends: readonly number[]): void;
  /** The bytes of one rank, by default the first; the others give none. */
  share(bytes?: Uint8Array, from?: number): Uint8Array;
  /** The same with a text. */
  shareText(text?: string, from?: number): string;
  /**
   * Checks that all ranks have the same.
   *
   * @throws InputError on all of them, if one has something else than the first
   */
  agree(what: string, text: string): void;
  /** Marks an error that all ranks throw, so that one of them tells it. */
  onAll<Fault extends Error>(fault: Fault): Fault;
  /** Whether there was such an error. */
  readonly failed: boolean;
  /** The signal by which this rank is asked to stop. */
  signal: AbortSignal | undefined;
  /** Whether all ranks stop: set by the step in which it was first known that one of them is to. */
  stopping: boolean;
}

/** The ranks that a link joins. */
export function createRanks(link: Link): Ranks {
  const { rank, count } = link;
  const others = Array.from({ length: count }, (_, k) => k).filter((k) => k !== rank);
  const fill = (bytes: Uint8Array, ends: readonly number[]): void => {
    const rangeOf = (k: number) => ({
      offset: ends[k - 1] ?? 0,
      length: ends[k] - (ends[k - 1] ?? 0),
    });
    const messages = others.flatMap((peer) => [
      { peer, ...rangeOf(rank), receive: false },
      { peer, ...rangeOf(peer), receive: true },
    ]);
    link.exchange(
      bytes,
      messages.filter(({ length }) => length > 0),
    );
  };
  const gather = (own: Float64Array, counts: readonly number[]): Float64Array => {
    let end = 0;
    const ends = counts.map((n) => (end += n));
    const all = new Float64Array(end);
    all.set(own, ends[rank - 1] ?? 0);
    fill(
      new Uint8Array(all.buffer),
      ends.map((n) => 8 * n),
    );
    return all;
  };
  const share = (bytes?: Uint8Array, from = 0): Uint8Array => {
    const lengths = Array.from({ length: count }, (_, k) => (k === from ? 1 : 0));
    const own = Float64Array.from(rank === from ? [bytes!.length] : []);
    const [length] = gather(own, lengths);
    const all = rank === from ? bytes! : new Uint8Array(length);
    fill(
      all,
      lengths.map((_, k) => (k < from ? 0 : length)),
    );
    return all;
  };
  const shareText = (text?: string, from = 0): string =>
    new TextDecoder().decode(share(text === undefined ? undefined : textBytes(text), from));
  const ranks: Ranks & { failed: boolean } = {
    ...link,
    fill,
    gather,
    share,
    shareText,
    agree(what, text) {
      const expected = shareText(rank === 0 ? text : undefined);
      const isOther = Float64Array.of(expected === text ? 0 : 1);
      const other = gather(isOther, others.concat(rank).fill(1)).indexOf(1);
      if (other < 0) return;
      const found = shareText(rank === other ? text : undefined, other);
      throw ranks.onAll(
        new InputError(
          `all ranks need the same ${what}: rank 0 has ${expected}, rank ${other} ${found}`,
        ),
      );
    },
    onAll(fault) {
      ranks.failed = true;
      return fault;
    },
    failed: false,
    signal: undefined,
    stopping: false,
  };
  return ranks;
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
