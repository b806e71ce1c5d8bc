/**
 * What makes inputs of one size: their mean is taken off, and they are divided by their deviation.
 */
import { InputError } from "./errors.js";
import { kindOf, typedArrayName } from "./kinds.js";

/** One number a channel, in units of the inputs (bytes count as value / 255). */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How many numbers there may be, and how that is said. */
export interface Counts {
  readonly fits: (count: number) => boolean;
  /** Such as "one number for each of the 3 channels". */
  readonly wanted: string;
}

/**
 * Checks means and deviations, which may be anybody's: finite numbers, deviations above 0, and as
 * many as there are channels.
 *
 * @param values - both, or one of the two
 * @throws InputError if they are no lists, of another length or of two; also for a number
 */
export function checkNormalization(values: unknown, { fits, wanted }: Counts): void {
  if (typeof values !== "object" || values === null) {
    throw new InputError(`expected mean and std, found ${kindOf(values)}`);
  }
  const { mean, std } = values as Partial<Record<keyof Normalization, unknown>>;
  for (const [what, list] of Object.entries({ mean, std })) {
    if (list === undefined) continue;
    if (!isList(list))
      throw new InputError(`${what} must be a list of numbers, found ${kindOf(list)}`);
    if (!fits(list.length))
      throw new InputError(`${what} must have ${wanted}, found ${list.length}`);
    const isGood = (x: unknown) => Number.isFinite(x) && (what === "mean" || (x as number) > 0);
    const wrong = list.findIndex((x) => !isGood(x));
    if (wrong < 0) continue;
    const expected = what === "mean" ? "finite numbers" : "positive and finite numbers";
    throw new InputError(
      `${what} must be ${expected}, found ${shown(list[wrong])} at index ${wrong}`,
    );
  }
}

/** As {@link checkNormalization}, of both, and as many of the one as of the other. */
export function checkBoth(values: unknown, counts: Counts): asserts values is Normalization {
  checkNormalization(values, counts);
  const { mean, std } = values as Partial<Normalization>;
  if (mean === undefined || std === undefined) {
    throw new InputError(`expected mean and std, found no ${mean === undefined ? "mean" : "std"}`);
  }
  if (mean.length !== std.length) {
    throw new InputError(
      `expected as many deviations as means, found ${std.length} and ${mean.length}`,
    );
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) || typedArrayName(value) !== undefined;
}

function shown(value: unknown): string {
  return typeof value === "number"
    ? String(value)
    : typeof value === "string"
      ? JSON.stringify(value)
      : kindOf(value);
}
