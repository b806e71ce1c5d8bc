/** The programs of examples/ that train: each runs, with few steps, and comes to what it says. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "./cli/run-cli.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = join(root, "test/fixtures/data");

/** What it writes, in a folder of its own, and that folder. */
function run(name: string, ...args: string[]) {
  const cwd = temporaryFolder();
  symlinkSync(join(root, "node_modules"), join(cwd, "node_modules"));
  const file = join(root, "examples", name);
  const { stdout, status } = spawnSync(process.execPath, [file, ...args], {
    cwd,
    encoding: "utf8",
  });
  expect(status).toBe(0);
  return { text: stdout, cwd };
}

test("train.js: to a density, into a file, and a prediction from it", () => {
  const { text, cwd } = run("train.js", "2");
  expect(Number(/test accuracy (.*)/.exec(text)![1])).toBeGreaterThan(0.88);
  expect(text).toContain("the first test image is a 7 (it is a 7)");
  expect(existsSync(join(cwd, "digits.safetensors"))).toBe(true);
});

test("own-loop.js finds the two columns that count, and they come first", () => {
  const lines = run("own-loop.js").text.trim().split("\n");
  expect(lines[0]).toMatch(/: column (7|42) is born$/);
  expect(lines.at(-1)).toBe("7: 2.00, 42: -3.00");
});

test("own-regularizer.js: more weights excite than inhibit", () => {
  const { text } = run("own-regularizer.js", "1");
  const [, accuracy, up, down] = /accuracy (.*): (\d+) .*, (\d+) inhibit/.exec(text)!.map(Number);
  expect(accuracy).toBeGreaterThan(0.7);
  expect(up).toBeGreaterThan(2 * down);
});

test("sparsify.js: a twentieth of the weights, and nearly the accuracy", () => {
  const { text, cwd } = run("sparsify.js", "2");
  const [, dense] = /dense: (.*)/.exec(text)!.map(Number);
  const [, sparse, density] = /sparse: (.*) at (.*)/.exec(text)!.map(Number);
  expect(dense).toBeGreaterThan(0.9);
  expect(sparse).toBeGreaterThan(dense - 0.03);
  expect(density).toBeLessThan(0.08);
  expect(existsSync(join(cwd, "small.safetensors"))).toBe(true);
});

test("regression.js: in the target's units, better than its mean", () => {
  const { text } = run("regression.js", join(data, "tables/diabetes.csv"));
  const [, mae, r2] = /off by (.*) in the mean, R² (.*)/.exec(text)!.map(Number);
  expect(mae).toBeGreaterThan(30);
  expect(mae).toBeLessThan(60);
  expect(r2).toBeGreaterThan(0.25);
});

test("sound.js: folders of recordings become a network", () => {
  const { text, cwd } = run("sound.js", "1", join(data, "sounds"));
  expect(text).toMatch(/^test accuracy [01](\.\d+)? with 0\.\d+$/m);
  expect(existsSync(join(cwd, "sound.safetensors"))).toBe(true);
});

test("the list has them all", () => {
  const list = readFileSync(join(root, "examples/README.md"), "utf8");
  const programs = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".js"));
  const helpers = ["pixels.js", "vite.config.js"];
  const absent = programs.filter((name) => !helpers.includes(name) && !list.includes(`(${name})`));
  expect(absent).toEqual([]);
});
