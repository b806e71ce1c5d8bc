/**
 * What is given as a regularizer, one of your own perhaps: it has a prox, and what it says of
 * itself can be.
 */
import { InputError } from "../errors.js";
import { checkStrength } from "./checks.js";
import { GROUPS } from "./groups.js";
import type { Regularizer } from "./regularizer.js";

/**
 * Checks what is given as a regularizer.
 *
 * @param who - the optimizer that it is given to
 * @throws InputError unless it does; also for shares and a mu that can't be, and groups that
 *   are not known
 */
export function checkRegularizer(who: string, regularizer: Regularizer): void {
  if (typeof regularizer?.prox !== "function" || typeof regularizer.subgradient !== "function") {
    const found =
      typeof regularizer === "function" ? "a function that was not called" : typeof regularizer;
    throw new InputError(`${who}: regularizer must be one such as l1(0.1), found ${found}`);
  }
  const { kind, groups, mu = 0, standardForm = {} } = regularizer;
  if (groups !== undefined && !["entries", ...GROUPS].includes(groups)) {
    const all = ["entries", ...GROUPS].join(", ");
    throw new InputError(
      `${who}: groups of the regularizer ${kind} must be one of ${all}, found ${String(groups)}`,
    );
  }
  checkStrength(kind, "mu", mu);
  const { entries = 0, norms = 0 } = standardForm;
  checkStrength(kind, "entries of its standard form", entries);
  checkStrength(kind, "norms of its standard form", norms);
  if (standardForm.norms !== undefined && groups === undefined) {
    throw new InputError(
      `${who}: the standard form of the regularizer ${kind} has norms, and needs groups; found none`,
    );
  }
}
