import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { op } from "#bregman/runtime/kernel-table.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { createPool, type Pool, type PoolOptions } from "#bregman/runtime/pool.js";
import { writeProgram, type Program } from "#bregman/runtime/program.js";
import { firstDifference } from "../support/compare.js";
import { seeded } from "../support/random.js";
import { nodeInCopy } from "../support/without-addon.js";

const backends: readonly PoolOptions[] = [
  ...nativeVariants().variants.map((isa) => ({ backend: "native" as const, isa })),
  { backend: "wasm" },
];

async function withPool<R>(options: PoolOptions, body: (pool: Pool) => R): Promise<R> {
  const pool = await createPool(options);
  try {
    return body(pool);
  } finally {
    await pool.close();
  }
}

/**
 * A program that copies `head` to `tail` through `length` buffers. Ops differ in how they split the
 * tiles, so that a thread needs what others have just written: a barrier that lets one through
 * early leaves an old tile behind.
 */
function chain(
  pool: Pool,
  tiles: number,
  length: number,
): { program: Program; head: Float32Array; tail: Float32Array } {
  const buffers = Array.from({ length: length + 1 }, () => pool.memory.allocate(tiles * 64));
  const share = pool.memory.put(Float32Array.of(1));
  const ops = buffers.slice(1).map((sum, i) => {
    const [rows, cols] = i % 2 ? [1, tiles * 16] : [tiles, 16];
    return op(
      "sumGradient",
      rows,
      { g: buffers[i]!, sum, share, first: 1, rows, cols },
      1 + (i % 3),
    );
  });
  return {
    program: writeProgram(pool.memory, ops),
    head: pool.memory.f32(buffers[0]!, tiles * 16),
    tail: pool.memory.f32(buffers[length]!, tiles * 16),
  };
}

describe.each(backends)("$backend $isa", (options) => {
  test.each([
    [10_000, 1],
    [10_000, 2],
    [1_000, 4],
  ])("%i tiny programs on %i threads, each done when run returns", async (runs, threads) => {
    await withPool({ ...options, threads }, (pool) => {
      const { program, head, tail } = chain(pool, 8, 3);
      for (let run = 1; run <= runs; run++) {
        head.fill(run);
        pool.run(program);
        for (let i = 0; i < tail.length; i += 16)
          if (tail[i] !== run) throw new Error(`run ${run}: tile ${i / 16} is old`);
      }
      expect(tail.every((x) => x === runs)).toBe(true);
    });
  });

  test("an empty program before each leaves the next one whole", async () => {
    await withPool({ ...options, threads: 2 }, (pool) => {
      const empty = writeProgram(pool.memory, []);
      const { program, head, tail } = chain(pool, 4, 2);
      for (let run = 1; run <= 20_000; run++) {
        head.fill(run);
        pool.run(empty);
        pool.run(program);
        if (tail.some((x) => x !== run)) throw new Error(`run ${run}: ${tail}`);
      }
    });
  });

  test("more threads than cores, and than rows: every op waits for the one before", async () => {
    await withPool({ ...options, threads: 5 }, (pool) => {
      const { program, head, tail } = chain(pool, 3, 200);
      for (let run = 1; run <= 50; run++) {
        head.fill(run);
        pool.run(program);
        expect(tail.every((x) => x === run)).toBe(true);
      }
    });
  });

  test("same bits for 1, 2 and 3 threads", async () => {
    const [one, ...others] = await Promise.all(
      [1, 2, 3].map((threads) => withPool({ ...options, threads }, lossOfRandomBatch)),
    );
    for (const other of others) expect(firstDifference(other, one!)).toBe(-1);
  });

  test("a word that is no kernel stops all threads, and run says which op", async () => {
    await withPool({ ...options, threads: 3 }, (pool) => {
      const { program } = chain(pool, 8, 3);
      pool.memory.i32(program.offset + 128, 1)[0] = 99;
      expect(() => pool.run(program)).toThrow("cannot run a program: op 1 names no kernel");
      expect(() => pool.run(program)).toThrow("op 1 names no kernel");
    });
  });
});

/** Logits through gather and cross-entropy: gradients and sums of 200 samples. */
function lossOfRandomBatch({ memory, run }: Pool): Float32Array {
  const random = seeded(7);
  const tiles = 13;
  const classes = 33;
  const indices = Int32Array.from({ length: tiles * 16 }, (_, i) =>
    i < 200 ? random.int(500) : -1,
  );
  const logits = memory.allocate(tiles * classes * 64);
  const grad = memory.allocate(tiles * classes * 64);
  const partial = memory.allocate(tiles * 8);
  const at = memory.put(indices);
  run(
    writeProgram(memory, [
      op("gatherF32", tiles, {
        data: memory.put(random.floats(500 * classes, -9, 9)),
        indices: at,
        out: logits,
        rowsOut: 0,
        features: classes,
        rowStride: 0,
      }),
      op("crossEntropy", tiles, {
        logits,
        labels: memory.put(Int32Array.from({ length: 500 }, () => random.int(classes))),
        indices: at,
        grad,
        partial,
        counts: memory.put(Int32Array.of(200)),
        classes,
        smoothing: 0,
        weights: 0,
      }),
    ]),
  );
  return Float32Array.of(
    ...memory.f32(grad, tiles * classes * 16),
    ...memory.f32(partial, tiles * 2),
  );
}

