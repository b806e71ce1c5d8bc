/**
 * Channels that stand or fall together: disjoint sets of (value, channel), each kept or not
 * (union-find).
 */

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
  const parent = Int32Array.from({ length: total }, (_, k) => k);
  const kept = new Uint8Array(total); // of the root
  const root = (k: number): number => {
    while (parent[k] !== k) k = parent[k] = parent[parent[k]];
    return k;
  };
  return {
    tie(a, c, b, d) {
      const [one, other] = [root(starts[a] + c), root(starts[b] + d)];
      parent[other] = one;
      kept[one] |= kept[other];
    },
    keep: (value, channel) => void (kept[root(starts[value] + channel)] = 1),
    isKept: (value, channel) => kept[root(starts[value] + channel)] === 1,
  };
}
