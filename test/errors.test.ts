/**
 * The classes of errors, and that what the engine, the system or a library throws at bytes and
 * texts from outside comes as one of them, with the engine's own error as its cause.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readCsv } from "#bregman/data/csv.js";
import { parseIdx } from "#bregman/data/idx-format.js";
import { readIdx } from "#bregman/data/idx.js";
import { gaussianKernel } from "#bregman/data/restore.js";
import { createFetcher } from "#bregman/data/proxy.js";
import { decodePng } from "#bregman/data/png.js";
import * as errors from "#bregman/errors.js";
import { unpackSparse } from "#bregman/export/sparse-values.js";
import { decodeSafetensors } from "#bregman/export/safetensors-format.js";
import { parseJson } from "#bregman/json.js";
import { readBytes } from "#bregman/read-file.js";
import { parseRecipe } from "#bregman/recipes/load.js";
import { openRun } from "#bregman/runs/saved-run.js";
import { parseEpoch } from "#bregman/runs/run-schema.js";

const { BregmanError, DivergedError, InputError, InternalError, ofFile, UnusableFileError } =
  errors;

afterEach(() => vi.unstubAllEnvs());

describe("the classes", () => {
  test.each(
    Object.entries({ BregmanError, DivergedError, InputError, InternalError, UnusableFileError }),
  )("%s", (name, Kind) => {
    const error = new Kind("what is wrong", { cause: 5 });
    expect(error).toBeInstanceOf(BregmanError);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.message, error.cause]).toEqual([name, "what is wrong", 5]);
    expect(String(error)).toBe(`${name}: what is wrong`);
    expect(error.stack).toMatch(new RegExp(`^${name}: what is wrong\n`));
    expect(Object.keys(error)).toEqual([]);
  });

  test("none is another", () => {
    const kinds = [DivergedError, InputError, InternalError, UnusableFileError];
    for (const Kind of kinds) {
      expect(kinds.filter((Other) => new Kind("x") instanceof Other)).toEqual([Kind]);
    }
  });
});

describe("values out of a file", () => {
  test("what is said of them as input is said of the file", () => {
    const cause = new InputError("label 10: at most 9");
    const fails = (error: unknown) => () =>
      ofFile(
        () => {
          throw error;
        },
        (message) => `x.npy: ${message}`,
      );
    expect(fails(cause)).toThrow(new UnusableFileError("x.npy: label 10: at most 9", { cause }));
    for (const other of [new TypeError("x"), new InternalError("x"), new DivergedError("x")]) {
      expect(fails(other)).toThrow(other);
    }
    expect(ofFile(() => 5)).toBe(5);
  });
});

/** The error that a function throws, or rejects with. */
async function thrown(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}

function fileOf(bytes: Uint8Array | string, name = "x"): string {
  const path = join(mkdtempSync(join(tmpdir(), "errors-")), name);
  writeFileSync(path, bytes);
  return path;
}

/** A safetensors file whose header has these bytes. */
function headed(header: Uint8Array): Uint8Array {
  return Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0, ...header);
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

describe("what comes from outside: no error of the engine, of the system or of a library", () => {
  const { UnusableFileError: U, InputError: I } = errors;
  test.each<[string, () => unknown, typeof BregmanError, cause: string | undefined]>([
    ["JSON.parse: no JSON", () => parseJson("{", "x"), U, "SyntaxError"],
    ["JSON.parse: one line of metrics", () => parseEpoch('{"epoch":', "x"), U, "SyntaxError"],
    ["zod: JSON of another kind", () => parseEpoch("[]", "x"), U, undefined],
    ["jsonc-parser: a recipe", () => parseRecipe("{"), I, undefined],
    ["zod: a recipe", () => parseRecipe("{}"), I, undefined],
    [
      "TextDecoder: half a character of UTF-16",
      () => readCsv(fileOf(Uint8Array.of(255, 254, 0, 0xd8)), { label: 0 }),
      U,
      "TypeError",
    ],
    [
      "TextDecoder: a header of safetensors",
      () => decodeSafetensors(headed(Uint8Array.of(0x7b, 0xff, 0x7d))),
      U,
      undefined,
    ],
    ["papaparse: an open quote", () => readCsv(fileOf('a,b\n"1,2\n'), { label: 0 }), U, undefined],
    ["DataView: idx, cut short", () => parseIdx(Uint8Array.of(0, 0, 8, 3, 0)), U, undefined],
    ["DataView: PNG, cut short", () => decodePng(Uint8Array.of(...PNG, 0, 0)), U, undefined],
    ["DataView: safetensors, cut short", () => decodeSafetensors(Uint8Array.of(1)), U, undefined],
    ["zlib", () => readIdx(fileOf(gzipSync("12345").fill(255, 10, 14))), U, "Error"],
    ["node:fs: a code without a call", () => readBytes("a\0b"), U, "TypeError"],
    ["node:fs: a folder of a run", () => openRun("a\0b"), U, "TypeError"],
    ["node:fs: no such file", () => readBytes("/no/such/file"), U, "Error"],
    [
      "typed arrays: no room",
      () => unpackSparse({ values: new Float32Array(), gaps: new Uint8Array() }, 2 ** 50),
      I,
      "RangeError",
    ],
    [
      "typed arrays: longer than any",
      () => gaussianKernel({ size: 2 ** 52 + 1, sigma: 1 }),
      I,
      "RangeError",
    ],
    [
      "undici: a password that can't be decoded",
      () => {
        vi.stubEnv("http_proxy", "http://me:%zz@host");
        return createFetcher();
      },
      I,
      undefined,
    ],
  ])("%s", async (_, work, Kind, cause) => {
    const error = (await thrown(work)) as Error;
    expect([error.name, (error.cause as Error | undefined)?.name]).toEqual([
      Kind.prototype.name,
      cause,
    ]);
    expect(error.message).not.toMatch(/^\S* ?\n/);
  });
});
