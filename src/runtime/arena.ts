/**
 * The arena: one block of memory in which the tensors of a plan share places.
 *
 * Every tensor states when it lives: from the moment it is written to the last moment it is read,
 * in the plan's own time. Two tensors whose lives do not overlap may have the same place. Placement
 * is greedy, largest first, each at the lowest offset where it fits: simple, deterministic, and on
 * the networks of the paper within a few per cent of the largest sum of tensors alive at once,
 * which no placement can beat.
 *
 * Tensors of one `form` share places with each other alone: what they have in common and nobody
 * writes, the zeros of their borders, then stays as it is for good.
 */

/** In bytes: a cache line, and one AVX-512 vector. */
const ALIGNMENT = 64;

export interface Lifetime {
  readonly bytes: number;
  /** First and last moment of use, both included. */
  readonly from: number;
  readonly to: number;
  /**
   * Tensors of the same form, which have the same size, are the only ones that may have this one's
   * place at other times.
   */
  readonly form?: string;
}

export interface Placement {
  /** Byte offset of each tensor from the start of the arena, in the order given. */
  readonly offsets: readonly number[];
  /** Size of the arena in bytes. */
  readonly bytes: number;
}

/**
 * Places tensors so that no two that live at the same time overlap.
 *
 * @param alignment - of every tensor, in bytes. Default 64
 */
export function placeTensors(tensors: readonly Lifetime[], alignment = ALIGNMENT): Placement {
  const rooms = roomsOf(tensors);
  const order = rooms.map((_, k) => k).sort((a, b) => rooms[b].bytes - rooms[a].bytes || a - b);
  const starts = rooms.map(() => 0);
  const placed = createPlaced(rooms.length);
  let bytes = 0;
  for (const k of order) {
    const size = Math.ceil(rooms[k].bytes / alignment) * alignment;
    const at = placed.fit(rooms[k], size);
    starts[k] = at;
    placed.add(rooms[k], at, size);
    bytes = Math.max(bytes, at + size);
  }
  const offsets = tensors.map(() => 0);
  rooms.forEach(({ members }, k) => members.forEach((tensor) => (offsets[tensor] = starts[k])));
  return { offsets, bytes };
}

/**
 * What has its place already, in the order of places. As columns of numbers: a deep net has tens of
 * thousands, each asked about all.
 */
function createPlaced(most: number) {
  const columns = Array.from({ length: 4 }, () => new Float64Array(most));
  const [start, end, from, to] = columns;
  let count = 0;
  return {
    /** The lowest offset at which `size` bytes are free all the time that a tensor lives. */
    fit(life: Lifetime, size: number): number {
      let at = 0;
      for (let k = 0; k < count; k++) {
        if (end[k] <= at || from[k] > life.to || to[k] < life.from) continue;
        if (at + size <= start[k]) break;
        at = end[k];
      }
      return at;
    },
    add(life: Lifetime, at: number, size: number): void {
      let k = count++;
      for (; k > 0 && start[k - 1] > at; k--);
      for (const column of columns) column.copyWithin(k + 1, k, count - 1);
      start[k] = at;
      end[k] = at + size;
      from[k] = life.from;
      to[k] = life.to;
    },
  };
}

/**
 * A place to be found: for one tensor, or for all times and for some tensors of one form that never
 * meet.
 */
interface Room extends Lifetime {
  readonly members: number[];
}

function roomsOf(tensors: readonly Lifetime[]): Room[] {
  const rooms: Room[] = [];
  const byForm = new Map<string, Room[]>();
  tensors.forEach((tensor, k) => {
    if (tensor.form === undefined) {
      rooms.push({ ...tensor, members: [k] });
      return;
    }
    const { form, bytes } = tensor;
    const own = byForm.get(form) ?? [];
    byForm.set(form, own);
    const free = own.find((room) => !room.members.some((other) => meet(tensors[other], tensor)));
    if (free) {
      free.members.push(k);
      return;
    }
    const room = { form, bytes, from: -Infinity, to: Infinity, members: [k] };
    own.push(room);
    rooms.push(room);
  });
  return rooms;
}

function meet(a: Lifetime, b: Lifetime): boolean {
  return a.from <= b.to && b.from <= a.to;
}
