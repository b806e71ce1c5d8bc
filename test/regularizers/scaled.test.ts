/** A regularizer with another lambda: value, prox and subgradient are those of one that is made with it. */
import { kernelForm } from "#bregman/optim/kernel-form.js";
import { linBreg } from "#bregman/optim/lin-breg.js";
import { elasticNet } from "#bregman/regularizers/elastic-net.js";
import { groupLasso } from "#bregman/regularizers/group-lasso.js";
import { l1 } from "#bregman/regularizers/l1.js";
import { lInfinity } from "#bregman/regularizers/l-infinity.js";
import { nuclear } from "#bregman/regularizers/nuclear.js";
import { scaleRegularizer } from "#bregman/regularizers/scaled.js";
import { sparseGroupLasso } from "#bregman/regularizers/sparse-group-lasso.js";
import { stream } from "#bregman/random.js";
import { expect, test } from "vitest";

const SHAPE = [4, 6];
const random = stream(2, "scaled");
const x = Float64Array.from({ length: 24 }, () => random.normal());

test.each([
  ["l1", (lambda: number) => l1(lambda)],
  ["elasticNet", (lambda: number) => elasticNet({ lambda, mu: 1.5 })],
  ["lInfinity", lInfinity],
  ["nuclear", nuclear],
  ["groupLasso", (lambda: number) => groupLasso({ lambda, groups: "rows" })],
  ["sparseGroupLasso", (lambda: number) => sparseGroupLasso({ lambda, lambda0: 0.3, groups: "columns" })],
])("%s", (_name, make) => {
  const scaled = scaleRegularizer(make(0.8), 0.25);
  const same = make(0.2);
  expect(scaled.lambda).toBeCloseTo(same.lambda, 14);
  // What the kernel is told, too.
  const [form, other] = [scaled, same].map((regularizer) => kernelForm(linBreg({ delta: 3, regularizer }), SHAPE));
  expect(form?.hyper(0.1, 1)).toEqual(other?.hyper(0.1, 1));
  expect(scaled.value(x, SHAPE)).toBeCloseTo(same.value(x, SHAPE), 12);
  const [a, b] = [new Float64Array(24), new Float64Array(24)];
  scaled.prox(x, 1.7, SHAPE, a);
  same.prox(x, 1.7, SHAPE, b);
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i], 12));
  scaled.subgradient(x, SHAPE, a);
  same.subgradient(x, SHAPE, b);
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i], 12));
});

test("a factor that can't be is refused", () => {
  expect(() => scaleRegularizer(l1(1), -1)).toThrow(
    "scaleRegularizer: factor must be a finite number of at least 0, found -1",
  );
});
