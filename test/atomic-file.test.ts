import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFileAtomic } from "#bregman/atomic-file.js";
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
  expect(() => writeFileAtomic(path, "text")).toThrow(/^could not write .*taken: (it is a folder|.*)$/);
  expect(readdirSync(folder)).toEqual(["taken"]);
  const file = join(folder, "plain");
  writeFileSync(file, "old");
  expect(() => writeFileAtomic(join(file, "below"), "text")).toThrow(/a part of the path is a file/);
  expect(() => writeFileAtomic(join(folder, "absent", "file"), "text")).toThrow(/its folder does not exist/);
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
