/** The networks of ONNX's own tests, where they are installed (Debian: libonnx-testdata). */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/onnx-testdata.mjs", import.meta.url));
const isThere = existsSync("/usr/share/libonnx-testdata/data");

test(`all that are read agree${isThere ? "" : " (skipped: libonnx-testdata is not installed)"}`, (context) => {
  if (!isThere) context.skip();
  const told = execFileSync(process.execPath, [script], { encoding: "utf8" });
  const [, loaded, agreed] = told.match(/\d+ networks, (\d+) read, (\d+) agree\n$/)!;
  expect(agreed).toBe(loaded);
  expect(Number(loaded)).toBeGreaterThanOrEqual(52);
}, 120_000);
