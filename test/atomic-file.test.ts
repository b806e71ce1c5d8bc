import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTemporaries, writeFileAtomic } from "#bregman/atomic-file.js";
import { temporaryFolder } from "./data/idx-files.js";

test("writes text and bytes, replaces what was there, leaves nothing else", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  writeFileAtomic(path, "größe");
  expect(readFileSync(path, "utf8")).toBe("größe");
  writeFileAtomic(path, Uint8Array.of(1, 2, 255));
  expect([...readFileSync(path)]).toEqual([1, 2, 255]);
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a failed write leaves the folder as it was and says why", () => {
  const folder = temporaryFolder();
  const path = join(folder, "taken");
  mkdirSync(path);
  expect(() => writeFileAtomic(path, "text")).toThrow(
    /^could not write .*taken: (it is a folder|.*)$/,
  );
  expect(readdirSync(folder)).toEqual(["taken"]);
  const file = join(folder, "plain");
  writeFileSync(file, "old");
  expect(() => writeFileAtomic(join(file, "below"), "text")).toThrow(
    /a part of the path is a file/,
  );
  expect(() => writeFileAtomic(join(folder, "absent", "file"), "text")).toThrow(
    /its folder does not exist/,
  );
  expect(readFileSync(file, "utf8")).toBe("old");
});

test("the system's error is kept as the cause", () => {
  const path = join(temporaryFolder(), "absent", "file");
  try {
    writeFileAtomic(path, "");
    expect.unreachable();
  } catch (error) {
    expect((error as Error).cause).toMatchObject({ code: "ENOENT" });
  }
});

test("beforeRename sees the new content whole, beside the old", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  writeFileAtomic(path, "old");
  let seen: string[] = [];
  const beforeRename = () =>
    (seen = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")));
  writeFileAtomic(path, "new", { beforeRename });
  expect(seen.sort()).toEqual(["new", "old"]);
  expect(readFileSync(path, "utf8")).toBe("new");
});

test("what a killed process left half written is removed, and nothing else", () => {
  const folder = temporaryFolder();
  for (const name of ["a.json.12-0.tmp", "a.json", "a.tmp", "12-0.tmp.txt"])
    writeFileSync(join(folder, name), "");
  removeTemporaries(folder);
  expect(readdirSync(folder).sort()).toEqual(["12-0.tmp.txt", "a.json", "a.tmp"]);
  removeTemporaries(join(folder, "absent"));
});
