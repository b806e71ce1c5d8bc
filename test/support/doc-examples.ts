/**
 * The examples in docs/: code blocks of Markdown files, so that tests can run them as they stand
 * there.
 */
import { execFile, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../cli/run-cli.js";

export interface CodeBlock {
  /** First word after the fence: "js", "json", "sh", ... */
  readonly language: string;
  /** `title="..."` after the language, if there is one: the file it would be. */
  readonly title: string | undefined;
  readonly code: string;
}

/** The fenced code blocks of a Markdown file, in order. */
export function codeBlocks(path: string): CodeBlock[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/^```(\w+)(?: +title="([^"]+)")? *\n([\s\S]*?)^```$/gm)].map(
    ([, language, title, code]) => ({
      language,
      title,
      code,
    }),
  );
}

/**
 * All blocks of a page, in order, whose languages a test knows: one that was added to the page
 * since is an error, until the test runs it, too.
 *
 * @param languages - with blanks between them, such as "sh json sh"
 */
export function allBlocks(path: string, languages: string): CodeBlock[] {
  const blocks = codeBlocks(path);
  const found = blocks.map(({ language }) => language).join(" ");
  if (found !== languages)
    throw new Error(`${path}: the test knows "${languages}", the page has "${found}"`);
  return blocks;
}

/** A text in which a piece, which must be there, has become another one: fewer epochs, say. */
export function changed(text: string, ...changes: [from: string, to: string][]): string {
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`"${from}" is not in\n${text}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

const root = new URL("../../", import.meta.url);

/** The code of a script of ours as it can be run from anywhere: entry points are built files. */
export function runnable(code: string): string {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    exports: Record<string, { node?: string; default: string } | string>;
  };
  return code.replaceAll(/(from |import\()"bregman(\/[\w-]+)?"/g, (text, word, path = "") => {
    const entry = exports[`.${path}`];
    return typeof entry === "object"
      ? `${word}"${new URL(entry.node ?? entry.default, root).href}"`
      : text;
  });
}

/** What the code of a page about training has by then: a small model, its data, an optimizer. */
export const SMALL_TRAINING = `
  import { fromArrays, l1, linBreg, mlp } from "bregman";
  const model = mlp([2, 8, 2]);
  const inputs = Float32Array.from({ length: 200 }, (_, k) => Math.sin(k * k));
  const labels = Array.from({ length: 100 }, (_, k) => Number(inputs[2 * k] > 0));
  const data = fromArrays({ shape: [2], train: { inputs, labels } });
  const weights = linBreg({ tau: 0.1, regularizer: l1(0.01) });
  const optimizer = { weights, biases: linBreg({ tau: 0.1 }) };`;

/**
 * Runs a script of the docs, without types, in a process of its own; what it prints.
 *
 * @param before - lines before it: what a reader has by then
 * @param after - lines behind it
 */
export async function runScript(
  code: string,
  {
    before = "",
    after = "",
    cwd = temporaryFolder(),
  }: { before?: string; after?: string; cwd?: string } = {},
): Promise<string> {
  const path = join(cwd, "example.mjs");
  writeFileSync(path, runnable([before, code, after].join("\n")));
  const { stdout } = await promisify(execFile)(process.execPath, [path], { cwd });
  return stdout;
}

/** The version of Python that there is; undefined if there is none. */
export const pythonHere: string | undefined =
  spawnSync("python3", ["--version"], { encoding: "utf8" }).stdout?.trim() || undefined;

/** Whether Python can read a program; it may need libraries that are not here. */
export function readByPython(code: string): boolean {
  const read = ["-c", "import ast, sys; ast.parse(sys.stdin.read())"];
  return spawnSync("python3", read, { input: code }).status === 0;
}
