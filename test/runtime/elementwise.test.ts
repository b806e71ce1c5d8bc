import { expect, test } from "vitest";
import { op } from "#bregman/runtime/kernel-table.js";
import { forEachBackend, runOps, scoped } from "../support/run-op.js";

forEachBackend((_name, pool) => {
  test("relu: max(x, 0), and NaN stays NaN", () => {
    const tile = Float32Array.of(1, -1, 0, 1e-45, NaN, Infinity, -Infinity, -1e-45, ...Array<number>(24).fill(2));
    scoped(pool, ({ put, room, read }) => {
      const x = put(tile);
      const y = room(32);
      runOps(pool, [op("relu", 2, { x, y, length: 16 })]);
      expect(read(y, 32)).toEqual(tile.map((v) => Math.max(v, 0)));
    });
  });

  test("reluGrad: dy where y > 0, else 0", () => {
    scoped(pool, ({ put, room, read }) => {
      const dy = put(Float32Array.from({ length: 96 }, (_, i) => i - 20));
      const y = put(Float32Array.from({ length: 96 }, (_, i) => (i % 3) - 1));
      const dx = room(96, NaN);
      runOps(pool, [op("reluGrad", 3, { dy, y, dx, length: 32 })]);
      expect(read(dx, 96)).toEqual(Float32Array.from({ length: 96 }, (_, i) => (i % 3 === 2 ? i - 20 : 0)));
    });
  });
});
