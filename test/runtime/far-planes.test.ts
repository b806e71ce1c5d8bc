/** Images whose planes lie more than 2 GiB apart: see far-offsets.test.ts. */
/* oxlint-disable unicorn/no-useless-spread -- keeps arguments that belong together on a line */
import { describe, expect, test } from "vitest";
import { TILE, type Op } from "#bregman/runtime/kernel-table.js";
import { flatOp } from "../support/flat-op.js";
import { gathered, range, spread, tensors, VARIANTS } from "../support/far-tensors.js";
import { seeded } from "../support/random.js";

describe.each(VARIANTS)("$backend $isa", (variant) => {
  // Three channels, the third more than 2 GiB behind the first; 4 x 5 positions of each are used.
  const [CHANNELS, ROW, USED] = [3, 5, 20];
  const PLANES = [USED, 2 ** 24 + USED];
  /**
   * What an image of so many positions a plane is given as: the offset of its tensor and its
   * strides.
   */
  const strides = (plane: number) => ({
    tile: CHANNELS * plane * TILE,
    plane: plane * TILE,
    row: ROW * TILE,
  });
  const prefixed = (prefix: string, { tile, plane, row }: ReturnType<typeof strides>) =>
    ({ [`${prefix}Tile`]: tile, [`${prefix}Plane`]: plane, [`${prefix}Row`]: row }) as Record<
      string,
      number
    >;
  const channels = (plane: number) =>
    range(0, CHANNELS).flatMap((c) => range(c * plane, c * plane + USED));

  test("the planes of a convolution", async () => {
    const [taps, rows, cols, width, height] = [4, CHANNELS, CHANNELS * 4, ROW - 1, 3];
    const results = [];
    for (const plane of PLANES) {
      const { at, floats, ints, run } = await tensors(variant, {
        ...{
          theta: rows * cols,
          entries: 2 * rows * cols,
          counts: rows,
          pairCounts: rows,
          changed: rows,
          columns: cols,
        },
        ...{
          tEntries: 2 * cols * rows,
          tCounts: CHANNELS,
          source: cols * rows,
          table: 2 * taps,
          taps: 2 * taps,
          force: 1,
        },
        ...{
          near: CHANNELS * USED * TILE,
          out: CHANNELS * USED * TILE,
          g: rows * cols,
          norms: rows,
        },
        ...{ far: (2 * plane + USED) * TILE },
      });
      const random = seeded(3);
      floats("theta").set(
        random.floats(rows * cols).map((value) => (random.next() < 0.6 ? value : 0)),
      );
      floats("near").set(random.floats(CHANNELS * USED * TILE));
      spread(channels(plane), random.floats(CHANNELS * USED * TILE), floats("far"), TILE);
      const positions = range(0, taps).map((t) => Math.floor(t / 2) * ROW + (t % 2));
      ints("columns").set(
        range(0, cols).map((k) => (Math.floor(k / taps) * plane + positions[k % taps]!) * TILE * 4),
      );
      ints("taps").set(positions.flatMap((position, t) => [t, position * TILE]));
      ints("table").set(positions.flatMap((position) => [0, position * TILE * 4]));
      ints("changed").fill(1);
      const {
        theta,
        entries,
        counts,
        pairCounts,
        changed,
        columns,
        source,
        force,
        far,
        near,
        out,
        g,
      } = at;
      const kernel = { planeSize: plane, rowSize: ROW, kernelHeight: 2, kernelWidth: 2 };
      const turned = {
        tEntries: at.tEntries,
        tCounts: at.tCounts,
        force,
        changed,
        rows,
        inner: CHANNELS,
      };
      const bytes = { planeBytes: plane * TILE * 4, rowBytes: plane * TILE * 4 };
      const common = {
        tiles: 1,
        rows,
        height,
        width,
        bias: 0,
        accumulate: 0,
        xCol: TILE,
        yCol: TILE,
        taps: at.taps,
        tapCount: taps,
      };
      const x = {
        ...common,
        x: far,
        y: out,
        ...prefixed("x", strides(plane)),
        ...prefixed("y", strides(USED)),
      };
      const grad = {
        ...x,
        g,
        dy: near,
        ...prefixed("dy", strides(USED)),
        inner: CHANNELS,
        cols,
        ...kernel,
      };
      const found: number[][] = [];
      const compute = (...ops: Op[]) => {
        floats("out").fill(0);
        run(...ops);
        found.push([...floats("out")], [...floats("g")]);
      };
      const flipped = {
        ...grad,
        dy: far,
        x: near,
        ...prefixed("dy", strides(plane)),
        ...prefixed("x", strides(USED)),
      };
      compute(
        flatOp("convDense", 1, {
          ...x,
          w: theta,
          rowStride: cols,
          innerStride: taps,
          packed: 0,
          inner: CHANNELS,
        }),
        flatOp("convDenseWeightGrad", rows, grad),
      );
      compute(
        flatOp("convDenseWeightGrad", rows, flipped),
        flatOp("convBiasGrad", rows, { ...flipped, g: out }),
      );
      const entry = { entries, counts, entryStride: cols };
      const norms = { g, norms: at.norms, rows, cols, used: counts, group: 0, theta, ...kernel };
      compute(
        flatOp("compress", rows, { theta, entries, counts, changed, rows, cols, columns }),
        flatOp("convSparse", 1, { ...x, ...entry }),
        flatOp("convSparseWeightGrad", rows, { ...grad, ...entry }),
        flatOp("gradientNorms", rows, { ...norms, ...entry }),
      );
      found.push([...floats("norms")]);
      const geometry = {
        phases: 1,
        entryStride: rows * taps,
        tapTable: at.table,
        source,
        cols,
        ...kernel,
      };
      const back = { ...x, entries: at.tEntries, counts: at.tCounts };
      compute(
        flatOp("transposeConv", CHANNELS, { ...turned, ...geometry, ...bytes, entries, counts }),
        flatOp("convSparse", 1, { ...back, entryStride: rows * taps }),
      );
      const pair = { entries, counts: pairCounts, entryStride: CHANNELS };
      compute(
        flatOp("compressPairs", rows, {
          theta,
          entries,
          pairCounts,
          counts,
          changed,
          rows,
          inner: CHANNELS,
          taps,
          ...bytes,
        }),
        flatOp("convPairs", 1, { ...x, ...pair }),
        flatOp("convPairsWeightGrad", rows, { ...grad, ...pair }),
      );
      compute(
        flatOp("transposePairs", CHANNELS, { ...turned, ...bytes, entries, pairCounts }),
        flatOp("convPairs", 1, { ...back, entryStride: rows }),
      );
      for (const numbers of found) expect(numbers.some((value) => value !== 0)).toBe(true);
      results.push(found);
    }
    expect(results[1]).toEqual(results[0]);
  });

  test("planes that are read or written far apart", async () => {
    const results = [];
    for (const plane of PLANES) {
      const { at, floats, ints, run } = await tensors(variant, {
        ...{
          near: CHANNELS * USED * TILE,
          out: CHANNELS * USED * TILE,
          numbers: 4 * CHANNELS,
          moments: 4 * CHANNELS,
        },
        ...{ counts: 1, far: (2 * plane + USED) * TILE },
      });
      const random = seeded(4);
      const numbers = random.floats(CHANNELS * USED * TILE);
      floats("near").set(random.floats(CHANNELS * USED * TILE));
      floats("numbers").set(random.floats(4 * CHANNELS).map((value) => 1.5 + value));
      ints("counts")[0] = TILE;
      const found: number[][] = [];
      const { near, far, out, counts, moments, numbers: at4 } = at;
      const whole = {
        tiles: 1,
        channels: CHANNELS,
        height: 4,
        width: ROW,
        accumulate: 0,
        epilogue: 0,
        residual: 0,
        signs: 0,
      };
      const [close, wide] = [strides(USED), strides(plane)];
      const each = (kernel: Op["kernel"], args: Record<string, number>) => {
        spread(channels(plane), numbers, floats("far"), TILE);
        floats("out").fill(0);
        run(flatOp(kernel, CHANNELS, { ...whole, ...args }));
        found.push([...floats("out")], gathered(channels(plane), floats("far"), TILE), [
          ...floats("moments"),
        ]);
      };
      const inward = { x: far, y: out, ...prefixed("x", wide), ...prefixed("y", close) };
      const outward = { x: near, y: far, ...prefixed("x", close), ...prefixed("y", wide) };
      const window = {
        height: 2,
        width: 2,
        inHeight: 4,
        inWidth: ROW,
        windowHeight: 2,
        windowWidth: 2,
        windowDown: 2,
        windowAcross: 2,
        windowTop: 0,
        windowLeft: 0,
        relu: 0,
        how: 0,
      };
      const scale = {
        stats: at4,
        gamma: at4,
        beta: at4,
        residualTile: 0,
        residualPlane: 0,
        residualRow: 0,
      };
      const back = window;
      for (const places of [inward, outward]) {
        each("copyPlanes", places);
        each("addScaled", { ...places, scalars: at4, index: 0 });
        each("activation", { ...places, kind: 2, slope: 0 });
        each("batchNormApply", { ...places, ...scale });
        each("maxPool", { ...places, ...window });
        each("avgPool", { ...places, ...window });
      }
      each("planeMoments", { ...inward, moments, counts });
      const toBack = { ...prefixed("dy", close), ...prefixed("dx", wide) };
      const toFront = { ...prefixed("x", close), ...prefixed("y", close) };
      each("maxPoolGrad", { ...back, ...toFront, ...toBack, x: near, y: out, dy: near, dx: far });
      each("avgPoolGrad", { ...back, ...toBack, dy: near, dx: far });
      results.push(found);
    }
    expect(results[1]).toEqual(results[0]);
  });
});
