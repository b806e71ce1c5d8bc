/**
 * The known name nearest to a misspelt one, for error messages ("did you mean ...?").
 *
 * Distance: Levenshtein's, case ignored; by hand, since pages load it. A name further away than
 * about half its length is no help and is not offered.
 */

/**
 * The member of `known` nearest to `name`, or undefined if none is near.
 *
 * @example
 * nearest("linbregg", ["linBreg", "adaBreg"]); // "linBreg"
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.ceil(wanted.length / 2) + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** Insertions, deletions and exchanges of letters that make one word of the other. */
function distance(a: string, b: string): number {
  // From the letters of `a` so far to each beginning of b.
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (const letter of a) {
    const next = [row[0] + 1];
    for (let k = 0; k < b.length; k++)
      next.push(Math.min(row[k + 1] + 1, next[k] + 1, row[k] + (letter === b[k] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}

/** ` (did you mean "linBreg"?)` with a leading space, or an empty string. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
}

/** Names in a line of a message: all of a few, the first and the last of many. */
export function someNames(names: readonly string[]): string {
  const shown = names.length > 12 ? [...names.slice(0, 10), "...", names[names.length - 1]] : names;
  return shown.join(", ");
}
