/**
 * Options that a function does not know: in TypeScript the compiler finds them, in JavaScript
 * `linBreg({ tua: 1 })` would train with the default. One line with the nearest known name says so.
 */
import { InputError } from "./errors.js";
import { didYouMean } from "./nearest.js";

/** The keys of an object, of each member of a union. */
type KeyOf<Options> = Options extends unknown ? keyof Options : never;

/**
 * All keys of some options, each with a value that says no more than that it is one, or what a
 * recipe may say there (entry.ts): the compiler insists that none is left out and none is there
 * that is not one of them.
 */
export type OptionKeys<Options, Value = 1> = { readonly [Key in KeyOf<Options>]-?: Value };

/**
 * The options, if all of their keys are known. A key whose value is undefined counts as absent.
 *
 * @param who - what was called, and the place in its options: "linBreg", "fit: init.weights"
 * @throws InputError for an unknown key, or if the options are no object
 * @example
 * const { tau = 0.1 } = knownOptions("sgd", { tua: 1 }, { tau: 1, momentum: 1 });
 * // InputError: sgd: unknown option "tua" (did you mean "tau"?); options: tau, momentum
 */
export function knownOptions<Options extends object>(
  who: string,
  options: Options,
  keys: OptionKeys<Options, unknown>,
): Options {
  const known = Object.keys(keys);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const found = Array.isArray(options)
      ? "a list"
      : options
        ? `a ${typeof options}`
        : String(options);
    throw new InputError(
      `${who}: expected an object of options (${known.join(", ")}), found ${found}`,
    );
  }
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(keys, key)) continue;
    throw new InputError(
      `${who}: unknown option "${key}"${didYouMean(key, known)}; options: ${known.join(", ")}`,
    );
  }
  return options;
}
