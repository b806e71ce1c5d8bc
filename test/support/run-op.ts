/**
 * For tests of kernels: runs ops on every backend and instruction set there is here.
 *
 *     forEachBackend((name, pool) => {
 *       test("biasGrad", () => {
 *         scoped(pool, ({ put, room, read }) => {
 *           const dy = put(Float32Array.of(...)), g = room(3);
 *           runOps(pool, [op("biasGrad", 3, { dy, g, tiles: 1, rows: 3 })]);
 *           expect(read(g, 3)).toEqual(...);
 *         });
 *       });
 *     });
 */
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { TILE, type Op } from "#bregman/runtime/kernel-table.js";
import { writeProgram } from "#bregman/runtime/program.js";
import { describe } from "vitest";

const { variants, problem } = nativeVariants();
if (problem) console.log(`native is not tested: ${problem}`);

/** A pool of 2 threads for each native instruction set of this machine, and one for wasm. */
const pools: readonly (readonly [string, Pool])[] = [
  ...(await Promise.all(
    variants.map(
      async (isa) =>
        [`native ${isa}`, await createPool({ backend: "native", isa, threads: 2 })] as const,
    ),
  )),
  ["wasm", await createPool({ backend: "wasm", threads: 2 })],
];

// Tensors of the tests lie on both sides of 2 GiB, where a signed offset would overflow. What lies
// before is never touched.
const BELOW = 8192;
for (const [, { memory }] of pools) memory.allocate(2 ** 31 - memory.used - BELOW);

/** Describes the tests in `body` once for each backend. */
export function forEachBackend(body: (name: string, pool: Pool) => void): void {
  for (const [name, pool] of pools) describe(name, () => body(name, pool));
}

/** Runs ops, in order, and gives the program's memory back. */
export function runOps(pool: Pool, ops: readonly Op[]): void {
  const mark = pool.memory.mark();
  pool.run(writeProgram(pool.memory, ops));
  pool.memory.release(mark);
}

export interface Scope {
  /** Copies numbers into the pool's memory; returns their offset. */
  put(data: Float32Array | Int32Array | Uint8Array): number;
  /** Offset of room for `words` float32 or int32, zeroed, or filled with a float. */
  room(words: number, fill?: number): number;
  /** A copy of `length` float32. */
  read(offset: number, length: number): Float32Array;
  /** A copy of `length` int32. */
  readInts(offset: number, length: number): Int32Array;
}

/** Gives `body` memory for tensors that it need not free. */
export function scoped<R>({ memory }: Pool, body: (scope: Scope) => R): R {
  const mark = memory.mark();
  try {
    return body({
      put: memory.put,
      room(words, fill) {
        const offset = memory.allocate(words * 4);
        if (fill !== undefined) memory.f32(offset, words).fill(fill);
        return offset;
      },
      read: (offset, length) => Float32Array.from(memory.f32(offset, length)),
      readInts: (offset, length) => Int32Array.from(memory.i32(offset, length)),
    });
  } finally {
    memory.release(mark);
  }
}

/** Tiles that hold `samples` samples. */
export const tilesOf = (samples: number): number => Math.ceil(samples / TILE);

/** Row-major [samples, features] to [tiles][features][T]; absent lanes get `absent`. */
export function toTiles(
  rows: ArrayLike<number>,
  samples: number,
  features: number,
  absent = 0,
): Float32Array {
  const out = new Float32Array(tilesOf(samples) * features * TILE).fill(absent);
  for (let b = 0; b < samples; b++)
    for (let i = 0; i < features; i++) out[tileIndex(b, i, features)] = rows[b * features + i]!;
  return out;
}

/** [tiles][features][T] to row-major [samples, features]. */
export function fromTiles(
  tiles: ArrayLike<number>,
  samples: number,
  features: number,
): Float32Array {
  const out = new Float32Array(samples * features);
  for (let b = 0; b < samples; b++)
    for (let i = 0; i < features; i++) out[b * features + i] = tiles[tileIndex(b, i, features)]!;
  return out;
}

const tileIndex = (b: number, i: number, features: number): number =>
  (Math.floor(b / TILE) * features + i) * TILE + (b % TILE);