test.each([0, -1, 1.5, NaN, 257])("%f threads is an InputError", async (threads) => {
  await expect(createPool({ threads })).rejects.toThrow(
    new InputError(
      `cannot start a pool: threads must be an integer from 1 to 256, found ${threads}`,
    ),
  );
});

test("a closed pool says so", async () => {
  const pool = await createPool({ threads: 2 });
  const program = writeProgram(pool.memory, []);
  await pool.close();
  await pool.close();
  expect(() => pool.run(program)).toThrow(
    new InputError("cannot run a program: the pool is closed"),
  );
});

test("a wasm thread that leaves the memory fails in run, with its message, and nobody hangs", async () => {
  // Each worker gets one row; the row of one of the threads is outside the memory.
  await withPool({ backend: "wasm", threads: 2, maxBytes: 2 ** 21 }, (pool) => {
    const places = { g: 65536, sum: 2 ** 22, share: 65536 };
    const program = writeProgram(pool.memory, [
      op("sumGradient", 2, { ...places, first: 1, rows: 2, cols: 16 }),
    ]);
    expect(() => pool.run(program)).toThrow(
      /cannot run a program: RuntimeError: memory access out of bounds/,
    );
  });
});

test("the memory of a pool that has ended well is that of the next; of a broken one it is not", async () => {
  const options = { backend: "wasm", threads: 2, maxBytes: 2 ** 22 } as const;
  const memoryOf = (body: (pool: Pool) => void = () => {}) =>
    withPool(options, (pool) => {
      body(pool);
      return pool.memory.wasm;
    });
  const first = await memoryOf();
  const outside = ({ memory, run }: Pool) => {
    const places = { g: 65536, sum: 2 ** 23, share: 65536 };
    const program = writeProgram(memory, [
      op("sumGradient", 2, { ...places, first: 1, rows: 2, cols: 16 }),
    ]);
    expect(() => run(program)).toThrow("cannot run a program");
  };
  expect(await memoryOf(outside)).toBe(first);
  expect(await memoryOf()).not.toBe(first);
});

test("workers don't keep the process alive", () => {
  const script = `
    import { createPool } from "./dist/runtime/pool.js";
    const pool = await createPool({ backend: "wasm", threads: 2 });
    console.log(pool.threads);`;
  expect(nodeInCopy(script)).toBe("2\n");
});

test("a worker that has died breaks the pool, and run says why instead of waiting for it", () => {
  const script = `
    import { writeFileSync } from "node:fs";
    writeFileSync("dist/runtime/pool-worker.js", \`
      import { parentPort } from "node:worker_threads";
      parentPort.once("message", () => parentPort.postMessage("ready"));
      setTimeout(() => { throw new Error("out of luck"); }, 50);\`);
    const { createPool } = await import("./dist/runtime/pool.js");
    const pool = await createPool({ backend: "wasm", threads: 2 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    try { pool.run({ offset: 64, length: 0 }); } catch (error) { console.log(error.message); }`;
  expect(nodeInCopy(script)).toBe("cannot run a program: worker 1 died: out of luck\n");
});

test("without the workers' file one thread computes, unless more were asked for", () => {
  const script = `
    import { rmSync } from "node:fs";
    import os from "node:os";
    import { createPool } from "./dist/runtime/pool.js";
    os.availableParallelism = () => 2;
    rmSync("dist/runtime/pool-worker.js");
    const { threads, reason } = await createPool({ backend: "wasm" });
    console.log(threads, reason);
    console.log(await createPool({ backend: "wasm", threads: 2 }).catch((e) => e.message));`;
  const [fallback, asked] = nodeInCopy(script).split("\n");
  const fault =
    /cannot start worker 1: there is no file:.*pool-worker\.js; if bregman is in a bundle, keep it external.*/;
  expect(fallback).toMatch(new RegExp(`^1 asked for; one thread: ${fault.source}$`));
  expect(asked).toMatch(new RegExp(`^${fault.source}$`));
});

test("flags of the process that make no sense for a worker's file don't reach it", () => {
  const pool = new URL("../../dist/runtime/pool.js", import.meta.url).href;
  const script = `import { createPool } from ${JSON.stringify(pool)};
    const pool = await createPool({ threads: 2 });
    console.log(pool.threads);
    await pool.close();`;
  const run = (...args: string[]) =>
    execFileSync(process.execPath, args, { input: script, encoding: "utf8" });
  expect(run("--input-type=module", "-e", script)).toBe("2\n");
  expect(run("--input-type=module", "-")).toBe("2\n");
});

test("a worker that can't start is a rejected promise", () => {
  const script = `
    import { writeFileSync } from "node:fs";
    writeFileSync("dist/runtime/pool-worker.js", "throw new Error('no luck')");
    const { createPool } = await import("./dist/runtime/pool.js");
    console.log(await createPool({ backend: "wasm", threads: 3 }).catch((e) => e.message));`;
  expect(nodeInCopy(script)).toMatch(/^cannot start worker \d: no luck\n$/);
});
