/** A regularizer times a factor, or with another lambda: it is the one that is made so. */
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { kernelForm } from "#bregman/optim/kernel-form.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import {
  elasticNet,
  l1,
  nonNegativeL1,
  scaled,
  type Regularizer,
  type Shape,
} from "#bregman/regularizers/index.js";
import { withLambdaTimes } from "#bregman/regularizers/scaled.js";
import { stream } from "#bregman/random.js";
import { dimensionsOf, inDomain, ROWS, type Spec } from "../support/regularizer-table.js";

const random = stream(2, "scaled");
const normal = Float64Array.from({ length: 24 }, () => random.normal());
const shapeOf = (spec: Spec): Shape => (dimensionsOf(spec) > 2 ? [2, 3, 2, 2] : [4, 6]);

function expectSame(one: Regularizer, other: Regularizer, x: Float64Array, shape: Shape): void {
  expect(one.lambda).toBeCloseTo(other.lambda, 14);
  expect(one.mu ?? 0).toBeCloseTo(other.mu ?? 0, 14);
  // What the kernel is told, too.
  const [form, same] = [one, other].map((regularizer) =>
    kernelForm(linBreg({ delta: 3, regularizer }), shape),
  );
  expect(form?.follow).toBe(same?.follow);
  form?.hyper(0.1, 1).forEach((value, k) => expect(value).toBeCloseTo(same!.hyper(0.1, 1)[k], 6));
  expect(one.value(x, shape)).toBeCloseTo(other.value(x, shape), 12);
  const [a, b] = [new Float64Array(x.length), new Float64Array(x.length)];
  one.prox(normal, 1.7, shape, a);
  other.prox(normal, 1.7, shape, b);
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i], 12));
  one.subgradient(x, shape, a);
  other.subgradient(x, shape, b);
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i], 12));
}

describe.each(ROWS)("%s", (_, spec) => {
  const x = Float64Array.from(inDomain(spec, [...normal]));
  test("c J is J made with c lambda (and c mu)", () => {
    for (const factor of [0.25, 3])
      expectSame(scaled(spec.make(1), factor), spec.make(factor), x, shapeOf(spec));
    expect(scaled(spec.make(1), 1)).toEqual(expect.objectContaining({ kind: spec.make(1).kind }));
  });

  test("another lambda, whatever the name: mu stays", () => {
    const named = { ...spec.make(1), kind: "mine", note: 7 };
    const other = withLambdaTimes(named, 0.25);
    expect(other).toMatchObject({ kind: "mine", note: 7, lambda: 0.25 * named.lambda });
    expect(other.mu).toBe(named.mu);
    if (!named.mu) expectSame(other, spec.make(0.25), x, shapeOf(spec));
  });
});

test("an elastic net with another lambda is that with the same mu, also if it was scaled before", () => {
  const x = normal;
  const net = elasticNet({ lambda: 0.8, mu: 1.5 });
  expectSame(withLambdaTimes(net, 0.25), elasticNet({ lambda: 0.2, mu: 1.5 }), x, [4, 6]);
  expectSame(withLambdaTimes(scaled(net, 2), 0.25), elasticNet({ lambda: 0.4, mu: 3 }), x, [4, 6]);
  expect(withLambdaTimes(scaled(net, 0), 2)).toMatchObject({ lambda: 0, mu: 0 });
});

test("0 J keeps the domain of J", () => {
  const J = scaled(nonNegativeL1(1), 0);
  expect(J.value(Float64Array.of(1, -1), [2])).toBe(Infinity);
  expect(J.value(Float64Array.of(1, 2), [2])).toBe(0);
});

test("a factor that can't be is refused", () => {
  for (const factor of [-1, Number.NaN, Infinity]) {
    expect(() => scaled(l1(1), factor)).toThrow(
      new InputError(`scaled: factor must be a finite number of at least 0, found ${factor}`),
    );
  }
});
