import { describe, expect, test } from "vitest";
import { op } from "#bregman/runtime/kernel-table.js";
import type { Pool } from "#bregman/runtime/pool.js";
import * as truth from "../reference/batch-norm.js";
import { maxError } from "../support/compare.js";
import {
  geometry,
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
import { forEachBackend, runOps, scoped, type Scope } from "../support/run-op.js";

const EPS = 1e-5;
const MOMENTUM = 0.1;
const shapeOf = (p: Planes): truth.ImageShape => ({ ...p, size: p.height * p.width });

/** Runs batchNormStats; grain = channels makes it one call. */
function stats(pool: Pool, scope: Scope, p: Planes, x: number, running = 0, grain = 1): number {
  const out = scope.room(2 * p.channels, NaN);
  const settings = scope.put(Float32Array.of(MOMENTUM, EPS));
  const counts = scope.put(Int32Array.of(p.samples));
  const args = { x, stats: out, running, settings, counts, ...sizes(p), ...strides("x", p) };
  runOps(pool, [op("batchNormStats", p.channels, args, grain)]);
  return out;
}

forEachBackend((_name, pool) => {
  describe.each(SHAPES)("batch %i, %i channels of %i x %i, border %i", (samples, channels, height, width, pad) => {
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
        const found = scope.read(stats(pool, scope, p, at, running), 2 * channels);
        expect(maxError(found.subarray(0, channels), mean)).toBeLessThan(3e-7);
        const invstd = variance.map((v) => 1 / Math.sqrt(v + EPS));
        found.subarray(channels).forEach((v, c) => expect(Math.abs(v / invstd[c]! - 1)).toBeLessThan(1e-6));
        const unbiased = variance.map((v) => (v * n) / Math.max(n - 1, 1));
        const moved = [...mean, ...unbiased].map((v, i) => before[i]! + MOMENTUM * (v - before[i]!));
        expect(maxError(scope.read(running, 2 * channels), moved)).toBeLessThan(1e-6);
        // All channels in one call give the same bits.
        expect(scope.read(stats(pool, scope, p, at, 0, channels), 2 * channels)).toEqual(found);

        const folded = scope.room(2 * channels, NaN);
        const settings = scope.put(Float32Array.of(MOMENTUM, EPS));
        runOps(pool, [op("batchNormFold", channels, { running, stats: folded, settings, channels })]);
        const now = scope.read(running, 2 * channels);
        const expected = now.map((v, i) => (i < channels ? v : 1 / Math.sqrt(v + Math.fround(EPS))));
        expect(maxError(scope.read(folded, 2 * channels), expected)).toBeLessThan(1e-7);
      });
    });

    test.each([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])("normalised: residual %s, ReLU %s", (hasResidual, relu) => {
      scoped(pool, (scope) => {
        const [mean, invstd, gamma, beta] = [0, 1, 2, 3].map(() => random.floats(channels, 0.5, 2));
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
        };
        runOps(pool, [op("batchNormApply", p.units, args)]);
        const found = readPlanes(scope, p, y);
        const parts = { mean: mean!, invstd: invstd!, gamma: gamma!, beta: beta! };
        const expected = truth.normalize(x, shapeOf(p), parts, { residual, relu });
        expect(maxError(found.values, expected)).toBeLessThan(4e-6);
        expect(found.bordersKept).toBe(true);
      });
    });

    test.each([
      [false, "none"],
      [true, "none"],
      [true, "written"],
      [false, "added"],
      [true, "added"],
      [true, "alone"],
    ])("gradients: mask %s, residual's gradient %s", (hasMask, residual) => {
      scoped(pool, (scope) => {
        const gamma = random.floats(channels, 0.5, 2);
        const dy = random.floats(x.length);
        const mask = hasMask ? random.floats(x.length) : undefined;
        const before = random.floats(x.length);
        const at = putPlanes(scope, p, x);
        const args = {
          // Absent lanes of the incoming gradient hold garbage here, too.
          dy: putPlanes(scope, dense, dy),
          mask: mask ? putPlanes(scope, p, mask) : 0,
          x: at,
          stats: stats(pool, scope, p, at),
          dgamma: scope.room(channels, NaN),
          dbeta: scope.room(channels, NaN),
          counts: scope.put(Int32Array.of(samples)),
          ...sizes(p),
        };
        const reduce = { ...args, ...strides("dy", dense), ...strides("mask", p), ...strides("x", p) };
        const dx = roomPlanes(scope, p);
        const dResidual = residual === "none" ? 0 : putPlanes(scope, dense, before, 0);
        const apply = {
          ...args,
          gamma: scope.put(gamma),
          dx: residual === "alone" ? 0 : dx,
          dResidual,
          accumulate: residual === "added" ? 1 : 0,
          geometry: scope.put(geometry(dense, p, p, p, dense)),
        };
        runOps(pool, [op("batchNormGradReduce", channels, reduce), op("batchNormGradApply", p.units, apply)]);
        const masked = dy.map((v, i) => (mask && mask[i]! <= 0 ? 0 : v));
        const expected = truth.gradients(x, masked, shapeOf(p), gamma, EPS);
        const dgamma = scope.read(args.dgamma, channels);
        const dbeta = scope.read(args.dbeta, channels);
        // One position in a channel has variance 0 and invstd 316: nothing but rounding, times that.
        const scale = n === 1 ? 400 : 1;
        expect(maxError(dgamma, expected.dgamma)).toBeLessThan(2e-6 * Math.sqrt(n) * scale);
        expect(maxError(dbeta, expected.dbeta)).toBeLessThan(1e-6 * Math.sqrt(n));
        const found = readPlanes(scope, p, dx);
        if (residual === "alone") expect(found.values.every(Number.isNaN)).toBe(true);
        else {
          expect(maxError(found.values, expected.dx)).toBeLessThan(4e-6 * scale);
          expect(found.absent.every((v) => v === 0)).toBe(true);
        }
        expect(found.bordersKept).toBe(true);
        if (dResidual) {
          const sum = masked.map((v, i) => (residual === "added" ? before[i]! + v : v));
          const found = readPlanes(scope, dense, dResidual);
          expect(maxError(found.values, sum)).toBe(0);
          expect(found.absent.every((v) => v === 0)).toBe(true);
          expect(found.bordersKept).toBe(true);
        }
        // All channels in one call give the same bits.
        runOps(pool, [op("batchNormGradReduce", channels, reduce, channels)]);
        expect(scope.read(args.dgamma, channels)).toEqual(dgamma);
        expect(scope.read(args.dbeta, channels)).toEqual(dbeta);
      });
    });
  });

  test.each([
    ["mean 1e3, deviation 1", 1000, 1],
    ["mean -3e4, deviation 0.5", -3e4, 0.5],
    ["mean 1e-3, deviation 1e-6", 1e-3, 1e-6],
  ])("variance is right for %s", (_what, center, deviation) => {
    const p = planesOf(40, 1, 9, 33, { pad: 1 });
    const random = seeded(5);
    const x = Float32Array.from({ length: 40 * imageSize(p) }, () => center + deviation * (random.next() * 2 - 1));
    scoped(pool, (scope) => {
      const { mean, variance } = truth.moments(x, shapeOf(p));
      const running = scope.put(Float32Array.of(0, 0));
      const found = scope.read(stats(pool, scope, p, putPlanes(scope, p, x), running), 2);
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
