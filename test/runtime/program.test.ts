import { expect, test } from "vitest";
import { op, type Op } from "#bregman/runtime/kernel-table.js";
import { createMemory } from "#bregman/runtime/memory.js";
import { writeProgram } from "#bregman/runtime/program.js";
import { forEachBackend, scoped } from "../support/run-op.js";

const relu: Op = op("relu", 1, { x: 64, y: 64, length: 16 });

forEachBackend((_name, pool) => {
  test("ops run in order, each after the one before is done by all threads", () => {
    scoped(pool, ({ room, read }) => {
      // Each op moves the ramp one place on: out of order, or before a neighbour is done, a place would be missed.
      const steps = 50;
      const tiles = 64;
      const buffers = Array.from({ length: steps + 1 }, () => room(tiles * 16));
      pool.memory.f32(buffers[0]!, tiles * 16).forEach((_, i, x) => (x[i] = i + 1));
      const ops = buffers.slice(1).map((y, i) => op("relu", tiles, { x: buffers[i]!, y, length: 16 }));
      pool.run(writeProgram(pool.memory, ops));
      expect(read(buffers[steps]!, tiles * 16)).toEqual(Float32Array.from({ length: tiles * 16 }, (_, i) => i + 1));
    });
  });

  test("an empty program and an op without rows do nothing", () => {
    scoped(pool, ({ put, read }) => {
      const x = put(new Float32Array(16).fill(-1));
      pool.run(writeProgram(pool.memory, []));
      pool.run(writeProgram(pool.memory, [op("relu", 0, { x, y: x, length: 16 })]));
      expect(read(x, 16)).toEqual(new Float32Array(16).fill(-1));
    });
  });
});

test.each<[string, Op, RegExp]>([
  ["a kernel that isn't", { ...relu, kernel: "nonsense" as "relu" }, /op 1 \(nonsense\): there is no kernel/],
  ["negative rows", { ...relu, rows: -1 }, /op 1 \(relu\): rows must be an integer .* found -1/],
  ["a grain of 0", { ...relu, grain: 0 }, /op 1 \(relu\): grain must be .* found 0/],
  ["a missing argument", { ...relu, args: { x: 64, y: 64 } }, /argument length must be .* found undefined/],
  ["an argument that is no integer", { ...relu, args: { ...relu.args, x: 0.5 } }, /argument x must be .* found 0.5/],
  [
    "an argument beyond 32 bits",
    { ...relu, args: { ...relu.args, y: 2 ** 32 } },
    /argument y must be .* found 4294967296/,
  ],
])("%s is an error that names the op", (_what, wrong, message) => {
  const memory = createMemory();
  expect(() => writeProgram(memory, [relu, wrong])).toThrow(message);
});
