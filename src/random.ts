/**
 * Seeded random numbers: the same bits from one seed on every platform and engine.
 *
 * xoroshiro128+ (Blackman and Vigna, of the package pure-rand) on a state hashed from the seed and
 * the name of a stream. What is drawn for one purpose ("init", "order", ...) then does not depend
 * on how much was drawn for another. The state is plain JSON, so a checkpoint holds it and a
 * resumed run goes on with the same numbers.
 *
 * Only additions, multiplications, divisions and square roots are used: IEEE 754 fixes their bits,
 * which it does not for Math.log, Math.cos or Math.pow. Hence the polar method for normal numbers,
 * and a logarithm of our own.
 */
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { InputError } from "./errors.js";

/** Where a stream stands: JSON. */
export interface RandomState {
  /** The generator's four 32-bit words. */
  readonly words: readonly number[];
  /** The second number of the last pair of normals, if it was not yet given out. */
  readonly spare: number | null;
}

/** A stream of random numbers. */
export interface Random {
  /** Uniform in [0, 1), with 53 bits. */
  uniform(): number;
  /** Uniform in [0, 1), with 24 bits: exact in a float32. */
  uniform32(): number;
  /** Standard normal. */
  normal(): number;
  /**
   * Uniform among the integers 0 to n - 1, without bias.
   *
   * @throws InputError unless n is an integer in [1, 2^32]
   */
  integer(n: number): number;
  /** True with probability p: never for p <= 0, always for p >= 1. */
  bernoulli(p: number): boolean;
  /**
   * Puts the elements in random order, in place: every order is equally likely (Fisher and Yates).
   */
  shuffle(array: Int32Array | Uint32Array | number[]): void;
  /** Where the stream stands, for {@link restore}. */
  state(): RandomState;
}

/**
 * Starts the stream of this name.
 *
 * @param seed - any safe integer
 * @param name - purpose of the stream; different names give independent streams
 * @throws InputError if the seed is not a safe integer
 * @example
 * const order = Uint32Array.from({ length: 60000 }, (_, i) => i);
 * stream(1, "order/0").shuffle(order); // the order of epoch 0, whatever else was drawn from seed 1
 */
export function stream(seed: number, name = ""): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new InputError(
      `a random seed must be an integer of at most 2^53 - 1 in size, found ${seed}`,
    );
  }
  const input = [
    seed | 0,
    Math.floor(seed / 2 ** 32) | 0,
    ...Array.from(name, (letter) => letter.codePointAt(0)!),
  ];
  // Each word is the same chain of hashes from another start; for a fixed name it is one-to-one in
  // the seed's low word.
  const words = [0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834].map((start) =>
    input.reduce((hash, word) => scramble((hash + 0x6d2b79f5) ^ word), start),
  );
  return restore({ words, spare: null });
}

/**
 * Goes on where a stream stood.
 *
 * @throws InputError if the state is not one of ours
 * @example
 * const random = stream(1, "init");
 * const twin = restore(JSON.parse(JSON.stringify(random.state())));
 * random.normal() === twin.normal(); // true
 */
export function restore(state: RandomState): Random {
  const { words, spare: waiting } = state;
  if (
    !Array.isArray(words) ||
    words.length !== 4 ||
    !words.every(Number.isInteger) ||
    words.every((w) => w === 0)
  ) {
    throw new InputError(
      `a random state must hold four integers, not all zero, found ${JSON.stringify(words)}`,
    );
  }
  const generator = xoroshiro128plusFromState(words.map((word) => word | 0));
  let spare = waiting;
  // The low bits of this generator are its weak ones: everything below takes the high bits.
  const bits = (n: number): number => generator.next() >>> (32 - n);

  function uniform(): number {
    return (bits(27) * 2 ** 26 + bits(26)) / 2 ** 53;
  }

  function normal(): number {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    // Marsaglia's polar method: a uniform point of the unit disc gives two normals.
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const s = x * x + y * y;
      if (s === 0 || s >= 1) continue;
      const scale = Math.sqrt((-2 * logarithm(s)) / s);
      spare = y * scale;
      return x * scale;
    }
  }

  function integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32)) {
      throw new InputError(`a random integer below n needs an integer n in [1, 2^32], found ${n}`);
    }
    // n equal parts of the 2^32 words; what is left over is drawn again.
    const part = Math.floor(2 ** 32 / n);
    for (;;) {
      const value = Math.floor(bits(32) / part);
      if (value < n) return value;
    }
  }

  return {
    uniform,
    uniform32: () => bits(24) / 2 ** 24,
    normal,
    integer,
    bernoulli: (p) => uniform() < p,
    shuffle(array) {
      for (let i = array.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const value = array[i];
        array[i] = array[j];
        array[j] = value;
      }
    },
    state: () => ({ words: [...generator.getState()], spare }),
  };
}

/** One-to-one scrambling of 32 bits (the finalizer of MurmurHash3). */
function scramble(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const SQRT_HALF = Math.sqrt(0.5);

/**
 * ln x for 0 < x < 1 to about 1e-16 relative to its size: x = m 2^-e with m in [sqrt(1/2),
 * sqrt(2)), ln m = 2 artanh((m - 1) / (m + 1)).
 */
function logarithm(x: number): number {
  let m = x;
  let e = 0;
  while (m < SQRT_HALF) {
    m *= 2;
    e++;
  }
  const z = (m - 1) / (m + 1); // |z| < 0.172, so 11 terms reach 1e-17
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = sum * z * z + 1 / k;
  return 2 * z * sum - e * Math.LN2;
}
