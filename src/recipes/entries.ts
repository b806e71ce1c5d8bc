/**
 * What the folders of regularizers and schedules have for recipes: found by exports.
 */
import { entriesOf, type Entry } from "../entry.js";
import * as optim from "../optim/index.js";
import * as regularizers from "../regularizers/index.js";
import type { AnyEntry } from "./entry-schema.js";

/** Every regularizer that a recipe can name. */
export const regularizerEntries = entriesOf(regularizers);

/** Every schedule that a recipe can name. */
export const scheduleEntries = entriesOf(optim);

/**
 * What an entry of a recipe stands for.
 *
 * @param said - the entry, defaults filled in
 * @param run - what some must know of the run
 * @throws InputError if its values don't go together
 */
export function madeBy<Made>(
  entries: readonly (AnyEntry & Pick<Entry<string, unknown, Made, never>, "make">)[],
  { kind, ...options }: { readonly kind: string },
  run: Readonly<Record<string, unknown>> = {},
): Made {
  const found = entries.find((entry) => entry.kind === kind)!;
  return (found.make as (options: object, run: object) => Made)(options, run);
}
