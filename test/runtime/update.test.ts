/**
 * The update kernel: every way for v to move with every way for theta to follow, against float64.
 */
import { describe, expect, test } from "vitest";
import { FOLLOW, HYPER, MOVE } from "#bregman/runtime/contract/update.js";
import { TILE, op } from "#bregman/runtime/kernel-table.js";
import { createPool, type Pool } from "#bregman/runtime/pool.js";
import {
  columns,
  compressed,
  decoded,
  encoded,
  offsetsOf,
  type Rows,
} from "../reference/pattern.js";
import { update, type UpdateCase } from "../reference/update.js";
import { firstDifference, maxError } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

/** [rows, cols]: shorter than a vector, with and without a rest, several blocks. */
const SHAPES = [
  [1, 1],
  [3, 17],
  [10, 80],
  [5, 131],
] as const;

const MOVES = Object.entries(MOVE);
/** Kernel groups write theta only, and have tests of their own below. */
const KERNEL_FOLLOWS: readonly number[] = [FOLLOW.kernelGroup, FOLLOW.sparseKernelGroup];
const FOLLOWS = Object.entries(FOLLOW).filter(([, follow]) => !KERNEL_FOLLOWS.includes(follow));
const CASES: [string, UpdateCase][] = MOVES.flatMap(([m, move]) =>
  FOLLOWS.flatMap(([f, follow]) =>
    [
      { penalty: 0, writeBack: false, name: "" },
      { penalty: 1, writeBack: false, name: ", Lasso penalty" },
      { penalty: 2, writeBack: true, name: ", group penalty, written back" },
    ].map(({ penalty, writeBack, name }): [string, UpdateCase] => [
      `${m}, ${f}${name}`,
      { move, follow, penalty, writeBack },
    ]),
  ),
);

function hyperBlock(values: Partial<Record<keyof typeof HYPER, number>> = {}): Float32Array {
  const block = new Float32Array(16);
  const [beta1, beta2] = [0.9, 0.999];
  const defaults = {
    tau: 0.1,
    delta: 1.5,
    threshold: 0.6,
    groupThreshold: 0.9,
    eps: 1e-8,
    penalty: 0.05,
  };
  const moments = {
    beta1,
    beta2,
    gain1: 1 - beta1,
    gain2: 1 - beta2,
    correction1: 1 / 0.1,
    correction2: 1 / 0.001,
  };
  for (const [name, value] of Object.entries({ ...defaults, ...moments, ...values }))
    block[HYPER[name as keyof typeof HYPER]] = value;
  return block;
}

interface State {
  readonly rows: number;
  readonly cols: number;
  v: Float32Array;
  m1: Float32Array;
  m2: Float32Array;
  pattern: Rows;
  theta: Float32Array;
  changed: Int32Array;
}

function start(rows: number, cols: number, seed = 1): State {
  const random = seeded(seed + rows * 1000 + cols);
  const zeros = (): Float32Array => new Float32Array(rows * cols);
  const v = random.floats(rows * cols).map((x) => (Math.abs(x) < 0.1 ? 0 : x));
  const pattern = Array.from({ length: rows }, () => []);
  return {
    rows,
    cols,
    v,
    m1: zeros(),
    m2: zeros(),
    pattern,
    theta: zeros(),
    changed: new Int32Array(rows),
  };
}

interface StepOptions {
  theta?: boolean;
  entries?: boolean;
  grain?: number;
  group?: number;
  table?: Int32Array;
}

