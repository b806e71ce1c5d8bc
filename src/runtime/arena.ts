/**
 * The arena: one block of memory in which the tensors of a plan share places.
 *
 * Every tensor states when it lives: from the moment it is written to the last moment it is read, in the plan's own
 * time. Two tensors whose lives do not overlap may have the same place. Placement is greedy, largest first, each at the
 * lowest offset where it fits: simple, deterministic, and on the networks of the paper within a few per cent of the
 * largest sum of tensors alive at once, which no placement can beat.
 */

/** Alignment of every tensor, in bytes: a cache line, and one AVX-512 vector. */
const ALIGNMENT = 64;

export interface Lifetime {
  readonly bytes: number;
  /** First and last moment of use, both included. */
  readonly from: number;
  readonly to: number;
}

export interface Placement {
  /** Byte offset of each tensor from the start of the arena, in the order given. */
  readonly offsets: readonly number[];
  /** Size of the arena in bytes. */
  readonly bytes: number;
}

/** Places tensors so that no two that live at the same time overlap. */
export function placeTensors(tensors: readonly Lifetime[]): Placement {
  const order = tensors.map((_, k) => k).sort((a, b) => tensors[b].bytes - tensors[a].bytes || a - b);
  const offsets = tensors.map(() => 0);
  const placed: number[] = [];
  let bytes = 0;
  for (const k of order) {
    const size = align(tensors[k].bytes);
    const neighbours = placed
      .filter((other) => tensors[other].from <= tensors[k].to && tensors[k].from <= tensors[other].to)
      .sort((a, b) => offsets[a] - offsets[b]);
    let at = 0;
    for (const other of neighbours) {
      if (at + size <= offsets[other]) break;
      at = Math.max(at, offsets[other] + align(tensors[other].bytes));
    }
    offsets[k] = at;
    placed.push(k);
    bytes = Math.max(bytes, at + size);
  }
  return { offsets, bytes };
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
