/** Forms of a weight: each is made from any other, and all say the same of theta. */
import { InternalError } from "#bregman/errors.js";
import { conv2d } from "#bregman/nn/layers/conv2d.js";
import { linearTiled } from "#bregman/nn/tiled/linear.js";
import type { Lowering } from "#bregman/nn/tiled/rule.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { layoutOf } from "#bregman/nn/layout.js";
import { sequential } from "#bregman/nn/model.js";
import { stream } from "#bregman/random.js";
import { changeForms, makePatterns, type Converter } from "#bregman/runtime/form/convert.js";
import type { PatternForm } from "#bregman/runtime/form/form.js";
import type { Memory } from "#bregman/runtime/memory.js";
import { createParameter, formFor, type Parameter } from "#bregman/runtime/parameter.js";
import type { Pool } from "#bregman/runtime/pool.js";
import { nonZeros, plainTheta, readTheta } from "#bregman/runtime/theta.js";
import { describe, expect, test } from "vitest";
import { forEachBackend, runOps } from "../support/run-op.js";

const { convs } = layoutOf(
  sequential(
    [5, 9, 9],
    [conv2d(6, { kernel: 3, stride: 2, padding: 1 }), conv2d(4, { kernel: 1 })],
  ),
);
const [STRIDED, POINTS] = ["conv2d1.weight", "conv2d2.weight"].map((name) => convs.get(name)!);

/** [kind of the pattern, shape, layout of the convolution]. */
const WEIGHTS = {
  "entries of a linear layer": ["entries", [7, 45]],
  "entries of a convolution": ["entries", [6, 5, 3, 3], STRIDED],
  pairs: ["pairs", [6, 5, 3, 3], STRIDED],
  "pairs of 1 x 1 kernels": ["pairs", [4, 6, 1, 1], POINTS],
} as const;
type Case = (typeof WEIGHTS)[keyof typeof WEIGHTS];

function parameterOf(memory: Memory, [pattern, shape, conv]: Case): Parameter {
  const role = conv ? "conv" : "weight";
  return createParameter(memory, { name: "w", role, shape }, { pattern, transpose: true, conv });
}

const converterOf = (pool: Pool): Converter => ({
  memory: pool.memory,
  run: (ops) => runOps(pool, ops),
});

/** Numbers of which so many are not zero; the first row is full, the last one empty. */
function sparseTheta({ rows, cols }: Parameter, density: number, name: string): Float32Array {
  const random = stream(3, name);
  return Float32Array.from({ length: rows * cols }, (_, i) => {
    const row = Math.floor(i / cols);
    const isThere = row === 0 || (row < rows - 1 && random.uniform() < density);
    return isThere ? random.normal() : 0;
  });
}

function putTheta(parameter: Parameter, theta: Float32Array): void {
  parameter.dense.write(theta);
  parameter.dense.count();
}

/** The entries in use of each row: their first words, which say where they are. */
function placesOf(
  memory: Memory,
  { rows }: Parameter,
  { entries, counts, entryStride }: Pick<PatternForm, "entries" | "counts" | "entryStride">,
): number[][] {
  const words = memory.i32(entries, rows * entryStride * 2);
  return Array.from({ length: rows }, (_, row) =>
    Array.from(
      { length: memory.i32(counts, rows)[row] },
      (__, k) => words[2 * (row * entryStride + k)],
    ),
  );
}

