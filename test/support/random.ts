/** Seeded random numbers for tests: the same inputs on every run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Integer in [0, below). */
  int(below: number): number;
  /** Float32 uniform in [low, high). */
  floats(length: number, low?: number, high?: number): Float32Array;
  bytes(length: number): Uint8Array;
}

/**
 * mulberry32 (Tommy Ettinger's public-domain generator): 32 bits of state, plenty for test data.
 */
export function seeded(seed: number): Random {
  let state = seed | 0;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    next,
    int: (below) => Math.floor(next() * below),
    floats: (length, low = -1, high = 1) =>
      Float32Array.from({ length }, () => low + (high - low) * next()),
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
  };
}
