import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultFolder, prepareFolder } from "#bregman/cli/out-folder.js";
import { temporaryFolder } from "./run-cli.js";
import { UnusableFileError } from "#bregman/errors.js";

describe("defaultFolder", () => {
  it("names recipe, seed and time, with nothing a file system could mind", () => {
    const at = new Date(2026, 0, 2, 3, 4, 5);
    expect(defaultFolder("mnist-quick", 7, at)).toBe(
      join("runs", "mnist-quick-seed7-20260102-030405"),
    );
    expect(defaultFolder("a/b c", 0, at)).toBe(join("runs", "a-b-c-seed0-20260102-030405"));
  });
});

describe("prepareFolder", () => {
  it("makes the folder with its parents, leaves nothing in it, and can take it away again", () => {
    const parent = temporaryFolder();
    const folder = join(parent, "a", "b");
    const remove = prepareFolder(folder);
    expect(readdirSync(folder)).toEqual([]);
    remove();
    expect(readdirSync(parent)).toEqual([]);
  });

  it("does not take away what it did not make, or what has something in it", () => {
    const mine = temporaryFolder();
    prepareFolder(mine)();
    expect(existsSync(mine)).toBe(true);
    const used = join(temporaryFolder(), "run");
    const remove = prepareFolder(used);
    writeFileSync(join(used, "metrics.jsonl"), "");
    remove();
    expect(readdirSync(used)).toEqual(["metrics.jsonl"]);
  });

  it.runIf(process.platform === "linux")("gives up on a file system that makes no folders", () => {
    const message = "could not make the run folder /proc/none/run: no folder can be made there";
    expect(() => prepareFolder("/proc/none/run")).toThrow(new UnusableFileError(message));
  });

  it("refuses a folder with something in it, and offers a free name", () => {
    const base = join(temporaryFolder(), "run");
    for (const name of [base, `${base}-2`]) {
      mkdirSync(name);
      writeFileSync(join(name, "x"), "");
    }
    const message = `the run folder must be new or empty, found 1 entry in ${base}/; ${base}-3 would be free`;
    expect(() => prepareFolder(`${base}/`)).toThrow(new UnusableFileError(message));
  });
});
