/** What a regularizer says of itself is so, and is what the table expects. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { checkRegularizer } from "#bregman/regularizers/check-regularizer.js";
import { l1, type Regularizer, type Shape } from "#bregman/regularizers/index.js";
import { groupValue, naiveGroups, sizes, type Vector } from "../support/naive-regularizers.js";
import { dimensionsOf, inDomain, ROWS } from "../support/regularizer-table.js";

const SHAPES: readonly Shape[] = [
  [3, 4],
  [2, 3, 2, 1],
];
const tensor = fc.array(
  fc.double({ min: -3, max: 3, noNaN: true }).map((x) => (Math.abs(x) < 1e-9 ? 0 : x)),
  {
    minLength: 12,
    maxLength: 12,
  },
);
const RUNS = { seed: 7, numRuns: 60 };

describe.each(ROWS)("%s", (_, spec) => {
  const J = spec.make(1);
  const { finite, homogeneous, trivial, groups, mu = 0 } = spec.says;
  const shapes = SHAPES.filter(({ length }) => length >= dimensionsOf(spec));
  const value = (x: Vector, shape: Shape): number => J.value(Float64Array.from(x), shape);
  /** For random tensors of all shapes that have the groups. */
  const always = (check: (x: Vector, shape: Shape) => void): void =>
    fc.assert(
      fc.property(fc.constantFrom(...shapes), tensor, (shape, x) => void check(x, shape)),
      RUNS,
    );

  test("is what the table expects, and passes the check that one's own have to pass", () => {
    const { trivial: a = false, finite: b = false, homogeneous: c = false } = J;
    expect({ trivial: a, finite: b, homogeneous: c, groups: J.groups, mu: J.mu ?? 0 }).toEqual({
      trivial: trivial ?? false,
      finite: finite ?? false,
      homogeneous: homogeneous ?? false,
      groups,
      mu,
    });
    checkRegularizer("test", J);
  });

  test("trivial, or not: J = 0 everywhere", () => {
    if (trivial) always((x, shape) => expect(value(x, shape)).toBe(0));
    else expect(value([1, 2, -9, 4, 5, 6, 7, 8, 9, 10, 11, 12], shapes[0])).toBeGreaterThan(0);
  });

  test("finite, or not", () => {
    if (finite) always((x, shape) => expect(value(x, shape)).toBeLessThan(Infinity));
    else
      expect(
        value(
          Array.from({ length: 12 }, () => -9),
          shapes[0],
        ),
      ).toBe(Infinity);
  });

  test("separable, or not: the sum over the groups, all others being zero", () => {
    const apart = (x: Vector, shape: Shape): number => {
      const parts =
        !groups || groups === "entries" ? x.map((__, i) => [i]) : naiveGroups(groups, shape);
      return parts.reduce(
        (sum, part) =>
          sum +
          value(
            x.map((w, i) => (part.includes(i) ? w : 0)),
            shape,
          ),
        0,
      );
    };
    if (groups) {
      always((x, shape) => {
        const at = inDomain(spec, x);
        expect(apart(at, shape)).toBeCloseTo(value(at, shape), 10);
      });
    } else {
      const ones = Array.from({ length: 12 }, () => 1);
      expect(apart(ones, shapes[0])).toBeGreaterThan(1.1 * value(ones, shapes[0]));
    }
  });

  test("without mu / 2 |x|^2 the rest is homogeneous", () => {
    if (homogeneous === false && mu === 0) return;
    const rest = (x: Vector, shape: Shape): number =>
      value(x, shape) - (mu / 2) * x.reduce((sum, w) => sum + w * w, 0);
    always((x, shape) => {
      const at = inDomain(spec, x);
      const twice = at.map((w) => 2 * w);
      expect(rest(twice, shape)).toBeCloseTo(2 * rest(at, shape), 10);
    });
  });

  test("the standard form has J's value", () => {
    const { standardForm: form, lambda } = J;
    expect(form !== undefined).toBe(
      spec.kernel.length > 0 || groups === "columns" || groups === "channels",
    );
    if (!form) return;
    const { entries = 0, norms = 0, nonNegative = false } = form;
    always((x, shape) => {
      const at = inDomain(spec, x);
      const ofGroups = groups && groups !== "entries" ? groupValue(at, groups, shape) : 0;
      const squares = at.reduce((sum, w) => sum + w * w, 0);
      expect(value(at, shape)).toBeCloseTo(
        lambda * (entries * sizes(at) + norms * ofGroups) + (mu / 2) * squares,
        10,
      );
      if (nonNegative) expect(at.every((w) => w >= 0)).toBe(true);
    });
  });
});

describe("what a regularizer of one's own can't say", () => {
  const bad = (said: object): Regularizer => ({ ...l1(0.1), kind: "mine", ...said });
  test.each([
    [
      { groups: "row" },
      new InputError(
        "linBreg: groups of the regularizer mine must be one of entries, rows, columns, kernels, filters, channels, found row",
      ),
    ],
    [{ mu: -1 }, new InputError("mine: mu must be a finite number of at least 0, found -1")],
    [
      { standardForm: { entries: Number.NaN } },
      new InputError(
        "mine: entries of its standard form must be a finite number of at least 0, found NaN",
      ),
    ],
    [
      { groups: undefined, standardForm: { norms: 1 } },
      new InputError(
        "linBreg: the standard form of the regularizer mine has norms, and needs groups; found none",
      ),
    ],
  ])("%o", (said, error) => {
    expect(() => checkRegularizer("linBreg", bad(said))).toThrow(error);
  });
});
