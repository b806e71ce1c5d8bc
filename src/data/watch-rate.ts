/**
 * Watches how fast a connection is. Without a lowest rate a server that gives a byte now and then
 * would keep it for days.
 */
import { slowFault, stallFault } from "./network.js";

/** Bytes a second: 10 MB in three hours. */
export const LOWEST_RATE = 1000;

export interface RateOptions {
  /** Silence after which a connection counts as broken. Default 30000 ms. */
  readonly stallTimeout?: number | undefined;
  /**
   * Bytes a second, over the time of `stallTimeout`, below which it counts as broken. Default 1000.
   */
  readonly lowestRate?: number | undefined;
}

export interface RateWatch {
  /** Aborted, with what is wrong, when nothing comes for too long or too little comes. */
  readonly signal: AbortSignal;
  /** Tells of bytes that have come. */
  came(bytes: number): void;
  end(): void;
}

/** Begins to watch. */
export function watchRate({
  stallTimeout = 30_000,
  lowestRate = LOWEST_RATE,
}: RateOptions): RateWatch {
  const controller = new AbortController();
  const stall = () => setTimeout(() => controller.abort(stallFault(stallTimeout)), stallTimeout);
  let stalled = stall();
  let bytes = 0;
  const look = () => {
    if (bytes < (lowestRate * stallTimeout) / 1000)
      controller.abort(slowFault(bytes, stallTimeout));
    bytes = 0;
  };
  // Counted from the first bytes: a server may take its time to begin.
  let stretches: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    came(some) {
      clearTimeout(stalled);
      stalled = stall();
      bytes += some;
      stretches ??= setInterval(look, stallTimeout);
    },
    end() {
      clearTimeout(stalled);
      clearInterval(stretches);
    },
  };
}
