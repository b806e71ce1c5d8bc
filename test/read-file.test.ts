/**
 * What is no regular file is refused by every reader, at once: a pipe is waited for, a device has
 * no end.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { constants } from "node:buffer";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readBytes } from "#bregman/read-file.js";
import { temporaryFolder } from "./data/idx-files.js";

const dist = (path: string) => JSON.stringify(new URL(`../dist/${path}`, import.meta.url).href);

/**
 * Runs each reader in another process, which can be ended if it waits; gives what each of them
 * says.
 */
function messagesOf(
  readers: Readonly<Record<string, string>>,
  path: string,
): Record<string, string> {
  const program = `
    const path = ${JSON.stringify(path)}, found = {};
    const attempt = async (name, read) => {
      try { await read(); found[name] = "read it"; } catch (error) { found[name] = error.message; }
    };
    ${Object.entries(readers)
      .map(([name, code]) => `await attempt(${JSON.stringify(name)}, async () => { ${code} });`)
      .join("\n")}
    console.log(JSON.stringify(found));`;
  const { stdout, stderr, signal } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", program],
    {
      encoding: "utf8",
      timeout: 50_000,
    },
  );
  expect({ stderr, signal }).toEqual({ stderr: "", signal: null });
  return JSON.parse(stdout) as Record<string, string>;
}

const call = (module: string, name: string, args = "path") =>
  `(await import(${dist(module)})).${name}(${args});`;

const READERS: Readonly<Record<string, string>> = {
  readBytes: call("read-file.js", "readBytes"),
  readText: call("read-file.js", "readText"),
  readIdx: call("data/idx.js", "readIdx"),
  readNpy: call("data/npy.js", "readNpy"),
  readCsv: call("data/csv.js", "readCsv", "path, { label: 0 }"),
  readPng: call("data/png.js", "readPng"),
  readCifarRecords: call("data/cifar-records.js", "readCifarRecords", "[path]"),
  readSafetensors: call("export/safetensors.js", "readSafetensors"),
  loadModel: call("export/model-file.js", "loadModel"),
};

describe.skipIf(process.platform === "win32")("refused", () => {
  test("a pipe, by every reader", () => {
    const path = join(temporaryFolder(), "pipe.png");
    execFileSync("mkfifo", [path]);
    const said = messagesOf(READERS, path);
    expect(Object.keys(said)).toEqual(Object.keys(READERS));
    for (const text of Object.values(said))
      expect(text).toBe(`could not read ${path}: it is a pipe, not a file`);
  });

  test("a pipe among images, and one behind a link", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "cats"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    symlinkSync(join(folder, "pipe"), join(folder, "cats", "1.png"));
    const { images } = messagesOf(
      { images: call("data/image-folder.js", "readImageFolder") },
      folder,
    );
    expect(images).toBe(
      `could not read ${join(folder, "cats", "1.png")}: it is a pipe, not a file`,
    );
  });

  test.each([
    ["/dev/zero", "a device"],
    ["/", "a folder"],
  ])("%s", (path, kind) => {
    expect(() => readBytes(path)).toThrow(`could not read ${path}: it is ${kind}, not a file`);
  });
});

test("a file that no array can hold says so", () => {
  const path = join(temporaryFolder(), "large");
  writeFileSync(path, "");
  const size = constants.MAX_LENGTH + 1;
  // Later versions hold more than a disk does.
  if (size > 2 ** 40) return;
  truncateSync(path, size);
  expect(() => readBytes(path)).toThrow(
    `could not read ${path}: it has ${size} bytes, and this version of Node holds ${size - 1} in an array`,
  );
});
