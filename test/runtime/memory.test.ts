import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import { createMemory } from "#bregman/runtime/memory.js";

const MIB = 2 ** 20;

test("offsets are multiples of 64, never 0, and don't overlap", () => {
  const memory = createMemory();
  const sizes = [1, 64, 65, 0, 4096, 3];
  const offsets = sizes.map((bytes) => memory.allocate(bytes));
  offsets.forEach((offset, i) => {
    expect(offset % 64).toBe(0);
    expect(offset).toBeGreaterThan(0);
    if (i > 0) expect(offset).toBeGreaterThanOrEqual(offsets[i - 1]! + Math.max(1, sizes[i - 1]!));
  });
});

test("views stay valid, and see the same bytes, when the memory grows", () => {
  const memory = createMemory();
  const offset = memory.put(Float32Array.of(1, 2, 3));
  const before = memory.f32(offset, 3);
  memory.allocate(100 * MIB);
  before[1] = 7;
  expect([...memory.f32(offset, 3)]).toEqual([1, 7, 3]);
  expect(memory.buffer.byteLength).toBeGreaterThan(100 * MIB);
});

test("what was released is handed out again, zeroed", () => {
  const memory = createMemory();
  const kept = memory.put(Int32Array.of(5));
  const mark = memory.mark();
  const first = memory.allocate(256);
  memory.u8(first, 256).fill(9);
  memory.release(mark);
  const second = memory.allocate(1024);
  expect(second).toBe(first);
  expect(memory.u8(second, 1024).every((byte) => byte === 0)).toBe(true);
  expect(memory.i32(kept, 1)[0]).toBe(5);
});

test("beyond the limit an InputError says how much was asked for", () => {
  expect(() => createMemory().allocate(2 ** 32)).toThrow(
    new InputError(
      "cannot allocate 4294967296 bytes: 65536 of at most 4294967296 bytes are in use; use a smaller model or batch",
    ),
  );
  const small = createMemory({ maxBytes: 131072 });
  small.allocate(65536);
  expect(() => small.allocate(1)).toThrow(InputError);
});

test("wrong values are errors", () => {
  for (const maxBytes of [0, 65536, 131073, 2 ** 33, NaN])
    expect(() => createMemory({ maxBytes })).toThrow(InputError);
  const memory = createMemory();
  for (const bytes of [-1, 1.5, NaN])
    expect(() => memory.allocate(bytes)).toThrow(/non-negative integer/);
  for (const mark of [0, memory.used + 64, NaN]) expect(() => memory.release(mark)).toThrow(/mark/);
});

test("a closed memory is the next one of its size, as if it were new", () => {
  const maxBytes = 64 * 65536;
  const first = createMemory({ maxBytes });
  const { wasm } = first;
  const offset = first.put(Float32Array.of(1, 2, 3));
  const other = createMemory({ maxBytes });
  expect(other.wasm).not.toBe(wasm);
  first.close();
  expect(createMemory({ maxBytes: 2 * maxBytes }).wasm).not.toBe(wasm);
  const second = createMemory({ maxBytes });
  expect(second.wasm).toBe(wasm);
  expect(second.allocate(12)).toBe(offset);
  expect([...second.f32(offset, 3)]).toEqual([0, 0, 0]);
  expect(createMemory({ maxBytes }).wasm).not.toBe(wasm);
});

test.skipIf(process.platform !== "linux")(
  "where addresses are few the error says what helps, and it does",
  () => {
    const memory = new URL("../../dist/runtime/memory.js", import.meta.url).href;
    const script = `import { createMemory } from ${JSON.stringify(memory)};
    try { console.log(createMemory().buffer.byteLength); } catch ({ name, message }) { console.log(name, message); }`;
    const limited = (kib: number, ...flags: string[]) => {
      const args = [process.execPath, ...flags, "--input-type=module", "-e", script];
      return execFileSync("bash", ["-c", `ulimit -v ${kib} && exec "$@"`, "bash", ...args], {
        encoding: "utf8",
      });
    };
    expect(limited(8_000_000)).toBe(
      "InputError cannot make a memory: the system gives no addresses for it. WebAssembly reserves 10 GiB of them, whatever it then uses: " +
        "raise the limit (ulimit -v 16000000), or run node --disable-wasm-trap-handler, which reserves 4 GiB\n",
    );
    expect(limited(8_000_000, "--disable-wasm-trap-handler")).toBe("131072\n");
    expect(limited(16_000_000)).toBe("131072\n");
  },
);
