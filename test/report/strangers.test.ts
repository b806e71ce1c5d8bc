/**
 * A stranger's run folder: whatever stands in a field, it is shown as text, or refused in one line.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { readRun } from "#bregman/report/run-folder.js";
import { reportHtml } from "#bregman/report/report.js";
import { sampleEpoch, sampleFinal, sampleRun } from "./sample-run.js";

const REFRESH = `<meta http-equiv=refresh content="0;url=https://example.com/">`;
const EVIL: readonly unknown[] = [
  { markup: REFRESH },
  [{ markup: REFRESH }],
  REFRESH,
  { toString: REFRESH, valueOf: REFRESH },
  5,
  -1.5,
  "5",
  true,
  null,
  [],
  {},
  [[[[]]]],
];

/** All places of a JSON value. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

/** A copy with another value at a place. */
function changed(value: object, [key, ...rest]: readonly string[], evil: unknown): unknown {
  if (key === undefined) return evil;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = rest.length === 0 ? evil : changed(copy[key] as object, rest, evil);
  return copy;
}

const connections = [{ from: "a", to: "b", density: 0.5, scale: 0.1 }];
const best = { epoch: 1, validAccuracy: 0.5, testAccuracy: 0.5, density: 0.5, linearDensity: 0.5 };
const FILES: Record<string, object> = {
  "recipe.json": { name: "sample", description: "d", epochs: 4, seed: 1, data: { name: "mnist" } },
  "metrics.jsonl": sampleEpoch(1),
  "result.json": {
    command: "bregman train sample",
    commit: "0123",
    machine: "m",
    backend: "wasm",
    isa: "simd128",
    threads: 2,
    samples: { train: 1, valid: 2, test: 3 },
    interrupted: false,
    final: { ...sampleFinal, connections, best },
  },
};

describe.each(Object.entries(FILES))("%s", (name, content) => {
  const folder = sampleRun({ epochs: 1, pictures: false });
  const path = join(folder, name);
  const whole = readFileSync(path);

  test.each(places(content).map((place) => [place.join(".") || "the whole", place] as const))(
    "%s",
    (_, place) => {
      for (const evil of EVIL) {
        writeFileSync(path, `${JSON.stringify(changed(content, place, evil))}\n`);
        let run;
        try {
          run = readRun(folder);
        } catch (error) {
          expect(error).toBeInstanceOf(UnusableFileError);
          expect((error as Error).message).toMatch(/^[^\n]+$/);
          expect((error as Error).message.startsWith(path)).toBe(true);
          continue;
        }
        // A page takes a while.
        if (!JSON.stringify(evil).includes("meta")) continue;
        const page = reportHtml(run);
        expect(page).not.toContain("<meta http-equiv=refresh");
        expect(page).not.toContain("[object Object]");
      }
      writeFileSync(path, whole);
    },
  );
});

test("damage of any kind is one line with the file", () => {
  for (const name of Object.keys(FILES)) {
    for (const text of [
      "",
      "{",
      "[".repeat(20_000),
      "\u001b[31m\n<html>\n",
      "\u0000",
      "1e999",
      '"\\ud800"',
    ]) {
      const folder = sampleRun({ epochs: 1, pictures: false });
      writeFileSync(join(folder, name), `${text}\n`);
      if (name === "metrics.jsonl" && text === "") continue;
      expect(() => readRun(folder), `${name}: ${JSON.stringify(text.slice(0, 10))}`).toThrow(
        UnusableFileError,
      );
      // eslint-disable-next-line no-control-regex
      expect(() => readRun(folder)).toThrow(/^[^\u0000-\u001f]+$/);
    }
  }
});

test("a long run is a page too", () => {
  const folder = sampleRun({ result: false, pictures: false });
  const lines = Array.from({ length: 130_000 }, (_, epoch) =>
    JSON.stringify({ epoch, density: 0.1, births: 2 }),
  );
  writeFileSync(join(folder, "metrics.jsonl"), lines.join("\n"));
  const page = reportHtml(readRun(folder));
  expect(page).toContain("after epoch 129999 of 4");
  // All of them count, also those that are not drawn.
  expect(page).toContain("births <b>259,998</b>");
  expect(page.length).toBeLessThan(2e6);
}, 30_000);

test("pictures are PNG files of the folder itself: no link, no other file comes into the page", () => {
  const outside = join(mkdtempSync(join(tmpdir(), "bregman-outside-")), "epoch-003.png");
  const folder = sampleRun({ epochs: 2 });
  const pictures = join(folder, "pictures");
  writeFileSync(outside, readFileSync(join(pictures, "epoch-000.png")));
  symlinkSync(outside, join(pictures, "epoch-003.png"));
  writeFileSync(join(pictures, "epoch-004.png"), "a secret");
  mkdirSync(join(pictures, "epoch-005.png"));
  expect(readRun(folder).pictures.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
  rmSync(pictures, { recursive: true });
  symlinkSync(join(outside, ".."), pictures);
  expect(readRun(folder).pictures).toEqual([]);
});
