/**
 * The sum of two regularizers, where its prox is made of theirs.
 *
 *     J(x) = I(x) + O(x),   prox_{s J}(x) = prox_{s O}(prox_{s I}(x)),   dJ(x) = dI(x) + dO(x)
 *
 * That does not hold for any two. It does
 * - if I is positively homogeneous and O a function of the norms of its groups, each of which holds
 *   whole groups of I: l1 within groups, kernels within filters. Then prox_{s O} scales each group,
 *   and dI is the same at x and at a x. Source: Yu, "On Decomposing the Proximal Map" (NeurIPS
 *   2013), theorem 4, applied to each group of O.
 * - if both are sums over single weights and O is a constraint: on the line a convex function is
 *   least, within an interval, at the point of the interval that is nearest to where it is least at
 *   all. (The same paper, section 3.)
 *
 * All other pairs are refused; order does not matter to the caller. Compare ProximalOperators.jl,
 * which leaves it to its user whether a composition is right.
 */
import { InputError } from "../errors.js";
import type { Regularizer } from "./regularizer.js";
import { factorTo, withLambdaTimes } from "./scaled.js";
import type { StandardForm } from "./standard-form.js";

type Parts = readonly [inner: Regularizer, outer: Regularizer];

/**
 * J + K. Its lambda is the sum of theirs, and both change by the same factor where it does.
 *
 * Its subgradient is the sum of theirs: of minimal norm, except on the bound of a constraint.
 *
 * @throws InputError if the prox of the sum is not made of theirs, as for l1 and the nuclear norm
 * @example
 * const x = Float64Array.of(3, 4, 0.25, 0.25); // [2, 2]
 * sum(l1(0.5), groupLasso({ lambda: 0.5 })).prox(x, 1, [2, 2], x); // x is now 2.089, 2.925, 0, 0
 */
export function sum(one: Regularizer, other: Regularizer): Regularizer {
  const parts = ordered(one, other);
  const [inner, outer] = parts;
  const lambda = inner.lambda + outer.lambda;
  const mu = (inner.mu ?? 0) + (outer.mu ?? 0);
  return {
    kind: `${one.kind} + ${other.kind}`,
    lambda,
    ...(mu > 0 && { mu }),
    trivial: parts.every((part) => part.trivial),
    finite: parts.every((part) => part.finite),
    homogeneous: parts.every((part) => part.homogeneous),
    constraint: parts.every((part) => part.constraint || part.trivial),
    groups: outer.trivial ? inner.groups : outer.groups,
    standardForm: standardForm(parts, lambda),
    withLambda: (target) => {
      const factor = factorTo(target, lambda);
      return sum(withLambdaTimes(one, factor), withLambdaTimes(other, factor));
    },
    value: (x, shape) => inner.value(x, shape) + outer.value(x, shape),
    prox(x, step, shape, out) {
      inner.prox(x, step, shape, out);
      outer.prox(out, step, shape, out);
    },
    subgradient(x, shape, out) {
      const rest = x.slice();
      inner.subgradient(x, shape, out);
      outer.subgradient(rest, shape, rest);
      for (let i = 0; i < out.length; i++) out[i] += rest[i];
    },
  };
}

/** The order in which their prox maps are to be taken. */
function ordered(one: Regularizer, other: Regularizer): Parts {
  if (composes(one, other)) return [one, other];
  if (composes(other, one)) return [other, one];
  throw new InputError(
    `sum: the prox of ${one.kind} + ${other.kind} is not made of theirs: expected a homogeneous one and one of the ` +
      `norms of groups that hold its groups, or a constraint on single weights and one of single weights`,
  );
}

function composes(inner: Regularizer, outer: Regularizer): boolean {
  if (inner.trivial || outer.trivial) return true;
  if (outer.constraint && outer.groups === "entries") return inner.groups === "entries";
  return inner.homogeneous === true && isOfNorms(outer) && isWithin(inner.groups, outer.groups);
}

/** Whether J is a function of the norms of its groups: mu's part is, signs are not. */
function isOfNorms({ groups, standardForm }: Regularizer): boolean {
  if (!standardForm || standardForm.nonNegative) return false;
  return groups === "entries" || standardForm.entries === undefined;
}

/** The groups that hold whole groups of a kind, beside that kind itself. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  entries: ["rows", "columns", "kernels", "filters", "channels"],
  kernels: ["rows", "columns", "filters", "channels"],
  rows: ["filters"],
  filters: ["rows"],
  columns: ["channels"],
  channels: ["columns"],
};

function isWithin(groups: Regularizer["groups"], others: Regularizer["groups"]): boolean {
  if (groups === undefined || others === undefined) return false;
  return groups === others || HOLDERS[groups].includes(others);
}

/** What the kernels know of the sum: nothing where it has norms of two kinds of groups. */
function standardForm(parts: Parts, lambda: number): StandardForm | undefined {
  const forms = parts.map((part) => part.standardForm);
  const [inner, outer] = forms;
  if (!inner || !outer) return undefined;
  const [within, around] = parts;
  if (inner.norms !== undefined && within.groups !== around.groups && !around.trivial)
    return undefined;
  const share = (of: "entries" | "norms"): number | undefined => {
    if (inner[of] === undefined && outer[of] === undefined) return undefined;
    const strength = within.lambda * (inner[of] ?? 0) + around.lambda * (outer[of] ?? 0);
    return lambda === 0 ? 0 : strength / lambda;
  };
  const [entries, norms] = [share("entries"), share("norms")];
  const nonNegative = inner.nonNegative || outer.nonNegative;
  return {
    ...(entries !== undefined && { entries }),
    ...(norms !== undefined && { norms }),
    ...(nonNegative && { nonNegative }),
  };
}
