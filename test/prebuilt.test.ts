/**
 * The package with the addon: whoever installs it beside bregman has native kernels without a
 * compiler; one that does not fit is refused, in words.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "./cli/run-cli.js";
import { packPackage, unpackPackage } from "./support/installed-package.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const name = `bregman-${process.platform}-${process.arch}`;
const built = join(root, "build/prebuilt", name);
const addon = "bregman_native.node";

/** Trains three steps, and says on what. */
const PROGRAM = `import { fit, fromArrays, linBreg, mlp } from "bregman";
const inputs = Float32Array.from({ length: 80 }, (_, k) => Math.sin(k * k));
const train = { inputs, labels: Array(40).fill(0) };
const optimizer = { weights: linBreg({ tau: 0.1 }), biases: linBreg({ tau: 0.1 }) };
const onEvent = (event) => event.type === "start" && console.log(event.backend, event.reason);
const data = fromArrays({ shape: [2], classes: 2, train });
await fit(mlp([2, 4, 2]), data, { optimizer, epochs: 3, onEvent });`;

const isLinux = process.platform === "linux" && existsSync(join(root, "build/Release", addon));

describe.skipIf(!isLinux)("on Linux, with the addon built (npm run build:native)", () => {
  let tarball: string;
  beforeAll(() => {
    const make = spawnSync(process.execPath, ["scripts/build-prebuilt.mjs"], { cwd: root });
    expect(String(make.stderr)).toBe("");
    tarball = packPackage(temporaryFolder());
  }, 120_000);

  /** A project with bregman as npm unpacks it, without its addon, beside such a package of it. */
  function project(spoil: (folder: string) => void = () => {}) {
    const folder = temporaryFolder();
    const modules = join(folder, "node_modules");
    unpackPackage(modules, tarball);
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const library of Object.keys(dependencies))
      cpSync(join(root, "node_modules", library), join(modules, library), { recursive: true });
    cpSync(built, join(modules, name), { recursive: true });
    spoil(join(modules, name));
    writeFileSync(join(folder, "program.mjs"), PROGRAM);
    // No compiler, no Python, no npm.
    const env = { PATH: "/nowhere" };
    const run = (cwd: string, ...args: string[]) => {
      const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: "utf8" });
      return stdout.trim() || stderr;
    };
    return {
      install: run(join(modules, "bregman"), "scripts/build-native.mjs"),
      train: run(folder, "program.mjs"),
    };
  }

  test("it is small, and for this system alone", () => {
    expect(statSync(join(built, addon)).size).toBeLessThan(1.5e6);
    const { version, os, cpu, libc } = JSON.parse(
      readFileSync(join(built, "package.json"), "utf8"),
    );
    const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect([version, os, cpu]).toEqual([own.version, ["linux"], [process.arch]]);
    expect(libc).toEqual(["glibc"]);
  });

  test("native kernels train, where nothing can be compiled", () => {
    const { install, train } = project();
    expect(install).toBe(`bregman: native kernels of ${name}`);
    expect(train).toMatch(/^native/);
  });

  test.each<[string, (folder: string) => void, string, RegExp]>([
    [
      "of other sources",
      (folder) => writeFileSync(join(folder, "bregman_native.sha256"), "0".repeat(64)),
      "it is of other sources",
      new RegExp(`native is not available: the addon of ${name} was built from other sources`),
    ],
    [
      "cut off",
      (folder) =>
        writeFileSync(join(folder, addon), readFileSync(join(folder, addon)).subarray(0, 5000)),
      "it is damaged",
      new RegExp(`native is not available: the addon of ${name} is cut off`),
    ],
  ])("one that is %s is not taken: wasm serves", (_, spoil, fault, reason) => {
    const { install, train } = project(spoil);
    expect(install.split("\n")).toEqual([
      `bregman: native kernels of ${name} not taken: ${fault}`,
      expect.stringMatching(/^bregman: native kernels not built \(.+\), the wasm kernels serve$/),
    ]);
    expect(train).toMatch(/^wasm/);
    expect(train).toMatch(reason);
  });
});
