/**
 * An import does nothing: no entry point reads or changes what is global, starts anything, or keeps
 * the process alive. So they load where much is missing, as under a test runner, and what is not
 * used costs nothing.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports, name } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  name: string;
  exports: Record<string, { default: string } | string>;
};
const modules = Object.entries(exports).flatMap(([key, value]) =>
  typeof value === "string" ? [] : key,
);

const node = (script: string, ...flags: string[]): string =>
  execFileSync(process.execPath, [...flags, "--input-type=module", "-e", script], {
    cwd: root,
    encoding: "utf8",
    timeout: 50_000,
  });

/** What a page, a worker, a sandbox or a test runner may lack or replace. */
const GLOBALS = [
  "AbortController",
  "BroadcastChannel",
  "Buffer",
  "MessageChannel",
  "SharedArrayBuffer",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "WebAssembly",
  "Worker",
  "clearImmediate",
  "clearTimeout",
  "crypto",
  "fetch",
  "navigator",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
];

/** Prints what the import of modules has read, changed and left behind; then `end`. */
const WATCH = (specifiers: readonly string[], end = ""): string => `
  const own = process;
  const read = [];
  for (const name of ${JSON.stringify(GLOBALS)}) {
    const value = globalThis[name];
    Object.defineProperty(globalThis, name, { configurable: true, enumerable: true, set() { read.push("set " + name); }, get() {
      const caller = new Error().stack.split("\\n")[2] ?? "";
      if (/\\/dist\\/(?!bundled)/.test(caller) && !/node_modules/.test(caller)) read.push(name + caller.replace(/.*\\/dist\\//, " in "));
      return value;
    } });
  }
  const objects = { globalThis };
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const prototype = /^[A-Z]/.test(name) ? globalThis[name]?.prototype : undefined;
    if (prototype) Object.assign(objects, { [name]: globalThis[name], [name + ".prototype"]: prototype });
  }
  // Of zod, which keeps its settings there.
  const isOwn = (entry) => !entry.startsWith("globalThis __zod_");
  const snapshot = () => Object.entries(objects).flatMap(([where, object]) =>
    Reflect.ownKeys(object).map((key) => where + " " + String(key))).filter(isOwn);
  // The import itself has just closed files.
  const handles = () => own.getActiveResourcesInfo().filter((kind) => !/Req/.test(kind));
  const listeners = () => own.eventNames().map((event) => String(event) + own.listenerCount(event));
  const before = [snapshot(), handles(), listeners()];
  for (const specifier of ${JSON.stringify(specifiers)}) await import(specifier);
  const after = [snapshot(), handles(), listeners()];
  const changes = after.flatMap((now, k) => now.filter((entry) => !before[k].includes(entry)));
  console.log(JSON.stringify({ read, changes }));
  ${end}`;

/** They load another library, which does as it likes. */
const FRAMEWORKS = ["./optax", "./tfjs"];

test("all entry points are looked at", () => {
  const rooms = ["nn", "data", "train", "export", "predict", "optim", "regularizers", "track"];
  const others = [".", "./browser", "./pool-worker", ...FRAMEWORKS];
  expect(modules.toSorted()).toEqual([...rooms.map((room) => `./${room}`), ...others].sort());
});

test.each(modules.filter((key) => !["./pool-worker", ...FRAMEWORKS].includes(key)))(
  "the import of %s does nothing",
  (key) => {
    expect(JSON.parse(node(WATCH([key.replace(".", name)])))).toEqual({ read: [], changes: [] });
  },
);

/**
 * Modules that are there to do something: npm's command, the thread of a pool, and those of other
 * libraries.
 */
const PROGRAMS = ["cli/main.ts", "runtime/pool-worker.ts", "peers/optax.ts", "peers/tfjs.ts"];
/** Of a page that is a program as a whole, and of a browser. */
const PAGE = "dashboard/page/";

test("nor does that of any module, except of the programs", () => {
  const all = readdirSync(`${root}/src`, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && !file.startsWith(PAGE));
  const others = all.filter((file) => !PROGRAMS.includes(file));
  expect(all.length - others.length).toBe(PROGRAMS.length);
  const script = WATCH(
    others.map((file) => new URL(`../dist/${file.replace(/ts$/, "js")}`, import.meta.url).href),
  );
  expect(JSON.parse(node(script))).toEqual({ read: [], changes: [] });
});

test("the watch sees what a module does", () => {
  const module = (code: string) =>
    `data:text/javascript,${encodeURIComponent(`${code}\n//# sourceURL=/dist/x.js`)}`;
  const watched = (code: string) =>
    JSON.parse(node(WATCH([module(code)], "own.exit();"))) as { read: string[]; changes: string[] };
  const channel = watched("new MessageChannel().port1.onmessage = () => {};");
  expect(channel.changes).toContain("MessagePort");
  expect(channel.read).toEqual([expect.stringMatching("MessageChannel")]);
  expect(
    watched("globalThis.mine = 1; Array.prototype.mine = 2; process.on('SIGINT', () => {});")
      .changes,
  ).toEqual(["globalThis mine", "Array.prototype mine", "SIGINT1"]);
});
