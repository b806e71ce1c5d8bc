/* oxlint-disable unicorn/no-useless-spread -- keeps several argument names on a line */
import { expect, test } from "vitest";
import { WHOLE_SHARES, type Op } from "#bregman/runtime/kernel-table.js";
import { createMemory } from "#bregman/runtime/memory.js";
import { createPool } from "#bregman/runtime/pool.js";
import { writeProgram } from "#bregman/runtime/program.js";
import { flatOp } from "../support/flat-op.js";
import { forEachBackend, scoped } from "../support/run-op.js";

/** y = x, plane by plane of one position. */
const copy = (x: number, y: number, tiles: number, channels = 1): Op =>
  flatOp("copyPlanes", tiles * channels, {
    ...{ x, y, tiles, channels, height: 1, width: 1, accumulate: 0 },
    ...{ xTile: channels * 16, xPlane: 16, xRow: 16, yTile: channels * 16, yPlane: 16, yRow: 16 },
  });
/** The same in one row a tile: planes of 3 positions. */
const wide = (x: number, y: number, tiles: number): Op =>
  flatOp("copyPlanes", tiles, {
    ...{ x, y, tiles, channels: 1, height: 1, width: 3, accumulate: 0 },
    ...{ xTile: 48, xPlane: 48, xRow: 48, yTile: 48, yPlane: 48, yRow: 48 },
  });
const one = copy(64, 64, 1);

forEachBackend((_name, pool) => {
  test("ops run in order, each after the one before is done by all threads", () => {
    scoped(pool, ({ room, read }) => {
      // Each op moves the ramp one place on: out of order, or before a neighbour is done, a place
      // would be missed.
      const steps = 50;
      const tiles = 64;
      const buffers = Array.from({ length: steps + 1 }, () => room(tiles * 16));
      pool.memory.f32(buffers[0]!, tiles * 16).forEach((_, i, x) => (x[i] = i + 1));
      const ops = buffers.slice(1).map((y, i) => copy(buffers[i]!, y, tiles));
      pool.run(writeProgram(pool.memory, ops));
      expect(read(buffers[steps]!, tiles * 16)).toEqual(
        Float32Array.from({ length: tiles * 16 }, (_, i) => i + 1),
      );
    });
  });

  test.each([1, 3, 64])("in whole shares, %i rows are all done", (tiles) => {
    scoped(pool, ({ put, room, read }) => {
      const ramp = Float32Array.from({ length: tiles * 16 }, (_, i) => i + 1);
      const y = room(tiles * 16);
      pool.run(writeProgram(pool.memory, [{ ...copy(put(ramp), y, tiles), grain: WHOLE_SHARES }]));
      expect(read(y, tiles * 16)).toEqual(ramp);
    });
  });

  test("an empty program and an op without rows do nothing", () => {
    scoped(pool, ({ put, read }) => {
      const x = put(new Float32Array(16).fill(-1));
      const y = put(new Float32Array(16).fill(-2));
      pool.run(writeProgram(pool.memory, []));
      pool.run(writeProgram(pool.memory, [{ ...copy(x, y, 1), rows: 0 }]));
      pool.run(writeProgram(pool.memory, [{ ...copy(x, y, 1), rows: 0, grain: WHOLE_SHARES }]));
      expect(read(y, 16)).toEqual(new Float32Array(16).fill(-2));
    });
  });

  test.each([1, 2, 8, 64])("joined ops give the same in %i parts", (parts) => {
    scoped(pool, ({ room, read }) => {
      // The ramp moves from buffer to buffer, in ops of 3 rows a tile and of 1: a part that came
      // too early would move zeros.
      const tiles = 64;
      const floats = tiles * 3 * 16;
      const buffers = Array.from({ length: 7 }, () => room(floats));
      pool.memory.f32(buffers[0]!, floats).forEach((_, i, x) => (x[i] = i + 1));
      const ops = buffers.slice(1).map((y, k): Op => {
        const step = k % 2 === 0 ? copy(buffers[k]!, y, tiles, 3) : wide(buffers[k]!, y, tiles);
        // Two chains of three.
        return k % 3 === 0 ? step : { ...step, parts };
      });
      pool.run(writeProgram(pool.memory, ops));
      expect(read(buffers[6]!, floats)).toEqual(
        Float32Array.from({ length: floats }, (_, i) => i + 1),
      );
    });
  });
});

test("one thread runs a chain part by part", async () => {
  const pool = await createPool({ threads: 1, backend: "wasm" });
  const x = pool.memory.put(Float32Array.from({ length: 64 }, (_, i) => i + 1));
  const [y, z] = [pool.memory.allocate(256), pool.memory.allocate(256)];
  // The second op reads y a tile ahead of its own place, where the first one has written nothing
  // yet.
  const ahead = { ...copy(y + 64, z, 3), parts: 3 };
  pool.run(writeProgram(pool.memory, [copy(x, y, 3), ahead]));
  expect([...pool.memory.f32(z, 48)]).toEqual(Array.from({ length: 48 }, () => 0));
  pool.run(writeProgram(pool.memory, [copy(x, y, 3), { ...ahead, parts: 0 }]));
  expect([...pool.memory.f32(z, 48)]).toEqual(
    Array.from({ length: 48 }, (_, i) => (i < 32 ? i + 17 : 0)),
  );
  await pool.close();
});

test.each<[string, Op, RegExp]>([
  [
    "a kernel that isn't",
    { ...one, kernel: "nonsense" as "copyPlanes" },
    /op 1 \(nonsense\): there is no kernel/,
  ],
  [
    "negative rows",
    { ...one, rows: -1 },
    /op 1 \(copyPlanes\): rows must be an integer .* found -1/,
  ],
  ["a grain of 0", { ...one, grain: 0 }, /op 1 \(copyPlanes\): grain must be .* found 0/],
  [
    "a missing argument",
    { ...one, args: { x: one.args.x, y: one.args.y } },
    /argument tiles must be .* found undefined/,
  ],
  [
    "an argument that is no integer",
    { ...one, args: { ...one.args, width: 0.5 } },
    /argument width must be .* found 0.5/,
  ],
  [
    "parts that are no divisor of the rows",
    { ...copy(64, 64, 5), parts: 2 },
    /op 1 \(copyPlanes\): 5 rows joined to 1/,
  ],
  [
    "an argument beyond 32 bits",
    { ...one, args: { ...one.args, y: { at: 2 ** 32, tile: 0, plane: 0, row: 0 } } },
    /argument y.at must be .* found 4294967296/,
  ],
])("%s is an error that names the op", (_what, wrong, message) => {
  const memory = createMemory();
  expect(() => writeProgram(memory, [one, wrong])).toThrow(message);
});
