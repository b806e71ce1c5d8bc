/**
 * Memory holds up to 4 GiB, so a byte offset may be above 2^31, of a tensor as well as within one.
 * What a kernel gives does not depend on it: the same numbers in the same order are computed where
 * operands lie far apart and where they lie close together, where other tests compare them with a
 * reference.
 */
/* oxlint-disable unicorn/no-useless-spread -- keeps arguments that belong together on a line */
import { describe, expect, test } from "vitest";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { linear } from "#bregman/nn/layers/linear.js";
import { sequential } from "#bregman/nn/model.js";
import { FOLLOW, HYPER, MOVE } from "#bregman/runtime/contract/update.js";
import { TILE, op } from "#bregman/runtime/kernel-table.js";
import { predict } from "#bregman/predict/predict.js";
import { gathered, range, spread, tensors, VARIANTS } from "../support/far-tensors.js";
import { seeded } from "../support/random.js";
import { flatOp } from "../support/flat-op.js";

/** Features of a tile that takes more than 2 GiB. */
const FAR = 2 ** 25 + 40;
/** Some on both sides of 2 GiB; those at the end are written as a whole block. */
const PLACES = [0, 7, 2 ** 24 + 3, ...range(FAR - 48, FAR)];
const NEAR = PLACES.length;

