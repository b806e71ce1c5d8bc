/**
 * Sums and slices of regularizers: which there are, and that they are those with names of their
 * own.
 */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { kernelForm } from "#bregman/optim/kernel-form.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import {
  box,
  elasticNet,
  groupLasso,
  l1,
  lInfinity,
  none,
  nonNegativeL1,
  nuclear,
  onRows,
  sparseGroupLasso,
  sum,
  type Regularizer,
} from "#bregman/regularizers/index.js";
import { withLambdaTimes } from "#bregman/regularizers/scaled.js";
import { stream } from "#bregman/random.js";
import { distance, prox } from "../support/regularizer-table.js";

const random = stream(3, "sums");
const x = Array.from({ length: 12 }, () => random.normal());
const shape = [3, 2, 2];

describe("a sum is the regularizer that has a name of its own", () => {
  test.each<readonly [name: string, sum: Regularizer, named: Regularizer]>([
    [
      "sparseGroupLasso",
      sum(l1(0.3), groupLasso({ lambda: 0.1, groups: "kernels" })),
      sparseGroupLasso({ lambda: 0.4, lambda0: 0.25, groups: "kernels" }),
    ],
    [
      "elasticNet",
      sum(l1(0.2), elasticNet({ lambda: 0.1, mu: 0.5 })),
      elasticNet({ lambda: 0.3, mu: 0.5 }),
    ],
    ["nonNegativeL1", sum(box({ lower: 0 }), l1(0.3)), nonNegativeL1(0.3)],
    ["l1", sum(none(), sum(l1(0.1), l1(0.2))), l1(0.3)],
    [
      "groupLasso",
      sum(groupLasso({ lambda: 0.1 }), groupLasso({ lambda: 0.2 })),
      groupLasso({ lambda: 0.3 }),
    ],
    ["nuclear", sum(nuclear(0.3), none()), nuclear(0.3)],
  ])("%s", (_, total, named) => {
    expect(distance(prox(total, x, 0.7, shape), prox(named, x, 0.7, shape))).toBeLessThan(1e-12);
    const [half, small] = [withLambdaTimes(total, 0.5), withLambdaTimes(named, 0.5)];
    expect(half.lambda).toBeCloseTo(small.lambda, 12);
    expect(distance(prox(half, x, 0.7, shape), prox(small, x, 0.7, shape))).toBeLessThan(1e-12);
    // The kernels take the same steps, where they know the sum. A box has no form of theirs.
    const [one, other] = [total, named].map((regularizer) =>
      kernelForm(linBreg({ regularizer }), shape),
    );
    if (named.kind === "nonNegativeL1") return;
    expect(one?.follow).toBe(other?.follow);
    one?.hyper(0.1, 1).forEach((value, k) => expect(value).toBeCloseTo(other!.hyper(0.1, 1)[k], 6));
  });
});

test.each([
  [l1(1), nuclear(1)],
  [nuclear(1), lInfinity(1)],
  [groupLasso({ lambda: 1, groups: "rows" }), groupLasso({ lambda: 1, groups: "columns" })],
  [elasticNet({ lambda: 1, mu: 1 }), groupLasso({ lambda: 1 })],
  [groupLasso({ lambda: 1 }), box({ lower: -1, upper: 1 })],
  [groupLasso({ lambda: 1 }), nonNegativeL1(1)].reverse() as [Regularizer, Regularizer],
])("what composes is taken, what does not is refused: %o", (one, other) => {
  // The sum whose prox is theirs in turn minimises |z - x|^2 / 2 + J(z): no point near it is
  // better.
  let total: Regularizer;
  try {
    total = sum(one, other);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(
      `the prox of ${one.kind} + ${other.kind} is not made of theirs`,
    );
    return;
  }
  expect(total.kind).toBe("nonNegativeL1 + groupLasso");
  const z = prox(total, x, 1, shape);
  const objective = (at: readonly number[]): number =>
    at.reduce((all, value, i) => all + (value - x[i]) ** 2 / 2, 0) +
    total.value(Float64Array.from(at), shape);
  const least = objective(z);
  for (let trial = 0; trial < 200; trial++) {
    const near = z.map((value) => Math.max(value + 1e-3 * random.normal(), 0));
    expect(objective(near)).toBeGreaterThanOrEqual(least);
  }
});

describe("on rows", () => {
  test("to the end, or to a row; groups within rows are still groups", () => {
    const J = onRows(groupLasso({ lambda: 0.5, groups: "kernels" }), 1);
    const expected = [
      ...x.slice(0, 4),
      ...prox(groupLasso({ lambda: 0.5, groups: "kernels" }), x.slice(4), 1, [2, 2, 2]),
    ];
    expect(prox(J, x, 1, shape)).toEqual(expected);
    expect(J.groups).toBe("kernels");
    expect(onRows(groupLasso({ lambda: 0.5, groups: "columns" }), 0, 2).groups).toBeUndefined();
    expect(
      withLambdaTimes(onRows(elasticNet({ lambda: 0.4, mu: 1 }), 0, 1), 0.5).value(
        Float64Array.of(2, 9),
        [2],
      ),
    ).toBe(0.2 * 2 + 2);
  });

  test.each([
    [-1, 2],
    [2, 2],
    [0.5, 2],
    [0, 1.5],
    [0, Number.NaN],
  ])("refuses %s to %s", (from, to) => {
    expect(() => onRows(l1(1), from, to)).toThrow(
      new InputError(`onRows: expected integers with 0 <= from < to, found ${from} and ${to}`),
    );
  });

  test("refuses a tensor without the row", () => {
    expect(() =>
      onRows(l1(1), 3).prox(Float64Array.from(x), 1, shape, new Float64Array(12)),
    ).toThrow(new InputError("onRows: shape [3, 2, 2] has no row 3"));
  });
});
