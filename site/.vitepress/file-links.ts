/**
 * Links of the pages to files that are no pages, such as `../results/bench/peak.json`. On GitHub
 * they lead to the file; here its text is put under `/files/`. What is no file at all is an error.
 */
import { copyFileSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { MarkdownRenderer, Plugin } from "vitepress";

/** The repository: also where paths of pages start. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Text that is on the site in another form, or is not for its readers. */
const NO_PAGES = new Set(["README.md", "bench/README.md"]);

/** Paths from the root of all files that pages have linked to so far. */
const linked = new Set<string>();

/** Code is shown as text; browsers would run it, or store it. */
const address = (path: string): string =>
  /\.(json|svg|png)$/.test(path) ? `/files/${path}` : `/files/${path}.txt`;

/** The token of a link as it is to be: to a page, or to a file's text; undefined: to no text. */
function target(href: string, page: string): string | undefined {
  if (/^[a-z]+:|^[#/]/.test(href)) return href;
  const path = resolve(dirname(page), decodeURI(href.replace(/#.*/, "")));
  const from = relative(ROOT, path);
  if (NO_PAGES.has(from)) return undefined;
  if (path.endsWith(".md")) return href;
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`${relative(ROOT, page)}: a link to ${href}, which is not there`);
  if (found.isDirectory()) return undefined;
  linked.add(from);
  return address(from);
}

/** Has links to files lead to their texts, and shows those to folders as plain text. */
export function useFileLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("file-links", ({ tokens, env }) => {
    for (const { children } of tokens) {
      let dropped = false;
      for (const token of children ?? []) {
        if (token.type === "link_close" && dropped) {
          token.hidden = true;
          dropped = false;
        }
        if (token.type !== "link_open") continue;
        const href = target(token.attrGet("href")!, env.realPath ?? env.path);
        dropped = href === undefined;
        if (href === undefined) Object.assign(token, { type: "text", tag: "", nesting: 0 });
        else token.attrSet("href", href);
      }
    }
  });
}

/** Puts the texts of linked files into the built site. */
export function writeLinkedFiles(folder: string): void {
  for (const path of linked) {
    const to = join(folder, address(path));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(join(ROOT, path), to);
  }
}

/** The same files, of the development server. */
export const serveLinkedFiles: Plugin = {
  name: "linked-files",
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      const path = [...linked].find((one) => request.url === address(one));
      if (path === undefined) return next();
      response.setHeader("Content-Type", "text/plain; charset=utf-8");
      response.end(readFileSync(join(ROOT, path)));
    });
  },
};
