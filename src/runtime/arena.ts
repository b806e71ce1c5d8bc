/**
 * The arena: one block of memory in which the tensors of a plan share places.
 *
 * Every tensor states when it lives: from the moment it is written to the last moment it is read, in the plan's own
 * time. Two tensors whose lives do not overlap may have the same place. Placement is greedy, largest first, each at the
 * lowest offset where it fits: simple, deterministic, and on the networks of the paper within a few per cent of the
 * largest sum of tensors alive at once, which no placement can beat.
 *
 * Tensors of one `form` share places with each other alone: what they have in common and nobody writes, the zeros of their
 * borders, then stays as it is for good.
 */

/** Alignment of every tensor, in bytes: a cache line, and one AVX-512 vector. */
const ALIGNMENT = 64;

export interface Lifetime {
  readonly bytes: number;
  /** First and last moment of use, both included. */
  readonly from: number;
  readonly to: number;
  /** Tensors of the same form, which have the same size, are the only ones that may have this one's place at other times. */
  readonly form?: string;
}

export interface Placement {
  /** Byte offset of each tensor from the start of the arena, in the order given. */
  readonly offsets: readonly number[];
  /** Size of the arena in bytes. */
  readonly bytes: number;
}

/** Places tensors so that no two that live at the same time overlap. */
export function placeTensors(tensors: readonly Lifetime[]): Placement {
  const rooms = roomsOf(tensors);
  const order = rooms.map((_, k) => k).sort((a, b) => rooms[b].bytes - rooms[a].bytes || a - b);
  const starts = rooms.map(() => 0);
  const placed: number[] = [];
  let bytes = 0;
  for (const k of order) {
    const size = align(rooms[k].bytes);
    const neighbours = placed.filter((other) => meet(rooms[other], rooms[k])).sort((a, b) => starts[a] - starts[b]);
    let at = 0;
    for (const other of neighbours) {
      if (at + size <= starts[other]) break;
      at = Math.max(at, starts[other] + align(rooms[other].bytes));
    }
    starts[k] = at;
    placed.push(k);
    bytes = Math.max(bytes, at + size);
  }
  const offsets = tensors.map(() => 0);
  rooms.forEach(({ members }, k) => members.forEach((tensor) => (offsets[tensor] = starts[k])));
  return { offsets, bytes };
}

/** A place to be found: for one tensor, or for all times and for some tensors of one form that never meet. */
interface Room extends Lifetime {
  readonly members: number[];
}

function roomsOf(tensors: readonly Lifetime[]): Room[] {
  const rooms: Room[] = [];
  tensors.forEach((tensor, k) => {
    if (tensor.form === undefined) {
      rooms.push({ ...tensor, members: [k] });
      return;
    }
    const { form, bytes } = tensor;
    const free = rooms.find(
      (room) => room.form === form && !room.members.some((other) => meet(tensors[other], tensor)),
    );
    if (free) free.members.push(k);
    else rooms.push({ form, bytes, from: -Infinity, to: Infinity, members: [k] });
  });
  return rooms;
}

function meet(a: Lifetime, b: Lifetime): boolean {
  return a.from <= b.to && b.from <= a.to;
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