/** One step on a pool, with theta and entries written, or only one of them. */
function step(
  pool: Pool,
  state: State,
  g: Float32Array,
  { move, follow, penalty, writeBack }: UpdateCase,
  hyper: Float32Array,
  { theta = true, entries = true, grain = 1, group = 1, table }: StepOptions = {},
): State {
  const { rows, cols } = state;
  return scoped(pool, ({ put, room, read, readInts }) => {
    const before = encoded(state.pattern, cols);
    const at = {
      v: put(state.v),
      m1: put(state.m1),
      m2: put(state.m2),
      theta: room(rows * cols, 7),
      entries: put(before.entries),
      counts: put(before.counts),
      changed: put(new Int32Array(rows).fill(-1)),
    };
    const outputs = { ...at, theta: theta ? at.theta : 0, entries: entries ? at.entries : 0 };
    const numbers = {
      rows,
      cols,
      move,
      follow,
      penalty,
      writeBack: Number(writeBack),
      columns: table ? put(table) : 0,
      group,
    };
    runOps(pool, [
      op("update", rows, { ...outputs, g: put(g), hyper: put(hyper), ...numbers }, grain),
    ]);
    const counts = readInts(at.counts, rows);
    return {
      rows,
      cols,
      v: read(at.v, rows * cols),
      m1: read(at.m1, rows * cols),
      m2: read(at.m2, rows * cols),
      pattern: entries
        ? decoded(readInts(at.entries, 2 * rows * cols), counts, cols)
        : countsOnly(counts),
      theta: read(at.theta, rows * cols),
      changed: readInts(at.changed, rows),
    };
  });
}

const countsOnly = (counts: Int32Array): Rows =>
  Array.from(counts, (n) => Array<[number, number]>(n).fill([0, 0]));
const PLAIN_L1: UpdateCase = { move: MOVE.plain, follow: FOLLOW.l1, penalty: 0, writeBack: false };
const bits = (x: Float32Array): Int32Array => new Int32Array(x.buffer, x.byteOffset, x.length);

