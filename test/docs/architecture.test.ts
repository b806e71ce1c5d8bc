/** docs/architecture.md names what there is: every room, and no file that has gone. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync("docs/architecture.md", "utf8");

test("every path on the page is there", () => {
  const paths = [...page.matchAll(/(?:src|test|kernels|scripts|docs)\/[\w./-]*\w\/?/g)].map(
    ([path]) => path,
  );
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});

test("every room is in the picture, and in the list of folders", () => {
  const picture = /```text\n(.*?)```/s.exec(page)![1];
  const rooms = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = rooms.map(({ name }) => name);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(picture))).toEqual([]);
  expect(names.filter((name) => !page.includes(`\nsrc/${name}/ `))).toEqual([]);
});
