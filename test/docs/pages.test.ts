/**
 * All pages: their commands are commands, their options are there, their links lead somewhere, and
 * each page with code has a test that runs all of it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { faultOf, shownCommands, unknownOptions } from "../support/doc-commands.js";
import { codeBlocks } from "../support/doc-examples.js";

const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "examples/README.md",
  "site/index.md",
  "bench/NOTES.md",
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** How a test takes the blocks of a page. */
const TAKEN = /allBlocks\(\s*"([^"]+)"/g;
/** Pages with blocks that no test reads one by one, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "CONTRIBUTING.md": "installs, tests and CI themselves: the commands are looked up, below",
  "site/index.md": "the README's first two commands",
  "docs/architecture.md": "pictures",
  "docs/command-line.md": "written from the commands: scripts/command-line.mjs --check",
};

describe.each(PAGES)("%s", (page) => {
  test("its commands are there, with these arguments and options", async () => {
    const faults: string[] = [];
    for (const command of shownCommands(page)) {
      const fault = await faultOf(command, page);
      if (fault !== undefined) faults.push(`${command.words.join(" ")}: ${fault}`);
    }
    expect(faults).toEqual([]);
    expect(await unknownOptions(page)).toEqual([]);
  });

  test("its links lead to files", () => {
    const text = readFileSync(page, "utf8").replace(/^```.*?^```$/gms, "");
    const links = [...text.matchAll(/\]\((?!https?:|\/)([^)#]+)(?:#[^)]*)?\)/g)];
    const absent = links.map(([, to]) => to).filter((to) => !existsSync(join(dirname(page), to)));
    expect(absent).toEqual([]);
  });
});

test("a command that is none, an option that is none, a script that is none are found", async () => {
  const fault = async (line: string, whole = true) =>
    faultOf({ words: line.split(" "), whole }, "README.md");
  expect(await fault("bregman train mnist-quick --epochs 3")).toBeUndefined();
  expect(await fault("bregman trian mnist-quick")).toMatch(/unknown command 'trian'/);
  expect(await fault("bregman train mnist-quick --epoch 3")).toMatch(/unknown option '--epoch'/);
  expect(await fault("bregman train mnist-quick --epochs x")).toMatch(/--epochs must be/);
  expect(await fault("bregman train")).toMatch(/missing required argument/);
  expect(await fault("bregman train", false)).toBeUndefined();
  expect(await fault("mpirun -np 4 bregman train a --ouT b")).toMatch(/unknown option/);
  expect(await fault("bregman data inspect a.csv --jsn")).toMatch(/unknown option '--jsn'/);
  expect(await fault("npm run bulid")).toBe('there is no script "bulid"');
  expect(await fault("npm run bregman -- paht runs/first")).toMatch(/unknown command 'paht'/);
  expect(await fault("node examples/trian.js")).toBe("there is no examples/trian.js");
  expect(await fault("bergman train")).toBe('"bergman" is no program that we know');
});

test("each page with code has a test that knows all its blocks", () => {
  const tests = ["test", "test/docs", "test/browser"]
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(path, "utf8"));
  const coded = PAGES.filter((page) => codeBlocks(page).length > 0);
  const known = tests.flatMap((text) => {
    const named = /const PAGE = ("[^"]*")/.exec(text)?.[1] ?? "";
    return [...text.replaceAll(/allBlocks\(\s*PAGE/g, `allBlocks(${named}`).matchAll(TAKEN)];
  });
  const isRun = (page: string) => known.some(([, path]) => path === page);
  expect(coded.filter((page) => !isRun(page)).sort()).toEqual(Object.keys(NOT_RUN).sort());
});
