/** docs/performance.md is short, and its roofline is that of the result files. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("it has 400 words at most", () => {
  const words = readFileSync("docs/performance.md", "utf8").split(/\s+/).filter(Boolean);
  expect(words.length).toBeLessThanOrEqual(400);
});

test("the roofline is that of results/bench", () => {
  execFileSync(process.execPath, ["scripts/roofline.mjs", "--check"]);
});