describe.each(VARIANTS)("$backend $isa", (variant) => {
  test("the columns of a linear layer", async () => {
    const results = [];
    for (const [cols, places] of [
      [NEAR, range(0, NEAR)],
      [FAR, PLACES],
    ] as const) {
      const { at, floats, ints, run } = await tensors(variant, {
        ...{
          theta: cols,
          entries: 2 * cols,
          counts: 1,
          changed: 1,
          x: cols * TILE,
          y: TILE,
          dy: TILE,
          g: cols,
          v: cols,
        },
        ...{
          tEntries: 2 * cols,
          tCounts: cols,
          source: cols,
          force: 1,
          hyper: 16,
          norms: 1,
          dx: TILE * NEAR,
        },
      });
      const random = seeded(1);
      const [rows, tiles, pattern] = [1, 1, { entries: at.entries, counts: at.counts }];
      for (const name of ["theta", "v"] as const) spread(places, random.floats(NEAR), floats(name));
      spread(places, random.floats(NEAR * TILE), floats("x"), TILE);
      floats("dy").set(random.floats(TILE));
      floats("hyper").set([0.1, 2, 0.05], HYPER.tau);
      const { y, x, dy, g, v, theta, changed, hyper, counts, entries } = at;
      const shape = { planeSize: 0, rowSize: 0, kernelHeight: 0, kernelWidth: 0 };
      const step = { v, g, m1: 0, m2: 0, hyper, theta: 0, entries, counts, changed, rows, cols };
      const rule = { move: MOVE.plain, follow: FOLLOW.l1, group: 1 };
      const place = { entries, used: counts, entryStride: cols, group: 0, theta: 0, ...shape };
      run(
        op("compress", rows, { theta, ...pattern, changed, rows, cols, columns: 0 }),
        op("sparseForward", rows, {
          ...pattern,
          bias: 0,
          x,
          y,
          mask: 0,
          tiles,
          rows,
          cols,
          entryStride: cols,
          epilogue: 0,
        }),
        op("sparseWeightGrad", rows, { ...pattern, dy, x, g, tiles, rows, cols }),
        flatOp("gradientNorms", rows, { g, norms: at.norms, rows, cols, ...place }),
        flatOp("updatePattern", rows, {
          ...step,
          ...rule,
          used: counts,
          entryStride: cols,
          pairs: 0,
          ...shape,
        }),
      );
      const found = [
        gathered(places, floats("g")),
        [...floats("y")],
        [...floats("norms")],
        [...ints("counts")],
      ];
      run(op("update", rows, { ...step, ...rule, writeBack: 0, penalty: 0, columns: 0 }));
      const left = ints("counts")[0]!;
      const used = ints("entries").slice(0, 2 * left);
      const offsets = range(0, left).map((k) => places.indexOf((used[2 * k]! >>> 0) / (TILE * 4)));
      ints("changed")[0] = 1;
      const { tEntries, tCounts, source, force } = at;
      run(
        op("transpose", cols, {
          ...pattern,
          changed,
          tEntries,
          tCounts,
          source,
          rows,
          cols,
          force,
        }),
        op("expand", rows, { ...pattern, theta, rows, cols, columns: 0 }),
      );
      found.push(gathered(places, floats("theta")), gathered(places, floats("v")), offsets);
      found.push(gathered(places, ints("tCounts")), gathered(places, floats("tEntries"), 2));
      expect(left).toBeGreaterThan(NEAR / 2);
      expect(offsets).not.toContain(-1);
      results.push(found);
    }
    expect(results[1]).toEqual(results[0]);
  });

  test("the rows of a linear layer, in its transpose", async () => {
    const results = [];
    for (const [rows, places] of [
      [NEAR, range(0, NEAR)],
      [FAR, PLACES],
    ] as const) {
      const { at, floats, ints, run } = await tensors(variant, {
        ...{
          entries: 2 * rows,
          counts: rows,
          changed: rows,
          tEntries: 2 * rows,
          tCounts: 1,
          source: rows,
          force: 1,
        },
        ...{ dy: rows * TILE, dx: TILE },
      });
      const random = seeded(2);
      spread(
        places,
        random.floats(2 * NEAR).map((value, k) => (k % 2 ? value : 0)),
        floats("entries"),
        2,
      );
      spread(places, new Int32Array(NEAR).fill(1), ints("counts"));
      spread(places, random.floats(NEAR * TILE), floats("dy"), TILE);
      ints("force")[0] = 1;
      const { entries, counts, changed, tEntries, tCounts, source, force } = at;
      const args = {
        bias: 0,
        x: at.dy,
        y: at.dx,
        mask: 0,
        tiles: 1,
        rows: 1,
        cols: rows,
        entryStride: rows,
        epilogue: 0,
      };
      run(
        op("transpose", 1, {
          entries,
          counts,
          changed,
          tEntries,
          tCounts,
          source,
          rows,
          cols: 1,
          force,
        }),
        op("sparseForward", 1, { entries: tEntries, counts: tCounts, ...args }),
      );
      results.push([[...floats("dx")], [...ints("tCounts")]]);
    }
    expect(results[1]).toEqual(results[0]);
  });

  test("samples of a data set", async () => {
    const [features, sample, tile] = [
      8,
      2 ** 28 + 5,
      range(0, TILE).map((b) => (b === 3 ? 1 : -1)),
    ];
    const results = [];
    for (const index of [5, sample]) {
      const { at, floats, ints, run } = await tensors(variant, {
        ...{ data: ((index + 1) * features) / 4, indices: TILE, affine: 2, out: features * TILE },
      });
      new Uint8Array(ints("data").buffer, at.data + index * features, features).set(
        range(10, 10 + features),
      );
      ints("indices").set(tile.map((used) => (used < 0 ? -1 : index)));
      floats("affine").set([0.5, 1]);
      const found: number[][] = [];
      const { data, indices, affine, out } = at;
      const image = {
        channels: 1,
        height: 2,
        width: 4,
        outTile: features * TILE,
        outPlane: features * TILE,
        outRow: 4 * TILE,
      };
      run(
        op("gatherU8", 1, {
          data,
          indices,
          affine,
          out,
          rowsOut: 0,
          features,
          channelSize: features,
          rowStride: 0,
        }),
      );
      found.push([...floats("out")]);
      run(
        flatOp("gatherImagesU8", 1, { data, indices, affine, augment: 0, out, tiles: 1, ...image }),
      );
      found.push([...floats("out")]);
      expect(found[0]![3]).toBe(6);
      results.push(found);
    }
    expect(results[1]).toEqual(results[0]);
  });
});

const TIMEOUT = { timeout: 300_000 };
// Its inputs alone take 2 GiB, all of which is written.
const hasRoom = process.availableMemory() > 2 ** 32;
if (!hasRoom)
  console.log("a model whose inputs take 2 GiB is not tested: less than 4 GiB of memory are free");
const backends = new Set(VARIANTS.map(({ backend }) => backend));

test.runIf(hasRoom).each([...backends])(
  "a file of some 400 bytes, its weight beyond 2 GiB: %s",
  TIMEOUT,
  async (backend) => {
    const features = 2 ** 25 + 1;
    const model = sequential([features], [linear(1, { bias: false })]);
    const data = new Float32Array(features);
    data[features - 1] = 2;
    const parameters = new Map([["linear1.weight", { shape: [1, features], data }]]);
    const file = encodeModel({ model, parameters, buffers: new Map() }, {}, { sparse: true });
    expect(file.length).toBeLessThan(500);
    const inputs = new Float32Array(features);
    inputs[features - 1] = 3;
    expect(await predict(decodeModel(file), inputs, { backend, threads: 1 })).toEqual(
      Float32Array.of(6),
    );
  },
);
