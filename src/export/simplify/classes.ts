/**
 * Channels that stand or fall together: disjoint sets of (value, channel), each kept or not.
 */
import { disjointSets } from "../../disjoint-sets.js";

export interface Classes {
  /** Puts the channel c of value a and the channel d of value b into one class. */
  tie(a: number, c: number, b: number, d: number): void;
  /** Keeps the class of this channel. */
  keep(value: number, channel: number): void;
  isKept(value: number, channel: number): boolean;
}

/**
 * Every channel starts in a class of its own, not kept. @param channels - how many each value has
 */
export function createClasses(channels: readonly number[]): Classes {
  const starts: number[] = [];
  let total = 0;
  for (const count of channels) {
    starts.push(total);
    total += count;
  }
  const { root, join } = disjointSets(total);
  const kept = new Uint8Array(total); // of the root
  return {
    tie(a, c, b, d) {
      const [one, other] = [starts[a] + c, starts[b] + d];
      kept[root(one)] |= kept[root(other)];
      join(one, other);
    },
    keep: (value, channel) => void (kept[root(starts[value] + channel)] = 1),
    isKept: (value, channel) => kept[root(starts[value] + channel)] === 1,
  };
}
