/** The one walk over the entries of a pattern, and what is done by it for all kinds. */
import type { Memory } from "../memory.js";
import type { AnyPattern, Weight } from "./form.js";

/** Byte offsets of a pattern's parts. */
export type PatternPlaces = Pick<AnyPattern, "entries" | "counts" | "entryStride">;
/**
 * Visits the entries of a pattern in ascending order: the index in theta of the first weight of
 * each, and the word of the memory that holds this weight.
 */
export type Walk = (visit: (index: number, word: number) => void) => void;

/** Visits the entries row by row: the two words of each, and which of the memory the first is. */
export function eachEntry(
  memory: Memory,
  { rows }: Weight,
  { entries, counts, entryStride }: PatternPlaces,
  visit: (row: number, first: number, second: number, at: number) => void,
): void {
  const words = memory.i32(entries, rows * entryStride * 2);
  const used = memory.i32(counts, rows);
  const base = entries / 4;
  for (let row = 0; row < rows; row++) {
    for (let k = 2 * row * entryStride, end = k + 2 * used[row]; k < end; k += 2)
      visit(row, words[k], words[k + 1], base + k);
  }
}

/**
 * The entries whose weights, `group` of them side by side, are all zero: of each the index in theta
 * of the first that is minus zero, or the first of all.
 */
export function restingOf(memory: Memory, walk: Walk, group: number): Int32Array {
  const all = memory.f32(0, memory.used / 4);
  const resting: number[] = [];
  walk((index, word) => {
    const weights = all.subarray(word, word + group);
    if (!weights.every((w) => w === 0)) return;
    const marked = weights.findIndex((w) => Object.is(w, -0));
    resting.push(index + Math.max(0, marked));
  });
  return Int32Array.from(resting);
}

/**
 * Indices in theta of the weights of all entries, `group` of them side by side in each, as far as
 * they belong to the pattern.
 */
export function membersOf(
  memory: Memory,
  walk: Walk,
  group: number,
  belongs: (weight: number) => boolean,
): Int32Array {
  const all = memory.f32(0, memory.used / 4);
  let members = new Int32Array(1024);
  let count = 0;
  walk((index, word) => {
    if (count + group > members.length) {
      const more = new Int32Array(2 * members.length + group);
      more.set(members);
      members = more;
    }
    for (let k = 0; k < group; k++) if (belongs(all[word + k])) members[count++] = index + k;
  });
  return members.slice(0, count);
}

/** Puts an entry into its place in a row, which ascends by the first words, unless it is there. */
export function insertEntry(
  memory: Memory,
  { changed }: Weight,
  { entries, counts, entryStride }: PatternPlaces,
  row: number,
  [first, second]: readonly [number, number],
): void {
  const words = memory.i32(entries + row * entryStride * 8, entryStride * 2);
  const used = memory.i32(counts + row * 4, 1);
  const end = 2 * used[0];
  let k = 0;
  // Offsets above 2 GiB are negative in an Int32Array.
  while (k < end && words[k] >>> 0 < first) k += 2;
  if (k < end && words[k] >>> 0 === first) return;
  words.copyWithin(k + 2, k, end);
  words[k] = first;
  words[k + 1] = second;
  used[0]++;
  memory.i32(changed + row * 4, 1)[0] = 1;
}
