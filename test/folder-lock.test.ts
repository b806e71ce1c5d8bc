/**
 * One process at a time writes into a folder: who is alive is waited for, who is dead is followed.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { UnusableFileError } from "#bregman/errors.js";
import { LOCK_FILE, lockFolder } from "#bregman/folder-lock.js";

const newFolder = () => mkdtempSync(join(tmpdir(), "bregman-lock-"));
const MODULE = pathToFileURL(join(import.meta.dirname, "..", "dist", "folder-lock.js")).href;

/**
 * A process that does something with the module; the code sees `folder`, and `say` writes a line.
 */
function child(folder: string, code: string) {
  const program = `const { lockFolder } = await import(${JSON.stringify(MODULE)});
    const folder = ${JSON.stringify(folder)};
    const say = (text) => process.stdout.write(text + "\\n");
    ${code}`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}
const holding = "lockFolder(folder); say('locked'); setTimeout(() => {}, 60_000);";

/** The lock that this process would write, changed. */
function lockText(changes: object): string {
  const folder = newFolder();
  const lock = lockFolder(folder);
  const text = readFileSync(join(folder, LOCK_FILE), "utf8");
  lock.release();
  return JSON.stringify({ ...JSON.parse(text), token: "another", ...changes });
}
/** A folder with a lock in it, touched so many seconds ago. */
function lockedFolder(text: string, secondsAgo = 0): string {
  const folder = newFolder();
  const path = join(folder, LOCK_FILE);
  writeFileSync(path, text);
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(path, then, then);
  return folder;
}
function expectFree(folder: string): void {
  const lock = lockFolder(folder);
  lock.check();
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
}
const isLinux = process.platform === "linux";

test("is taken and given back; nothing else is left", () => {
  const folder = newFolder();
  const lock = lockFolder(folder);
  expect(readdirSync(folder)).toEqual([LOCK_FILE]);
  expect(JSON.parse(readFileSync(join(folder, LOCK_FILE), "utf8"))).toMatchObject({
    process: process.pid,
  });
  expect(() => lockFolder(folder)).toThrow(UnusableFileError);
  expect(() => lockFolder(folder)).toThrow(
    /^\S+ is in use by this process already, since 20[\d:.TZ-]+: wait for its end, or stop it$/,
  );
  lock.check();
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
  expectFree(folder);
});

test("of a living process is respected, of a killed one taken over at once", async () => {
  const folder = newFolder();
  const holder = child(folder, holding);
  await once(holder.stdout, "data");
  expect(() => lockFolder(folder)).toThrow(
    new RegExp(` is in use by process ${holder.pid}, since `),
  );
  // However long it has been silent, say stopped by Ctrl-Z: it will go on.
  utimesSync(join(folder, LOCK_FILE), 0, 0);
  if (isLinux) expect(() => lockFolder(folder)).toThrow(` is in use by process ${holder.pid}, `);
  holder.kill("SIGKILL");
  await once(holder, "close");
  expect(existsSync(join(folder, LOCK_FILE))).toBe(true);
  expectFree(folder);
});

describe("of whom the system does not know", () => {
  test.runIf(isLinux)(
    "another process of the same number, as after a reboot or in a new container",
    () => {
      const { start } = JSON.parse(lockText({})) as { start: string };
      const [boot, ticks] = start.split(" ");
      expectFree(lockedFolder(lockText({ start: `${boot} ${Number(ticks) + 1}` })));
      expectFree(
        lockedFolder(lockText({ start: `00000000-0000-0000-0000-000000000000 ${ticks}` })),
      );
      // The parent of all is not of this folder.
      expectFree(lockedFolder(lockText({ process: 1 })));
    },
  );

  test("on another host it is alive while it is not silent", () => {
    const text = lockText({ process: 77, host: "node-12 pid:[4026531836]" });
    expect(() => lockFolder(lockedFolder(text, 20))).toThrow(
      /^\S+ is in use by process 77 on node-12, since 20\S+: wait for its end, or stop it; if it is dead, the folder is free in (9\d|10[01]) s$/,
    );
    expect(() => lockFolder(lockedFolder(text, 110))).toThrow("the folder is free in ");
    expectFree(lockedFolder(text, 130));
  });

  test.runIf(isLinux)("a container of the same name has numbers of its own", () => {
    const text = lockText({ process: 2 ** 30, host: `${hostname()} pid:[1]` });
    expect(() => lockFolder(lockedFolder(text))).toThrow(` on ${hostname()}, since `);
    expectFree(lockedFolder(text, 130));
  });
});

