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

/**
 * The code of a script of ours as it can be run from anywhere: the package's name is replaced by
 * the built file.
 */
export function runnable(code: string): string {
  const entry = new URL("../../dist/index.js", import.meta.url).href;
  return code.replaceAll('from "bregman"', `from "${entry}"`);
}
