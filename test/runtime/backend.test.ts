import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test, vi } from "vitest";
import { InputError } from "#bregman/errors.js";
import { loadBackend } from "#bregman/runtime/backend.js";
import { nativeVariants } from "#bregman/runtime/native.js";
import { nodeInCopy } from "../support/without-addon.js";

const { variants } = nativeVariants();
const native = test.skipIf(variants.length === 0);

test("wasm is always there", async () => {
  expect(await loadBackend("wasm")).toMatchObject({
    name: "wasm",
    isa: "simd128",
    reason: "asked for",
  });
});

native("auto takes native where it is built, with the best instruction set", async () => {
  const backend = await loadBackend("auto", { isa: undefined });
  expect(backend.name).toBe("native");
  expect(variants).toContain(backend.isa);
  expect(variants.at(-1)).toBe("base");
});

native("BREGMAN_ISA chooses the instruction set, and must be one there is", async () => {
  const before = process.env["BREGMAN_ISA"];
  try {
    process.env["BREGMAN_ISA"] = "base";
    expect((await loadBackend()).isa).toBe("base");
    process.env["BREGMAN_ISA"] = "mmx";
    await expect(loadBackend("native")).rejects.toThrow(/isa must be one of .*base.* found "mmx"/);
  } finally {
    if (before === undefined) delete process.env["BREGMAN_ISA"];
    else process.env["BREGMAN_ISA"] = before;
  }
});

test("an unknown backend is an error that names those there are", async () => {
  await expect(loadBackend("gpu" as "wasm")).rejects.toThrow(
    new InputError('cannot load a backend: expected "native", "wasm" or "auto", found "gpu"'),
  );
});

native(
  "the addon is required from a file: from a folder, Jest looks in the folder above",
  async () => {
    // Anew: an addon that is current is looked for once.
    vi.resetModules();
    const fresh = await import("#bregman/runtime/native.js");
    // What the built-in module holds, which is what native.ts asks; an import of it is a copy.
    const builtin = createRequire(import.meta.url)("node:module") as typeof import("node:module");
    const create = vi.spyOn(builtin, "createRequire");
    try {
      expect(fresh.nativeVariants().variants).toEqual(variants);
      expect(create).toHaveBeenCalled();
      for (const [from] of create.mock.calls) expect(statSync(from).isFile()).toBe(true);
    } finally {
      create.mockRestore();
    }
  },
);

test("without the addon auto takes wasm and says why; asking for native says what to run", () => {
  const script = `
    import { loadBackend } from "./dist/runtime/backend.js";
    const { name, reason } = await loadBackend("auto");
    const error = await loadBackend("native").catch((e) => e.message);
    console.log(JSON.stringify({ name, reason, error }));`;
  expect(JSON.parse(nodeInCopy(script))).toEqual({
    name: "wasm",
    reason: "native is not available: the addon is not built",
    error:
      "cannot load the native backend: the addon is not built; run npm rebuild bregman (in a clone: npm run build:native), or use wasm",
  });
});

test("an addon that can't be loaded is not there either, and the reason is one line", () => {
  const script = `
    import { loadBackend } from "./dist/runtime/backend.js";
    const { name, reason } = await loadBackend("auto");
    console.log(JSON.stringify({ name, reason }));`;
  const { name, reason } = JSON.parse(nodeInCopy(script, { addon: "not an addon" })) as Record<
    string,
    string
  >;
  expect(name).toBe("wasm");
  expect(reason).toMatch(/^native is not available: the addon can't be loaded \(.+\)$/);
});

test("an addon built from other kernel sources is not used", () => {
  const script = `
    import { writeFileSync } from "node:fs";
    import { loadBackend } from "./dist/runtime/backend.js";
    writeFileSync("build/Release/bregman_native.sha256", "0".repeat(64));
    console.log((await loadBackend("auto")).reason);`;
  expect(nodeInCopy(script, { addon: "of other sources" })).toBe(
    "native is not available: the addon was built from other sources\n",
  );
});
