/**
 * One wrap rule: 100 columns, for comments, Markdown, TypeScript and C. oxfmt breaks code and
 * prose; comments and C are written so. What can't be broken may be longer: a string, a formula, a
 * table row, a link.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WIDTH = 100;
const PLACES = [
  "src",
  "test",
  "scripts",
  "bench",
  "kernels",
  "web",
  "site",
  "docs",
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ".ci",
];
const TEXT = /\.(ts|mjs|js|c|h|md|py|css|gyp)$|\.ci\/run$/;
const LEFT_OUT = /node_modules|(^|\/)(dist|build|fixtures|cache|api|track\/python)\//;

function filesOf(place: string): string[] {
  if (place.includes(".md")) return [place];
  return readdirSync(join(ROOT, place), { recursive: true, encoding: "utf8" })
    .map((name) => `${place}/${name}`)
    .filter((path) => TEXT.test(path) && !LEFT_OUT.test(path));
}

/** Without the code and formulas of Markdown, its lines still in their places. */
function textOf(path: string): string {
  const text = readFileSync(join(ROOT, path), "utf8");
  if (!path.endsWith(".md")) return text;
  return text
    .replace(/^```.*?^```/gms, (block) => block.replace(/.+/g, ""))
    .replace(/^( {4}.*)$/gm, "");
}

/** Whether a line could be shorter than it is. */
function breakable(path: string, line: string): boolean {
  // Formulas and tables in comments are indented by four, and left whole.
  if (/^\s*\*\s{4}/.test(line)) return false;
  if (/^\s*(\*|\/\/|\/\*|#)/.test(line))
    return /\S\s+\S/.test(line.slice(0, WIDTH).replace(/^\s*\S+\s*/, ""));
  // A command or a formula between backticks is one word.
  if (path.endsWith(".md"))
    return !/^`[^`]+`\S*$/.test(line) && !/^\s*(- )?(\||!?\[[^\]]*\]\([^)]*\)\S*$)/.test(line);
  // A string, a template or a regular expression: oxfmt leaves these whole.
  return !/["'`]|\/.*\//.test(line);
}

test(`no line is above ${WIDTH} columns that could be broken`, () => {
  const files = PLACES.flatMap(filesOf);
  expect(files.length).toBeGreaterThan(400);
  const long = files.flatMap((path) =>
    textOf(path)
      .split("\n")
      .map((line, k) => ({ line, place: `${path}:${k + 1}` }))
      .filter(({ line }) => [...line].length > WIDTH && breakable(path, line))
      .map(({ place }) => place),
  );
  expect(long).toEqual([]);
});
