/**
 * docs/method.md says what the experiments of test/theory give: its table and its plots are theirs.
 * With BREGMAN_WRITE_PLOTS they are written anew (scripts/theory-plots.mjs).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CLAIMS } from "../theory/claims.js";

const PAGE = "docs/method.md";
const PLOTS = "docs/plots";
const writes = process.env.BREGMAN_WRITE_PLOTS !== undefined;
const BLOCK = /(<!-- claims -->\n)[\s\S]*?(<!-- \/claims -->)/;

const measured = await Promise.all(
  CLAIMS.map(async (claim) => ({ ...claim, ...(await claim.run()) })),
);

const link = (test: string): string => `[${test}](../test/theory/${test}.test.ts)`;
const table = [
  "| claim | test | result |",
  "| --- | --- | --- |",
  ...measured.map(
    ({ claim, tests, result }) =>
      `| ${claim} | ${tests.map(link).join(", ")} | ${result.replaceAll("|", "\\|")} |`,
  ),
].join("\n");

if (writes) {
  mkdirSync(PLOTS, { recursive: true });
  for (const { plot, svg } of measured) if (plot) writeFileSync(`${PLOTS}/${plot}.svg`, svg!);
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(BLOCK, (_, open, close) => `${open}\n${table}\n\n${close}`),
  );
}

const page = readFileSync(PAGE, "utf8");

describe.each(measured.filter(({ plot }) => plot !== undefined))("$plot.svg", ({ plot, svg }) => {
  const file = `${PLOTS}/${plot}.svg`;
  test("is what the experiment gives, to a third of a pixel", () => {
    const numbers = /-?\d+(?:\.\d+)?(?:e-?\d+)?/g;
    const kept = readFileSync(file, "utf8");
    expect(kept.replace(numbers, "#")).toBe(svg!.replace(numbers, "#"));
    const [found, expected] = [kept, svg!].map((text) => text.match(numbers)!.map(Number));
    const apart = Math.max(...found.map((value, i) => Math.abs(value - expected[i])));
    expect(apart).toBeLessThan(0.34);
  });
  test("is small, and shown on the page", () => {
    expect(statSync(file).size).toBeLessThan(60_000);
    expect(page).toContain(`(plots/${plot}.svg)`);
  });
});

test("no other plots lie around", () => {
  expect(readdirSync(PLOTS).sort()).toEqual(
    CLAIMS.flatMap(({ plot }) => (plot ? [`${plot}.svg`] : [])).sort(),
  );
});

test("the table is what the experiments give", () => {
  const words = (text: string): string => text.replace(/[\s-]+/g, " ");
  expect(words(BLOCK.exec(page)![0])).toContain(words(table));
});

test("every link leads to a file", () => {
  for (const name of ["method", "how-to-choose"]) {
    const text = readFileSync(`docs/${name}.md`, "utf8");
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, to]) => to);
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((to) => !existsSync(`docs/${to}`))).toEqual([]);
  }
});

test("every file of test/theory is in the table", () => {
  const files = readdirSync("test/theory").filter((file) => file.endsWith(".test.ts"));
  expect([...new Set(CLAIMS.flatMap(({ tests }) => tests))].sort()).toEqual(
    files.map((file) => file.replace(".test.ts", "")).sort(),
  );
});
