/** Numbers in disjoint sets that grow together (union-find). */

export interface DisjointSets {
  /** The member that stands for the set of k. */
  root(k: number): number;
  /** Makes one set of those of a and b; the root of a's stands for it. */
  join(a: number, b: number): void;
}

/** The numbers from 0 to count - 1, each in a set of its own. */
export function disjointSets(count: number): DisjointSets {
  const parent = Int32Array.from({ length: count }, (_, k) => k);
  const root = (k: number): number => {
    let at = k;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]];
    return at;
  };
  return {
    root,
    join(a, b) {
      const one = root(a);
      parent[root(b)] = one;
    },
  };
}