forEachBackend((_name, pool) => {
  describe.each(SHAPES)("%i x %i", (rows, cols) => {
    test.each(CASES)("%s: four steps agree with float64", (_case, kind) => {
      const random = seeded(7);
      const hyper = hyperBlock({ groupThreshold: cols < 20 ? 0.5 : 2 });
      let state = start(rows, cols);
      const exact = {
        v: Float64Array.from(state.v),
        m1: new Float64Array(rows * cols),
        m2: new Float64Array(rows * cols),
      };
      for (let k = 1; k <= 4; k++) {
        const g = random.floats(rows * cols, -3, 3);
        hyper[HYPER.correction1] = 1 / (1 - 0.9 ** k);
        hyper[HYPER.correction2] = 1 / (1 - 0.999 ** k);
        const before = state;
        state = step(pool, state, g, kind, hyper);
        const theta = update(kind, exact, g, hyper, cols);
        // Float32 rounding: a few ulp of numbers of magnitude 1 to 4, a step.
        expect(maxError(state.v, exact.v)).toBeLessThan(k * 2e-6);
        expect(maxError(state.theta, theta)).toBeLessThan(k * 3e-6);
        // The pattern is that of theta, and what changed is said row by row.
        expect(state.pattern).toEqual(compressed(state.theta, rows, cols));
        expect([...state.changed]).toEqual(
          state.pattern.map((row, r) =>
            Number(String(columns([row])) !== String(columns([before.pattern[r]!]))),
          ),
        );
      }
    });
  });

  test("the outputs that are absent change nothing in those that are there", () => {
    const random = seeded(3);
    const state = start(9, 77);
    const g = random.floats(9 * 77);
    for (const [, kind] of CASES) {
      const both = step(pool, state, g, kind, hyperBlock());
      const sparse = step(pool, state, g, kind, hyperBlock(), { theta: false });
      const dense = step(pool, state, g, kind, hyperBlock(), { entries: false });
      expect(firstDifference(bits(sparse.v), bits(both.v))).toBe(-1);
      expect(sparse.pattern).toEqual(both.pattern);
      expect(sparse.theta.every((x) => x === 7)).toBe(true);
      expect(firstDifference(bits(dense.v), bits(both.v))).toBe(-1);
      expect(firstDifference(bits(dense.theta), bits(both.theta))).toBe(-1);
      expect(dense.pattern.map((row) => row.length)).toEqual(both.pattern.map((row) => row.length));
      expect(dense.changed.every((flag) => flag === 0)).toBe(true);
    }
  });

  test("|v| <= threshold gives exactly 0, also at the threshold itself", () => {
    const v = Float32Array.of(0.5, -0.5, 0.50000006, -0.50000006, 0.49999997, 0, -0, 3);
    const state = { ...start(1, 8), v };
    const hyper = hyperBlock({ tau: 0, threshold: 0.5, delta: 2 });
    const l1 = step(pool, state, new Float32Array(8), PLAIN_L1, hyper);
    expect([...l1.theta]).toEqual([0, 0, 2 * (v[2]! - 0.5), 2 * (v[3]! + 0.5), 0, 0, 0, 5]);
    expect(columns(l1.pattern)).toEqual([[2, 3, 7]]);
    const positive = step(
      pool,
      state,
      new Float32Array(8),
      { ...PLAIN_L1, follow: FOLLOW.nonNegative },
      hyper,
    );
    expect([...positive.theta]).toEqual([0, 0, 2 * (v[2]! - 0.5), 0, 0, 0, 0, 5]);
  });

  test("J = 0 and delta = 1: theta is v, bit for bit, also in place", () => {
    const random = seeded(5);
    const state = start(4, 37);
    const g = random.floats(4 * 37);
    for (const follow of [FOLLOW.none, FOLLOW.l1, FOLLOW.rowGroup, FOLLOW.sparseRowGroup])
      for (const move of Object.values(MOVE)) {
        const hyper = hyperBlock({ delta: 1, threshold: 0, groupThreshold: 0 });
        const after = step(pool, state, g, { ...PLAIN_L1, move, follow }, hyper);
        expect(firstDifference(after.theta, after.v)).toBe(-1);
      }
    const expected = step(
      pool,
      state,
      g,
      { ...PLAIN_L1, follow: FOLLOW.none },
      hyperBlock({ delta: 1 }),
    );
    scoped(pool, ({ put, room, read }) => {
      const v = put(state.v);
      const tensors = {
        v,
        theta: v,
        g: put(g),
        m1: 0,
        m2: 0,
        hyper: put(hyperBlock({ delta: 1 })),
        entries: 0,
      };
      const numbers = {
        rows: 4,
        cols: 37,
        move: MOVE.plain,
        follow: FOLLOW.none,
        writeBack: 0,
        penalty: 0,
        columns: 0,
        group: 1,
      };
      runOps(pool, [
        op("update", 4, { ...tensors, counts: room(4), changed: room(4), ...numbers }),
      ]);
      expect(firstDifference(bits(read(v, 4 * 37)), bits(expected.v))).toBe(-1);
    });
  });

  test("a row of zeros, or of norm up to the threshold, is 0 and no division by 0", () => {
    const state = { ...start(3, 20), v: new Float32Array(60) };
    state.v.fill(0.25, 20, 36); // |v_1| = 1
    state.v.fill(1, 40);
    for (const follow of [FOLLOW.rowGroup, FOLLOW.sparseRowGroup])
      for (const groupThreshold of [0, 1]) {
        const hyper = hyperBlock({ tau: 0, threshold: 0, groupThreshold, penalty: 1 });
        const after = step(
          pool,
          state,
          new Float32Array(60),
          { ...PLAIN_L1, follow, penalty: 2 },
          hyper,
        );
        expect(after.pattern.map((row) => row.length)).toEqual([0, groupThreshold ? 0 : 16, 20]);
        expect(after.theta.every(Number.isFinite)).toBe(true);
      }
  });

  test("rows whose squares overflow float32 keep their norm", () => {
    const state = { ...start(1, 4), v: Float32Array.of(3e30, 0, -4e30, 0) };
    const hyper = hyperBlock({ tau: 0, delta: 1, groupThreshold: 2.5e30 });
    const { theta } = step(
      pool,
      state,
      new Float32Array(4),
      { ...PLAIN_L1, follow: FOLLOW.rowGroup },
      hyper,
    );
    expect(theta[0]! / 1.5e30).toBeCloseTo(1, 5);
    expect(theta[2]! / -2e30).toBeCloseTo(1, 5);
  });

  test("a NaN in the gradient is a NaN in theta, whatever the combination", () => {
    for (const place of [0, 40, 76])
      for (const [, kind] of CASES) {
        const g = new Float32Array(77);
        g[place] = NaN;
        const { theta, pattern } = step(
          pool,
          start(1, 77),
          g,
          kind,
          hyperBlock({ groupThreshold: 0.1 }),
        );
        expect(theta[place]).toBeNaN();
        expect(pattern[0]!.find(([c]) => c === place)![1]).toBeNaN();
      }
  });

  test("Adam with eps = 0: the 0 / 0 behind the end of a row is no weight", () => {
    const state = start(2, 5);
    const kind = { ...PLAIN_L1, move: MOVE.adam };
    const g = new Float32Array(10).fill(1);
    const { pattern } = step(pool, state, g, kind, hyperBlock({ eps: 0, threshold: 0 }));
    expect(pattern.every((row) => row.every(([c, value]) => c < 5 && !Number.isNaN(value)))).toBe(
      true,
    );
  });

  test("`changed` compares sets of columns, not values", () => {
    const state = { ...start(4, 40), v: new Float32Array(160) };
    state.v.fill(2, 0, 40); // row 0: dense; row 1: none; rows 2 and 3: a few
    for (const c of [3, 17, 39]) state.v[80 + c] = state.v[120 + c] = 2;
    const hyper = hyperBlock({ tau: 1, threshold: 1 });
    const first = step(pool, state, new Float32Array(160), PLAIN_L1, hyper);
    expect([...first.changed]).toEqual([1, 0, 1, 1]);
    const g = new Float32Array(160).fill(-0.25); // larger values, the same places
    g[120 + 17] = 2; // one dies
    g[120 + 16] = -2; // and its neighbour is born: the count stays
    const second = step(pool, first, g, PLAIN_L1, hyper);
    expect([...second.changed]).toEqual([0, 0, 0, 1]);
    expect(columns(second.pattern)[3]).toEqual([3, 16, 39]);
  });

  describe.each(KERNEL_FOLLOWS)("kernel groups, follow %i", (follow) => {
    const kinds = Object.values(MOVE).flatMap((move) =>
      [
        { penalty: 0, writeBack: false },
        { penalty: 1, writeBack: true },
      ].map((rest): UpdateCase => ({ move, follow, ...rest })),
    );

    test.each([
      [1, 5],
      [2, 6],
      [4, 3],
      [9, 1],
      [9, 14],
      [16, 3],
      [25, 4],
      [49, 3],
    ])("kernels of %i weights, %i a row: four steps agree with float64", (group, inner) => {
      const [rows, cols] = [5, inner * group];
      let [dead, alive] = [0, 0];
      for (const kind of kinds) {
        const random = seeded(group);
        const hyper = hyperBlock({ groupThreshold: Math.sqrt(group) * 0.9, threshold: 0.1 });
        let state = start(rows, cols);
        // Some kernels begin far from the threshold.
        state.v = state.v.map((x, i) => x * (Math.floor(i / group) % 3 === 1 ? 3 : 1));
        const exact = {
          v: Float64Array.from(state.v),
          m1: new Float64Array(rows * cols),
          m2: new Float64Array(rows * cols),
        };
        for (let k = 1; k <= 4; k++) {
          const g = random.floats(rows * cols, -3, 3);
          hyper[HYPER.tau] = 0.3;
          hyper[HYPER.correction1] = 1 / (1 - 0.9 ** k);
          hyper[HYPER.correction2] = 1 / (1 - 0.999 ** k);
          state = step(pool, state, g, kind, hyper, { entries: false, group });
          const theta = update(kind, exact, g, hyper, cols, group);
          expect(maxError(state.v, exact.v)).toBeLessThan(k * 2e-6);
          expect(maxError(state.theta, theta)).toBeLessThan(k * 4e-6);
          const counts = compressed(state.theta, rows, cols).map((row) => row.length);
          expect(state.pattern.map((row) => row.length)).toEqual(counts);
          expect([...state.changed]).toEqual(Array<number>(rows).fill(0));
          for (let first = 0; first < rows * cols; first += group)
            if (state.theta.subarray(first, first + group).some((x) => x !== 0)) alive++;
            else dead++;
        }
      }
      expect(Math.min(dead, alive)).toBeGreaterThan(0);
    });

    test("a NaN in the gradient is a NaN in theta, in its kernel and in no other", () => {
      for (const kind of kinds) {
        const g = new Float32Array(36);
        g[10] = NaN;
        const { theta } = step(pool, start(1, 36), g, kind, hyperBlock({ groupThreshold: 0.1 }), {
          entries: false,
          group: 9,
        });
        expect(theta[10]).toBeNaN();
        expect(theta.filter((x, i) => Number.isNaN(x) && (i < 9 || i >= 18)).length).toBe(0);
      }
    });

    test("a kernel of norm up to the threshold is 0, and its squares do not overflow", () => {
      const v = new Float32Array(27);
      v.fill(1, 0, 9); // |v_0| = 3
      v.fill(1.0001, 9, 18);
      v.set([3e30, 0, -4e30], 18);
      const kind = { ...PLAIN_L1, follow };
      const options = { entries: false, group: 9 };
      const hyper = hyperBlock({ tau: 0, delta: 1, threshold: 0, groupThreshold: 3 });
      const { theta, pattern } = step(
        pool,
        { ...start(1, 27), v },
        new Float32Array(27),
        kind,
        hyper,
        options,
      );
      expect(pattern[0]!.length).toBe(11);
      expect(theta.subarray(0, 9).every((x) => x === 0)).toBe(true);
      expect(theta[9]! / 1e-4).toBeCloseTo(1, 2);
      expect(theta[20]! / -4e30).toBeCloseTo(1, 5);
    });

    test("same bits for 1 and 3 threads", async () => {
      const isa = pool.backend === "native" ? pool.isa : undefined;
      const other = await createPool({ backend: pool.backend, isa, threads: 3 });
      const one = await createPool({ backend: pool.backend, isa, threads: 1 });
      for (const kind of kinds) {
        const [state, g] = [start(13, 45), seeded(9).floats(13 * 45)];
        const [a, b] = [one, other].map((p) =>
          step(p, state, g, kind, hyperBlock(), { entries: false, group: 9 }),
        );
        for (const name of ["v", "m1", "m2", "theta"] as const)
          expect(firstDifference(bits(a![name]), bits(b![name]))).toBe(-1);
        expect(a!.pattern).toEqual(b!.pattern);
      }
      await Promise.all([one.close(), other.close()]);
    });
  });

  test("with a table of columns the entries carry its offsets, and nothing else differs", () => {
    const [rows, cols] = [7, 77];
    const table = offsetsOf(cols);
    const random = seeded(11);
    const g = [random.floats(rows * cols), random.floats(rows * cols)];
    for (const [, kind] of CASES) {
      const hyper = hyperBlock({ threshold: 0.3, groupThreshold: 0.5 });
      let plain = start(rows, cols);
      let mapped = start(rows, cols);
      for (const gradient of g) {
        plain = step(pool, plain, gradient, kind, hyper);
        mapped = step(pool, mapped, gradient, kind, hyper, { table });
        expect(mapped.pattern).toEqual(
          plain.pattern.map((row) => row.map(([c, value]) => [table[c]! / (TILE * 4), value])),
        );
        expect([...mapped.changed]).toEqual([...plain.changed]);
        expect(firstDifference(bits(mapped.theta), bits(plain.theta))).toBe(-1);
      }
    }
  });

  test("same bits for 1 and 3 threads", async () => {
    const isa = pool.backend === "native" ? pool.isa : undefined;
    for (const threads of [1, 3]) {
      const other = await createPool({ backend: pool.backend, isa, threads });
      for (const [, kind] of CASES) {
        const [state, g] = [start(13, 50), seeded(9).floats(13 * 50)];
        const [a, b] = [
          step(pool, state, g, kind, hyperBlock()),
          step(other, state, g, kind, hyperBlock(), { grain: 4 }),
        ];
        for (const name of ["v", "m1", "m2", "theta"] as const)
          expect(firstDifference(bits(a[name]), bits(b[name]))).toBe(-1);
        expect(a.pattern).toEqual(b.pattern);
      }
      await other.close();
    }
  });
});
