/**
 * Where the values of a network are while its C computes: in what the caller gave, in what it gets,
 * or in the file's own memory, of which two share a place when they are never needed at once.
 */
import { size } from "../../shape-size.js";
import type { Model } from "../../nn/model.js";
import { placeTensors } from "../../runtime/arena.js";
import type { LayerCode } from "../../nn/layers/c.js";

/** A value: `block` is the caller's input or output, or the memory. From so many floats on. */
export interface ValuePlace {
  readonly block: "in" | "out" | "memory";
  readonly from: number;
}

export interface ValuePlaces {
  /** Of node k; of -1, what the first layers read. */
  readonly of: (index: number) => ValuePlace;
  /** Size of the memory. */
  readonly floats: number;
}

/** Numbers that stay at one place for as long as one of the values in it is needed. */
interface Room {
  readonly block: "in" | "out" | "memory";
  readonly floats: number;
  readonly from: number;
  to: number;
}

interface Member {
  readonly room: Room;
  readonly from: number;
}

const FLOAT = 4;

/**
 * @param codes - what each node does; the last one is no view
 * @param ownInput - the input is changed before the first layers read it, so it has memory
 */
export function placeValues(
  { input, nodes }: Model,
  codes: readonly LayerCode[],
  ownInput: boolean,
): ValuePlaces {
  const lastReads = lastReadsOf(nodes, codes);
  const members = new Map<number, Member>();
  const enter = (index: number, block: Room["block"], floats: number) => {
    const room = { block, floats, from: index, to: lastReads.get(index) ?? index };
    members.set(index, { room, from: 0 });
    return room;
  };
  const rooms = [enter(-1, ownInput ? "memory" : "in", size(input))];
  nodes.forEach(({ inputs, shape }, k) => {
    const code = codes[k];
    const xs = inputs.map((index) => members.get(index)!);
    if ("view" in code) {
      members.set(k, { room: xs[0].room, from: xs[0].from + code.view });
      return;
    }
    const isLast = k === nodes.length - 1;
    const floats = size(shape);
    const taken =
      code.inPlace && !isLast
        ? xs.find(
            ({ room, from }) =>
              room.block === "memory" &&
              room.to <= k &&
              // Another part of the same room would change while it is read.
              xs.every((other) => other.room !== room || other.from === from),
          )
        : undefined;
    if (!taken) {
      rooms.push(enter(k, isLast ? "out" : "memory", floats));
      return;
    }
    taken.room.to = lastReads.get(k) ?? k;
    members.set(k, taken);
  });
  const own = rooms.filter(({ block }) => block === "memory");
  const lives = own.map(({ floats, from, to }) => ({ bytes: floats * FLOAT, from, to }));
  const { offsets, bytes } = placeTensors(lives, FLOAT);
  const starts = new Map(own.map((room, r) => [room, offsets[r] / FLOAT] as const));
  return {
    of(index) {
      const { room, from } = members.get(index)!;
      return { block: room.block, from: (starts.get(room) ?? 0) + from };
    },
    floats: bytes / FLOAT,
  };
}

/** The last node that reads each value, or a view of it. */
function lastReadsOf(nodes: Model["nodes"], codes: readonly LayerCode[]): Map<number, number> {
  const last = new Map<number, number>();
  for (let k = nodes.length - 1; k >= 0; k--) {
    const own = "view" in codes[k] ? (last.get(k) ?? k) : k;
    for (const input of nodes[k].inputs) last.set(input, Math.max(last.get(input) ?? -1, own));
  }
  return last;
}
