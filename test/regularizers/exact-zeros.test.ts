/**
 * Rows, columns and blocks of zeros stay exactly zero: not to rounding, which an optimizer would
 * make steps of.
 */
import { describe, expect, test } from "vitest";
import { adaBreg } from "#bregman/optim/index.js";
import { nuclear } from "#bregman/regularizers/index.js";
import { stream, type Random } from "#bregman/random.js";
import { SPECS } from "../support/regularizer-table.js";

interface Case {
  readonly shape: readonly [rows: number, cols: number];
  readonly x: Float32Array;
  /** Of each entry: whether its row is zero, its column, or it lies beside the blocks. */
  readonly outside: readonly boolean[];
}

/**
 * A random matrix of up to three blocks, its rows and columns in any order, some of them in no
 * block.
 */
function randomCase(random: Random): Case {
  const shape = [1 + random.integer(9), 1 + random.integer(9)] as const;
  const [rowBlock, colBlock] = shape.map((n) => Array.from({ length: n }, () => random.integer(4)));
  const outside = Array.from({ length: shape[0] * shape[1] }, (_, k) => {
    const [i, j] = [Math.floor(k / shape[1]), k % shape[1]];
    return rowBlock[i] === 3 || rowBlock[i] !== colBlock[j];
  });
  return {
    shape,
    outside,
    x: Float32Array.from(outside, (zero) => (zero ? 0 : 3 * random.normal())),
  };
}

const CASES = 200;
const random = stream(5, "blocks");
const cases = Array.from({ length: CASES }, () => randomCase(random));
const inRowOrColumn = ({ shape: [rows, cols], x }: Case, k: number) => {
  const [i, j] = [Math.floor(k / cols), k % cols];
  const isZero = (at: number) => x[at] === 0;
  const row = Array.from({ length: cols }, (_, c) => i * cols + c).every(isZero);
  return row || Array.from({ length: rows }, (_, r) => r * cols + j).every(isZero);
};

// A matrix is no stack of kernels; where zero is not allowed, or no zero of the subgradient, it
// can't stay.
const ofMatrices = SPECS.filter(({ make, mixes }) => {
  try {
    const out = new Float32Array(4);
    make(1).prox(new Float32Array(4), 1, [2, 2], out);
    return !mixes && out.every((value) => value === 0);
  } catch {
    return false;
  }
});

describe.each([Float32Array, Float64Array])("%o", (Floats) => {
  test.each(ofMatrices.map((spec) => [spec.name, spec] as const))(
    "%s: zero rows and columns",
    (_, { make }) => {
      for (const one of cases) {
        for (const step of [1e-7, 0.1, 1]) {
          const out = new Floats(one.x.length).fill(7);
          make(1).prox(new Floats(one.x), step, one.shape, out);
          const wrong = out.findIndex((value, k) => value !== 0 && inRowOrColumn(one, k));
          expect(wrong, `[${one.shape.join(", ")}], step ${step}`).toBe(-1);
        }
      }
    },
  );

  test("nuclear: what lies beside the blocks, in the prox and in the subgradient, and in place", () => {
    for (const { x, shape, outside } of cases) {
      for (const step of [1e-7, 0.1, 1]) {
        const [shrunk, p, same] = [
          new Floats(x.length).fill(7),
          new Floats(x.length).fill(7),
          new Floats(x),
        ];
        nuclear(0.5).prox(new Floats(x), step, shape, shrunk);
        nuclear(0.5).subgradient(new Floats(x), shape, p);
        nuclear(0.5).prox(same, step, shape, same);
        expect([...same]).toEqual([...shrunk]);
        outside.forEach((zero, k) => {
          if (zero) expect([shrunk[k], p[k]]).toEqual([0, 0]);
        });
      }
    }
  });
});

test("AdaBreg with the nuclear norm makes no step where the gradient is zero and so is the row", () => {
  for (const { x, shape } of cases.slice(0, 40)) {
    const optimizer = adaBreg({ tau: 0.05, regularizer: nuclear(0.3) });
    const state = optimizer.init(x, shape);
    const theta = x.slice();
    const isZero = (k: number) =>
      x.subarray(k - (k % shape[1]), k - (k % shape[1]) + shape[1]).every((w) => w === 0);
    for (let n = 0; n < 5; n++) {
      const g = Float32Array.from(x, (_w, k) => (isZero(k) ? 0 : random.normal()));
      optimizer.step(state, theta, g, shape);
    }
    expect(theta.every((w, k) => w === 0 || !isZero(k))).toBe(true);
  }
});
