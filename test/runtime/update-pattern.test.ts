/**
 * Frozen steps: every way for v to move with every way for theta to follow, for patterns of single
 * weights and of kernels, against float64. In any pattern a weight moves if and only if it was not
 * zero when the pattern was made.
 */
/* oxlint-disable unicorn/no-useless-spread -- keeps several arguments on a line */
import { describe, expect, test } from "vitest";
import { FOLLOW, HYPER, MOVE } from "#bregman/runtime/contract/update.js";
import { op } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { compressed, encoded } from "../reference/pattern.js";
import { updatePattern, type UpdateCase, type UpdateState } from "../reference/update.js";
import { maxError } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

const SINGLE = [FOLLOW.none, FOLLOW.l1, FOLLOW.nonNegative, FOLLOW.rowGroup, FOLLOW.sparseRowGroup];
const PAIRS = [
  FOLLOW.kernelGroup,
  FOLLOW.sparseKernelGroup,
  FOLLOW.rowGroup,
  FOLLOW.sparseRowGroup,
];
/** Taps of a kernel, 0 for single weights: fewer than a vector has lanes, and more. */
const TAPS = [0, 1, 6, 9, 25, 49];
const NAMES = ["v", "m1", "m2"] as const;

const nameIn = (table: Readonly<Record<string, number>>, value: number) =>
  Object.entries(table).find(([, known]) => known === value)![0];
const CASES = TAPS.flatMap((taps) =>
  (taps ? PAIRS : SINGLE).flatMap((follow) =>
    Object.values(MOVE).map(
      (move) =>
        [
          `${nameIn(MOVE, move)}, ${nameIn(FOLLOW, follow)}, ${taps || "no"} taps`,
          { move, follow, taps },
        ] as const,
    ),
  ),
);

/** Numbers of a step; both thresholds times `lambda`. */
function hyperBlock(lambda: number): Float32Array {
  const block = new Float32Array(16);
  const [beta1, beta2] = [0.9, 0.999];
  const values = {
    ...{ tau: 0.2, delta: 1.5, threshold: 0.4 * lambda, groupThreshold: 0.5 * lambda, eps: 1e-8 },
    ...{
      beta1,
      beta2,
      gain1: 1 - beta1,
      gain2: 1 - beta2,
      correction1: 1 / 0.1,
      correction2: 1 / 0.001,
    },
  };
  for (const [name, value] of Object.entries(values))
    block[HYPER[name as keyof typeof HYPER]] = value;
  return block;
}

/**
 * A pool's frozen steps from theta's pattern, one for each gradient, with the thresholds times its
 * factor.
 */
function frozenSteps(
  pool: Pool,
  { move, follow, taps }: { move: number; follow: number; taps: number },
  [rows, cols]: readonly [number, number],
  start: {
    readonly v: Float32Array;
    readonly m1: Float32Array;
    readonly m2: Float32Array;
    readonly theta: Float32Array;
  },
  steps: readonly { readonly g: Float32Array; readonly lambda: number }[],
) {
  return scoped(pool, ({ put, room, read, readInts }) => {
    const [v, m1, m2, theta] = [put(start.v), put(start.m1), put(start.m2), put(start.theta)];
    const kernel = { planeSize: 0, rowSize: 0, height: 0, width: 0 };
    const [counts, changed] = [room(rows), room(rows)];
    const inner = taps ? cols / taps : cols;
    let lists = { entries: 0, used: 0 };
    if (taps) {
      // What is not in use is rubbish.
      lists = { entries: room(2 * rows * inner, NaN), used: room(rows) };
      const args = {
        theta,
        ...lists,
        pairCounts: lists.used,
        counts,
        changed,
        rows,
        inner,
        taps,
        planeBytes: 4,
      };
      runOps(pool, [op("compressPairs", rows, args)]);
    } else {
      const pattern = encoded(compressed(start.theta, rows, cols), cols);
      lists = { entries: put(pattern.entries), used: put(pattern.counts) };
    }
    return steps.map(({ g, lambda }) => {
      runOps(pool, [
        op("updatePattern", rows, {
          ...{
            v,
            g: put(g),
            m1,
            m2,
            hyper: put(hyperBlock(lambda)),
            theta,
            ...lists,
            counts,
            changed,
            rows,
            cols,
          },
          ...{ entryStride: inner, move, follow, group: taps || 1, pairs: taps ? 1 : 0, kernel },
        }),
      ]);
      const all = (place: number) => read(place, rows * cols);
      return {
        v: all(v),
        m1: all(m1),
        m2: all(m2),
        theta: all(theta),
        counts: readInts(counts, rows),
      };
    });
  });
}

