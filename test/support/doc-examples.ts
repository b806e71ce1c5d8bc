/**
 * The examples in docs/: code blocks of Markdown files, so that tests can run them as they stand
 * there.
 */
import { readFileSync } from "node:fs";

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

const root = new URL("../../", import.meta.url);

/** The code of a script of ours as it can be run from anywhere: entry points are built files. */
export function runnable(code: string): string {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    exports: Record<string, { node?: string; default: string } | string>;
  };
  return code.replaceAll(/from "bregman(\/[\w-]+)?"/g, (text, path = "") => {
    const entry = exports[`.${path}`];
    return typeof entry === "object"
      ? `from "${new URL(entry.node ?? entry.default, root).href}"`
      : text;
  });
}
