/**
 * The known name nearest to a misspelt one, for error messages ("did you mean ...?").
 *
 * Distance: Levenshtein, case ignored. A name further away than about half its length is no help
 * and is not offered.
 */
import { distance } from "fastest-levenshtein";

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

/** ` (did you mean "linBreg"?)` with a leading space, or an empty string. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
}
