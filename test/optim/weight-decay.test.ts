/** Weight decay is the gradient of mu / 2 |theta|^2, and no more. */
import { expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { adam, linBreg, sgd } from "#bregman/optim/index.js";
import { scaleLambda } from "#bregman/optim/scale-lambda.js";
import { l1 } from "#bregman/regularizers/index.js";
import { MIRROR, randomArray, randomFrom } from "../support/optimizer-table.js";

const SHAPE = [6, 5];

test.each(MIRROR)("%s: a step with it is the step by g + mu theta", (_name, make) => {
  const random = randomFrom("weight decay");
  const options = { tau: 0.1, delta: 1.5, regularizer: l1(0.2), weightDecay: 0.3 };
  const decayed = make(options);
  const plain = make({ ...options, weightDecay: 0 });
  const [theta, other] = [0, 1].map(() => Float64Array.from(randomArray(randomFrom("start"), 30)));
  const [state, otherState] = [decayed.init(theta, SHAPE), plain.init(other, SHAPE)];
  for (let k = 0; k < 20; k++) {
    const g = Float64Array.from(randomArray(random, 30, 1));
    plain.step(
      otherState,
      other,
      g.map((x, i) => x + 0.3 * other[i]),
      SHAPE,
    );
    decayed.step(state, theta, g, SHAPE);
    expect(theta).toEqual(other);
    expect(state.v).toEqual(otherState.v);
  }
});

test("without any gradient SGD's weights shrink by 1 - tau mu a step, and v of a zero weight rests", () => {
  const theta = Float64Array.of(2, -1, 0);
  const optimizer = sgd({ tau: 0.5, weightDecay: 0.1 });
  optimizer.step(optimizer.init(theta, [3]), theta, new Float64Array(3), [3]);
  expect([...theta]).toEqual([1.9, -0.95, 0]);
  const sparse = Float64Array.of(0, 1);
  const bregman = linBreg({ tau: 0.5, weightDecay: 0.1, regularizer: l1(1) });
  const state = bregman.init(sparse, [2]);
  for (let k = 0; k < 50; k++) bregman.step(state, sparse, new Float64Array(2), [2]);
  expect(state.v[0]).toBe(0);
  expect(state.v[1]).toBeCloseTo(1 + 0.95 ** 50, 12);
});

test("it stays with the optimizer when lambda moves", () => {
  expect(scaleLambda(linBreg({ weightDecay: 0.1, regularizer: l1(1) }), 2).weightDecay).toBe(0.1);
});

test.each([-1, Number.NaN, Infinity])("%d is refused", (weightDecay) => {
  expect(() => adam({ weightDecay })).toThrow(
    new InputError(`adam: weightDecay must be a finite number of at least 0, found ${weightDecay}`),
  );
});
