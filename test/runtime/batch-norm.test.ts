import { describe, expect, test } from "vitest";
import { op, TILE } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";
import * as truth from "../reference/batch-norm.js";
import { maxError } from "../support/compare.js";
import {
  imageSize,
  planesOf,
  putPlanes,
  readPlanes,
  roomPlanes,
  SHAPES,
  sizes,
  strides,
  type Planes,
} from "../support/image-tensors.js";
import { seeded } from "../support/random.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, runOps, scoped, type Scope } from "../support/run-op.js";

const EPS = 1e-5;
const MOMENTUM = 0.1;
const shapeOf = (p: Planes): truth.ImageShape => ({ ...p, size: p.height * p.width });

/** Runs planeMoments and batchNormStats; `calls`: "one" makes each a single call. */
function stats(
  pool: Pool,
  scope: Scope,
  p: Planes,
  x: number,
  {
    running = scope.room(2 * p.channels),
    calls = "many",
  }: { running?: number; calls?: "one" | "many" } = {},
): number {
  const out = scope.room(2 * p.channels, NaN);
  const moments = scope.room(4 * p.units, NaN);
  const settings = scope.put(Float32Array.of(MOMENTUM, EPS));
  const counts = scope.put(Int32Array.of(p.samples));
  const { tiles, channels, height, width } = p;
  const finish = {
    moments,
    stats: out,
    running,
    settings,
    counts,
    tiles,
    channels,
    positions: height * width,
  };
  runOps(pool, [
    flatOp(
      "planeMoments",
      p.units,
      { x, moments, counts, ...sizes(p), ...strides("x", p) },
      calls === "one" ? p.units : 1,
    ),
    op("batchNormStats", channels, finish, calls === "one" ? channels : 1),
  ]);
  return out;
}

/**
 * Signs as batchNormApply keeps them: u16 [tiles][channels][height * width], a bit a lane; random
 * ones in absent lanes.
 */
function signsOf(
  p: Planes,
  positive: (index: number) => boolean,
  absent: () => boolean,
): Uint16Array {
  const size = p.height * p.width;
  return Uint16Array.from({ length: p.units * size }, (_, place) => {
    const [unit, position] = [Math.floor(place / size), place % size];
    const [tile, c] = [Math.floor(unit / p.channels), unit % p.channels];
    let set = 0;
    for (let lane = 0; lane < TILE; lane++) {
      const sample = tile * TILE + lane;
      const here =
        sample < p.samples ? positive((sample * p.channels + c) * size + position) : absent();
      if (here) set |= 1 << lane;
    }
    return set;
  });
}

const bytesOf = (words: Uint16Array): Uint8Array => new Uint8Array(words.buffer);