forEachBackend((_name, pool) => {
  describe("frozen steps", () => {
    test.each(CASES)("%s", (_case, kind) => {
      const { move, follow, taps } = kind;
      const [rows, inner] = [7, taps ? 5 : 83];
      const [group, cols] = [taps || 1, inner * (taps || 1)];
      const random = seeded(100 * follow + 10 * move + taps);
      const numbers = (scale = 1) => random.floats(rows * cols).map((x) => scale * x);
      // Of the weights some are zero alone, some with their kernel, and all of row 2. (As v says
      // nothing of it, this holds whatever lambda was when the pattern was made.)
      const dead = Array.from(
        { length: rows * inner },
        (_, k) => random.next() < 0.4 || Math.floor(k / inner) === 2,
      );
      const theta = numbers().map((x, i) =>
        dead[Math.floor(i / group)] || random.next() < 0.3 ? 0 : x,
      );
      const pattern = Array.from(theta, (x) => x !== 0);
      expect(new Set(pattern).size).toBe(2);
      const start = { v: numbers(1.5), m1: numbers(0.1), m2: numbers(0.1).map(Math.abs), theta };
      const steps = [1, 1, 0.5, 2, 0, 1].map((lambda) => ({ g: numbers(), lambda }));

      const found = frozenSteps(pool, kind, [rows, cols], start, steps);
      const state: UpdateState = {
        v: Float64Array.from(start.v),
        m1: Float64Array.from(start.m1),
        m2: Float64Array.from(start.m2),
      };
      const rule: UpdateCase = { move, follow, penalty: 0, writeBack: false };
      steps.forEach(({ g, lambda }, k) => {
        const wanted = updatePattern(rule, state, g, hyperBlock(lambda), cols, group, pattern);
        expect(maxError(found[k].theta, wanted), `theta, step ${k}`).toBeLessThan(2e-5);
        for (const name of NAMES) {
          if (name !== "v" && move === MOVE.plain) continue;
          expect(maxError(found[k][name], state[name]), `${name}, step ${k}`).toBeLessThan(2e-5);
          expect(
            pattern.every((member, i) => member || Object.is(found[k][name][i], start[name][i])),
            `${name} beside the pattern, step ${k}`,
          ).toBe(true);
        }
        if (!taps) return;
        const nonZeros = Array.from({ length: rows }, (_, r) =>
          found[k].theta
            .subarray(r * cols, (r + 1) * cols)
            .reduce((n, x) => n + (x === 0 ? 0 : 1), 0),
        );
        expect([...found[k].counts]).toEqual(nonZeros);
      });
    });

    test.each(CASES.filter(([, { taps }]) => taps > 1))(
      "%s: a NaN in the gradient reaches theta, except beside the pattern",
      (_case, kind) => {
        const { follow, taps } = kind;
        const cols = 2 * taps;
        const theta = Float32Array.from({ length: 3 * cols }, (_, i) => (i % taps === 1 ? 0 : 1));
        const start = {
          v: theta.map((x) => 3 * x),
          m1: theta.map(() => 0),
          m2: theta.map(() => 0),
          theta,
        };
        const after = (place: number) => {
          const g = theta.map((_, i) => (i === place ? NaN : 0.1));
          return frozenSteps(pool, kind, [3, cols], start, [{ g, lambda: 1 }])[0].theta;
        };
        expect(after(1).every(Number.isFinite)).toBe(true);
        expect(after(0)[0]).toBeNaN();
        const whole = follow === FOLLOW.rowGroup || follow === FOLLOW.sparseRowGroup ? cols : taps;
        expect(after(0).every((x, i) => Number.isNaN(x) === (i < whole && i % taps !== 1))).toBe(
          true,
        );
      },
    );
  });
});
