/**
 * For tests of operands that lie more than 2 GiB apart: tensors of any size in pools of their own.
 */
import { afterAll } from "vitest";
import type { BackendName } from "#bregman/runtime/backend.js";
import type { Op } from "#bregman/runtime/kernel-table.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import { writeProgram } from "#bregman/runtime/program.js";

/** Every instruction set of this machine, and wasm. */
export const VARIANTS: readonly { readonly backend: BackendName; readonly isa?: string }[] = [
  ...nativeVariants().variants.map((isa) => ({ backend: "native" as const, isa })),
  { backend: "wasm" },
];

/** Tensors by name, of so many words; most of a large one is never touched, and takes no memory. */
export type Rooms = Readonly<Record<string, number>>;

export interface Tensors<R extends Rooms> {
  readonly at: Readonly<Record<keyof R, number>>;
  floats(name: keyof R): Float32Array;
  ints(name: keyof R): Int32Array;
  run(...ops: readonly Op[]): void;
}

const pools: Pool[] = [];
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

/**
 * A pool with these tensors; each has a memory of a size of its own, since the memory of an earlier
 * one would be touched.
 */
export async function tensors<R extends Rooms>(
  variant: (typeof VARIANTS)[0],
  rooms: R,
): Promise<Tensors<R>> {
  const maxBytes = 2 ** 32 - 2 ** 16 * pools.length;
  const pool = await createPool({ ...variant, threads: 1, maxBytes });
  pools.push(pool);
  const { memory } = pool;
  const at = Object.fromEntries(
    Object.entries(rooms).map(([name, words]) => [name, memory.allocate(4 * words)]),
  );
  return {
    at: at as Record<keyof R, number>,
    floats: (name) => memory.f32(at[name as string]!, rooms[name]!),
    ints: (name) => memory.i32(at[name as string]!, rooms[name]!),
    run: (...ops) => pool.run(writeProgram(memory, ops)),
  };
}

export const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, k) => from + k);
/** Puts items of `size` numbers, as they follow each other in `numbers`, to their places. */
export const spread = (
  places: readonly number[],
  numbers: ArrayLike<number>,
  into: Float32Array | Int32Array,
  size = 1,
) =>
  places.forEach((place, k) => {
    for (let i = 0; i < size; i++) into[place * size + i] = numbers[k * size + i]!;
  });
/** The items at these places. */
export const gathered = (places: readonly number[], from: ArrayLike<number>, size = 1) =>
  places.flatMap((place) => range(0, size).map((i) => from[place * size + i]!));