test.each([
  "",
  "{",
  "null",
  "5",
  "{}",
  '{"process":-1}',
  `{"process":"1","host":"a","since":"","token":""}`,
])("a damaged one counts as none: %s", (text) => expectFree(lockedFolder(text)));

test("what stands in it comes into a message as plain text", () => {
  const text = lockText({ process: 5, host: "\u001b[31mnode\n12", since: "<b>" });
  expect(() => lockFolder(lockedFolder(text))).toThrow(
    / by process 5 on \?\?31mnode\?12, since \?b\?: /,
  );
});

test("a link in its place is replaced, wherever it leads", () => {
  const outside = join(newFolder(), "mine");
  for (const target of [outside, join(newFolder(), "nothing")]) {
    writeFileSync(outside, "mine");
    const folder = newFolder();
    symlinkSync(target, join(folder, LOCK_FILE));
    expectFree(folder);
    expect(readFileSync(outside, "utf8")).toBe("mine");
  }
});

test.runIf(isLinux)("so is a pipe, which is not waited for", () => {
  const folder = newFolder();
  execFileSync("mkfifo", [join(folder, LOCK_FILE)]);
  expectFree(folder);
});

test("whoever has lost it writes no more, and leaves the other's alone", () => {
  const folder = newFolder();
  const lock = lockFolder(folder);
  const other = lockText({ process: 4711 });
  writeFileSync(join(folder, LOCK_FILE), other);
  expect(() => lock.check()).toThrow(
    new UnusableFileError(`stopped writing into ${folder}: process 4711 has taken it over`),
  );
  lock.release();
  expect(readFileSync(join(folder, LOCK_FILE), "utf8")).toBe(other);
});

describe("signs of life", () => {
  afterEach(() => void vi.useRealTimers());
  test("every ten seconds, until it is given back", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const folder = newFolder();
    const path = join(folder, LOCK_FILE);
    const lock = lockFolder(folder);
    const text = readFileSync(path, "utf8");
    for (let k = 0; k < 3; k++) {
      utimesSync(path, 1000, 1000);
      vi.advanceTimersByTime(9_999);
      expect(statSync(path).mtimeMs).toBe(1_000_000);
      vi.advanceTimersByTime(1);
      expect(statSync(path).mtimeMs).toBeGreaterThan(Date.now() - 10_000);
      expect(readFileSync(path, "utf8")).toBe(text);
    }
    lock.release();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("of many who come at once, also to a dead one's, one at a time has it", async () => {
  const folder = newFolder();
  const log = join(newFolder(), "log");
  writeFileSync(join(folder, LOCK_FILE), lockText({ process: 2 ** 30 }));
  appendFileSync(log, "");
  const come = `const { appendFileSync } = await import("node:fs");
    for (let k = 0; k < 400; k++) {
      let lock;
      try { lock = lockFolder(folder); lock.check(); } catch (error) {
        if (error.name !== "UnusableFileError") throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      appendFileSync(${JSON.stringify(log)}, "+");
      await new Promise((resolve) => setTimeout(resolve, 5));
      appendFileSync(${JSON.stringify(log)}, "-");
      lock.release();
      break;
    }`;
  const codes = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const [code] = await once(child(folder, come), "exit");
      return code as number;
    }),
  );
  expect(codes).toEqual(codes.map(() => 0));
  expect(readFileSync(log, "utf8")).toBe("+-".repeat(6));
  expect(readdirSync(folder)).toEqual([]);
}, 60_000);
