/** Regularizer x right and wrong arguments: every message names what was found. */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import {
  box,
  elasticNet,
  groupLasso,
  sparseGroupLasso,
  type Groups,
} from "#bregman/regularizers/index.js";
import { dimensionsOf, ROWS, SPECS } from "../support/regularizer-table.js";

describe("strengths and shares", () => {
  const strong = SPECS.filter(({ make }) => make(1).lambda > 0).map(
    (spec) => [spec.name, spec] as const,
  );
  describe.each(strong)("%s", (_, { make }) => {
    const { kind, lambda } = make(1);
    test.each([-1, Number.NaN, Infinity])("refuses a lambda of %s", (factor) => {
      expect(() => make(factor)).toThrow(InputError);
      // A sum is refused by the first of its parts.
      const parts = kind.match(/\w+/g)!.join("|");
      const found = factor === -1 ? `-${/\s/.test(kind) ? "" : String(lambda)}` : String(factor);
      expect(() => make(factor)).toThrow(
        new RegExp(`^(${parts}): lambda must be a finite number of at least 0, found ${found}`),
      );
    });
    test("takes lambda 0", () => expect(make(0)).toMatchObject({ kind, lambda: 0 }));
  });
  test.each([-0.1, 1.1, Number.NaN])("sparseGroupLasso refuses lambda0 %s", (lambda0) => {
    expect(() => sparseGroupLasso({ lambda: 1, lambda0 })).toThrow(InputError);
    expect(() => sparseGroupLasso({ lambda: 1, lambda0 })).toThrow(`in [0, 1], found ${lambda0}`);
  });
  test.each([-1, Number.NaN, Infinity])("elasticNet refuses mu %s", (mu) => {
    expect(() => elasticNet({ lambda: 1, mu })).toThrow(InputError);
    expect(() => elasticNet({ lambda: 1, mu })).toThrow(
      `elasticNet: mu must be a finite number of at least 0, found ${mu}`,
    );
  });
  test.each([
    [1, 0],
    [Number.NaN, 1],
    [0, Number.NaN],
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ])("box refuses bounds %s and %s", (lower, upper) => {
    expect(() => box({ lower, upper })).toThrow(InputError);
    expect(() => box({ lower, upper })).toThrow(
      `box: lower must be at most upper, found ${lower} and ${upper}`,
    );
  });
  test("a box may be open, or a single point", () => {
    expect(box({})).toMatchObject({ kind: "box", lambda: 0, lower: -Infinity, upper: Infinity });
    expect(box({ lower: 1, upper: 1 })).toMatchObject({ lower: 1, upper: 1 });
  });
  test("an unknown kind of group", () => {
    const groups = "diagonals" as Groups;
    expect(() => groupLasso({ lambda: 1, groups })).toThrow(
      "one of rows, columns, kernels, filters, channels, found diagonals",
    );
    expect(() => sparseGroupLasso({ lambda: 1, groups })).toThrow(InputError);
  });
});

describe.each(ROWS)("%s", (_, spec) => {
  const J = spec.make(1);
  const x = new Float64Array(6);
  test("refuses arrays that are not of the shape", () => {
    for (const run of [
      () => J.value(x, [2, 2]),
      () => J.prox(x, 1, [2, 3], new Float64Array(5)),
      () => J.subgradient(x, [7], x),
    ]) {
      expect(run).toThrow(InputError);
      expect(run).toThrow(/shape \[.*\] means \d elements, found an array of \d/);
    }
  });
  test.each([-1, Number.NaN, Infinity])("refuses a step of %s", (step) => {
    expect(() => J.prox(x, step, [2, 3], x)).toThrow(InputError);
    expect(() => J.prox(x, step, [2, 3], x)).toThrow(`found ${step}`);
  });
  test("knows which shapes have its groups", () => {
    const onBias = (): void => J.prox(x, 1, [6], x);
    const onMatrix = (): void => J.prox(x, 1, [2, 3], x);
    const dimensions = dimensionsOf(spec);
    const needs = `need a shape of at least ${dimensions} dimension(s), found`;
    if (dimensions > 1) {
      expect(onBias).toThrow(InputError);
      expect(onBias).toThrow(`${needs} [6]`);
    } else expect(onBias).not.toThrow();
    if (dimensions > 2) {
      expect(onMatrix).toThrow(InputError);
      expect(onMatrix).toThrow(`${needs} [2, 3]`);
    } else expect(onMatrix).not.toThrow();
    expect(() => J.prox(x, 1, [3, 2, 1, 1], x)).not.toThrow();
  });
});