forEachBackend((_name, pool) => {
  describe.each(SHAPES)(
    "batch %i, %i channels of %i x %i, border %i",
    (samples, channels, height, width, pad) => {
      const p = planesOf(samples, channels, height, width, { pad });
      const dense = planesOf(samples, channels, height, width, { spareChannels: 1 });
      const random = seeded(samples * 7 + width);
      const x = random.floats(samples * imageSize(p), -2, 3);
      const n = samples * height * width;

      test("statistics, running statistics, and their folding", () => {
        scoped(pool, (scope) => {
          const { mean, variance } = truth.moments(x, shapeOf(p));
          const before = random.floats(2 * channels, 0.5, 1);
          const running = scope.put(before);
          const at = putPlanes(scope, p, x);
          const found = scope.read(stats(pool, scope, p, at, { running }), 2 * channels);
          expect(maxError(found.subarray(0, channels), mean)).toBeLessThan(3e-7);
          const invstd = variance.map((v) => 1 / Math.sqrt(v + EPS));
          found
            .subarray(channels)
            .forEach((v, c) => expect(Math.abs(v / invstd[c]! - 1)).toBeLessThan(1e-6));
          const unbiased = variance.map((v) => (v * n) / Math.max(n - 1, 1));
          const moved = [...mean, ...unbiased].map(
            (v, i) => before[i]! + MOMENTUM * (v - before[i]!),
          );
          expect(maxError(scope.read(running, 2 * channels), moved)).toBeLessThan(1e-6);
          // All channels in one call give the same bits.
          expect(scope.read(stats(pool, scope, p, at, { calls: "one" }), 2 * channels)).toEqual(
            found,
          );

          const folded = scope.room(2 * channels, NaN);
          const settings = scope.put(Float32Array.of(MOMENTUM, EPS));
          runOps(pool, [
            op("batchNormFold", channels, { running, stats: folded, settings, channels }),
          ]);
          const now = scope.read(running, 2 * channels);
          const expected = now.map((v, i) =>
            i < channels ? v : 1 / Math.sqrt(v + Math.fround(EPS)),
          );
          expect(maxError(scope.read(folded, 2 * channels), expected)).toBeLessThan(1e-7);
        });
      });

      test.each([
        [false, false, false],
        [true, false, false],
        [false, true, false],
        [true, true, false],
        [false, true, true],
        [true, true, true],
      ])("normalised: residual %s, ReLU %s, signs kept %s", (hasResidual, relu, keepsSigns) => {
        scoped(pool, (scope) => {
          const [mean, invstd, gamma, beta] = [0, 1, 2, 3].map(() =>
            random.floats(channels, 0.5, 2),
          );
          const residual = hasResidual ? random.floats(x.length) : undefined;
          const y = roomPlanes(scope, p);
          const args = {
            x: putPlanes(scope, dense, x),
            stats: scope.put(Float32Array.of(...mean!, ...invstd!)),
            gamma: scope.put(gamma!),
            beta: scope.put(beta!),
            residual: residual ? putPlanes(scope, p, residual) : 0,
            y,
            ...sizes(p),
            epilogue: relu ? 1 : 0,
            ...strides("x", dense),
            ...strides("residual", p),
            ...strides("y", p),
            signs: keepsSigns ? scope.room(Math.ceil((p.units * height * width) / 2)) : 0,
          };
          runOps(pool, [flatOp("batchNormApply", p.units, args)]);
          const found = readPlanes(scope, p, y);
          const parts = { mean: mean!, invstd: invstd!, gamma: gamma!, beta: beta! };
          const expected = truth.normalize(x, shapeOf(p), parts, { residual, relu });
          expect(maxError(found.values, expected)).toBeLessThan(4e-6);
          expect(found.bordersKept).toBe(true);
          if (!keepsSigns) return;
          // Absent lanes were normalised from NaN, which is not positive.
          const signs = signsOf(
            p,
            (i) => found.values[i]! > 0,
            () => false,
          );
          expect(pool.memory.u8(args.signs, signs.byteLength)).toEqual(bytesOf(signs));
        });
      });

      test.each([
        [false, "elsewhere"],
        [true, "elsewhere"],
        [true, "in place"],
      ])("gradients: signs %s, written %s", (hasSigns, where) => {
        scoped(pool, (scope) => {
          const gamma = random.floats(channels, 0.5, 2);
          const dy = random.floats(x.length);
          const positive = Array.from(x, () => random.next() < 0.6);
          const at = putPlanes(scope, p, x);
          // Absent lanes of the incoming gradient hold garbage here, too.
          const dyAt = putPlanes(scope, dense, dy);
          const signs = signsOf(
            p,
            (i) => positive[i]!,
            () => random.next() < 0.5,
          );
          const [dgammaAt, dbetaAt] = [scope.room(channels, NaN), scope.room(channels, NaN)];
          const shared = {
            dy: dyAt,
            x: at,
            stats: stats(pool, scope, p, at),
            ...strides("dy", dense),
            ...strides("x", p),
          };
          const counts = scope.put(Int32Array.of(samples));
          const sums = scope.room(4 * p.units, NaN);
          const reduce = {
            ...shared,
            signs: hasSigns ? scope.put(bytesOf(signs)) : 0,
            sums,
            counts,
            ...sizes(p),
          };
          const finish = {
            sums,
            stats: shared.stats,
            dgamma: dgammaAt,
            dbeta: dbetaAt,
            tiles: p.tiles,
            channels,
          };
          const dx = where === "in place" ? dyAt : roomPlanes(scope, p);
          const to = where === "in place" ? dense : p;
          const apply = {
            ...shared,
            gamma: scope.put(gamma),
            dgamma: dgammaAt,
            dbeta: dbetaAt,
            dx,
            counts,
            ...sizes(p),
          };
          runOps(pool, [
            flatOp("batchNormGradReduce", p.units, reduce),
            op("batchNormGradSum", channels, finish),
          ]);
          const masked = dy.map((v, i) => (hasSigns && !positive[i]! ? 0 : v));
          const left = readPlanes(scope, dense, dyAt);
          expect(left.values).toEqual(masked);
          expect(left.absent.every((v) => (hasSigns ? v === 0 : Number.isNaN(v)))).toBe(true);
          expect(left.bordersKept).toBe(true);
          const [dgamma, dbeta] = [scope.read(dgammaAt, channels), scope.read(dbetaAt, channels)];
          // All in one call gives the same bits (what is masked stays masked).
          runOps(pool, [
            flatOp("batchNormGradReduce", p.units, reduce, p.units),
            op("batchNormGradSum", channels, finish, channels),
          ]);
          expect(scope.read(dgammaAt, channels)).toEqual(dgamma);
          expect(scope.read(dbetaAt, channels)).toEqual(dbeta);

          runOps(pool, [flatOp("batchNormGradApply", p.units, { ...apply, ...strides("dx", to) })]);
          const expected = truth.gradients(x, masked, shapeOf(p), gamma, EPS);
          // One position in a channel has variance 0 and invstd 316: nothing but rounding, times
          // that.
          const scale = n === 1 ? 400 : 1;
          expect(maxError(dgamma, expected.dgamma)).toBeLessThan(2e-6 * Math.sqrt(n) * scale);
          expect(maxError(dbeta, expected.dbeta)).toBeLessThan(1e-6 * Math.sqrt(n));
          const found = readPlanes(scope, to, dx);
          expect(maxError(found.values, expected.dx)).toBeLessThan(4e-6 * scale);
          expect(found.absent.every((v) => v === 0)).toBe(true);
          expect(found.bordersKept).toBe(true);
        });
      });
    },
  );

  test.each([
    ["mean 1e3, deviation 1", 1000, 1],
    ["mean -3e4, deviation 0.5", -3e4, 0.5],
    ["mean 1e-3, deviation 1e-6", 1e-3, 1e-6],
  ])("variance is right for %s", (_what, center, deviation) => {
    const p = planesOf(40, 1, 9, 33, { pad: 1 });
    const random = seeded(5);
    const x = Float32Array.from(
      { length: 40 * imageSize(p) },
      () => center + deviation * (random.next() * 2 - 1),
    );
    scoped(pool, (scope) => {
      const { mean, variance } = truth.moments(x, shapeOf(p));
      const running = scope.put(Float32Array.of(0, 0));
      const found = scope.read(stats(pool, scope, p, putPlanes(scope, p, x), { running }), 2);
      expect(Math.abs(found[0]! / mean[0]! - 1)).toBeLessThan(1e-7);
      const n = x.length;
      const unbiased = scope.read(running, 2)[1]! / Math.fround(MOMENTUM);
      expect(Math.abs(unbiased / ((variance[0]! * n) / (n - 1)) - 1)).toBeLessThan(1e-6);
    });
  });

  test("variance is right where the first position of every row is an outlier, or all values are one", () => {
    const p = planesOf(17, 1, 6, 70);
    const random = seeded(6);
    scoped(pool, (scope) => {
      const x = random.floats(17 * imageSize(p)).map((v, i) => (i % 70 === 0 ? 1e5 : v));
      const { variance } = truth.moments(x, shapeOf(p));
      const found = scope.read(stats(pool, scope, p, putPlanes(scope, p, x)), 2);
      expect(Math.abs(found[1]! * Math.sqrt(variance[0]!) - 1)).toBeLessThan(1e-6);
      const flat = scope.read(stats(pool, scope, p, putPlanes(scope, p, x.fill(0.1))), 2);
      expect([...flat]).toEqual([Math.fround(0.1), Math.fround(1 / Math.sqrt(Math.fround(EPS)))]);
    });
  });

  test("a NaN in the data is a NaN in the statistics of its channel alone", () => {
    const p = planesOf(17, 2, 3, 3);
    scoped(pool, (scope) => {
      const x = new Float32Array(17 * imageSize(p)).fill(1);
      x[11] = NaN;
      const found = scope.read(stats(pool, scope, p, putPlanes(scope, p, x)), 4);
      expect([...found].map(Number.isNaN)).toEqual([false, true, false, true]);
    });
  });
});