forEachBackend((_name, pool) => {
  const { memory } = pool;
  describe.each(Object.entries(WEIGHTS))("%s", (_kind, weight) => {
    test("from form to form theta stays, and numbers in the same places are read as written", () => {
      const mark = memory.mark();
      const parameter = parameterOf(memory, weight);
      putTheta(parameter, sparseTheta(parameter, 0.3, "first"));
      let theta = readTheta(parameter);
      for (const kernel of ["sparse", "dense", "sparse", "sparse", "dense", "dense"] as const) {
        changeForms(converterOf(pool), new Map([[parameter, formFor(parameter, kernel)]]));
        expect(parameter.kernel).toBe(kernel);
        expect(readTheta(parameter)).toEqual(theta);
        theta = theta.map((w) => w * 1.5);
        parameter.form.write(theta);
        expect(readTheta(parameter)).toEqual(theta);
        expect(nonZeros(memory, parameter)).toBe(theta.filter((w) => w !== 0).length);
      }
      memory.release(mark);
    });

    test("a product takes all weights, the non-zeros, or all of the kernels that are there", () => {
      const mark = memory.mark();
      const parameter = parameterOf(memory, weight);
      const theta = sparseTheta(parameter, 0.1, "used");
      putTheta(parameter, theta);
      expect(parameter.form.used()).toBe(theta.length);
      changeForms(converterOf(pool), new Map([[parameter, formFor(parameter, "sparse")]]));
      const { pattern } = parameter;
      const group = pattern!.places.group || 1;
      let used = 0;
      for (let from = 0; from < theta.length; from += group)
        used += theta.subarray(from, from + group).some((w) => w !== 0) ? group : 0;
      expect(parameter.form.used()).toBe(used);
      memory.release(mark);
    });

    test("weights at rest are in the pattern, as if they were not zero", () => {
      const mark = memory.mark();
      const [parameter, whole] = [parameterOf(memory, weight), parameterOf(memory, weight)];
      const theta = sparseTheta(parameter, 0.4, "rest");
      putTheta(whole, theta);
      makePatterns(converterOf(pool), [whole]);
      // Some entries come to rest: all weights of each of them.
      const group = whole.pattern!.places.group || 1;
      const rested = theta.slice();
      const resting: number[] = [];
      for (let from = 0; from < theta.length; from += group) {
        if ((from / group) % 3 !== 0 || theta.subarray(from, from + group).every((w) => w === 0))
          continue;
        rested.fill(0, from, from + group);
        resting.push(from);
      }
      expect(resting.length).toBeGreaterThan(1);
      putTheta(parameter, rested);
      parameter.form = parameter.pattern!;
      const rests = new Map([[parameter, Int32Array.from(resting)]]);
      makePatterns(converterOf(pool), [parameter], rests);
      const places = ({ pattern }: Parameter) => placesOf(memory, parameter, pattern!);
      expect(places(parameter)).toEqual(places(whole));
      expect([...parameter.pattern!.resting()]).toEqual(resting);
      const members = [...rested.keys()].filter((i) => rested[i] !== 0 || resting.includes(i));
      expect([...parameter.pattern!.members()]).toEqual(members);
      expect(readTheta(parameter).every((w, i) => w === rested[i])).toBe(true);
      expect(plainTheta(parameter)).toEqual(rested);
      // The same again is no change: they are there.
      parameter.pattern!.rest(Int32Array.from(resting));
      expect(places(parameter)).toEqual(places(whole));
      // And the transpose has as many entries.
      const { transpose, counts } = parameter.pattern!;
      const sum = (at: number, rows: number) => memory.i32(at, rows).reduce((a, n) => a + n, 0);
      const lines = weight[2] ? weight[2].phases * weight[2].inner : parameter.cols;
      const tRows = weight[0] === "pairs" ? weight[2].inner : lines;
      expect(sum(transpose!.counts, tRows)).toBe(sum(counts, parameter.rows));
      memory.release(mark);
    });
  });

  test("pairs are of convolutions", () => {
    const mark = memory.mark();
    const shape = [6, 5, 3, 3];
    const spec = { name: "w", role: "conv", shape } as const;
    expect(() => createParameter(memory, spec, { pattern: "pairs" })).toThrow(
      new InternalError("pairs: expected the weight of a convolution, found another"),
    );
    const parameter = parameterOf(memory, WEIGHTS.pairs);
    parameter.form = parameter.pattern!;
    const at = { parameters: [parameter], xs: [{}], y: {}, tiles: 1 } as unknown as Lowering;
    expect(() => linearTiled.forward(linear(6), at)).toThrow(
      new InternalError("linear: expected a weight that is dense or entries, found pairs"),
    );
    memory.release(mark);
  });
});
