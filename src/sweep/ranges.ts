/**
 * The values of ranges: all of them for a grid, or drawn by a seed.
 *
 * Values between two ends are rounded to four digits: they are the same on every machine, whose
 * logarithms may differ in their last bit, and can be read.
 */
import { stream } from "../random.js";
import type { SweptRange } from "./grid-schema.js";

/** Values of fields, by their names. */
export type TrialValues = Readonly<Record<string, unknown>>;
type Ranges = Readonly<Record<string, SweptRange>>;

/** How many values a grid has of a range; undefined where they can only be drawn. */
export function valueCount(range: SweptRange): number | undefined {
  return Array.isArray(range) ? range.length : range.steps;
}

/** Every combination, the last field the fastest. All ranges have a count. */
export function combinations(ranges: Ranges): TrialValues[] {
  return Object.entries(ranges).reduce<TrialValues[]>(
    (found, [field, range]) =>
      found.flatMap((values) => listed(range).map((value) => ({ ...values, [field]: value }))),
    [{}],
  );
}

/**
 * Combination number `index` of those that a seed draws. It is the same however many are drawn, and
 * what is drawn of a field does not depend on the others.
 */
export function drawn(ranges: Ranges, seed: number, index: number): TrialValues {
  return Object.fromEntries(
    Object.entries(ranges).map(([field, range]) => {
      const random = stream(seed, `sweep/${index}/${field}`);
      if (Array.isArray(range)) return [field, range[random.integer(range.length)]];
      return [
        field,
        range.steps ? listed(range)[random.integer(range.steps)] : at(range, random.uniform()),
      ];
    }),
  );
}

function listed(range: SweptRange): readonly unknown[] {
  if (Array.isArray(range)) return range;
  const steps = range.steps!;
  const values = Array.from({ length: steps }, (_, k) => at(range, k / (steps - 1)));
  // Rounded ones may be there twice.
  return [...new Set(values)];
}

/** The value at a share of the way from the low end to the high one. */
function at(
  { uniform, logUniform, integers }: Exclude<SweptRange, unknown[]>,
  share: number,
): number {
  const [low, high] = (uniform ?? logUniform)!;
  const value = uniform ? low + share * (high - low) : low * (high / low) ** share;
  const rounded = integers ? Math.round(value) : Number(value.toPrecision(4));
  return Math.min(high, Math.max(low, rounded));
}
