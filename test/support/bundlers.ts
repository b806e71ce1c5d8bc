/** The bundlers of test/bundlers, which has a lockfile of its own; `.ci/run` installs it. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const BUNDLERS = fileURLToPath(new URL("../bundlers/node_modules", import.meta.url));

export const areBundlersHere = existsSync(BUNDLERS);

/** What the tests are called; where there are none it says why they were skipped. */
export const bundled = areBundlersHere
  ? "bundled"
  : "bundled (skipped: `npm ci --prefix test/bundlers --ignore-scripts` installs the bundlers)";

const require = createRequire(join(BUNDLERS, "../package.json"));

/** Loads one of them, whose types the root does not have. */
export async function bundler(name: string): Promise<any> {
  // Of Vite not the CommonJS, which it warns of.
  const modern = join(BUNDLERS, name, "dist/node/index.js");
  const module = await import(existsSync(modern) ? modern : require.resolve(name));
  return module.default ?? module;
}

/** Builds with webpack; the messages of what it finds wrong. */
export async function builtByWebpack(config: object): Promise<string[]> {
  const webpack = await bundler("webpack");
  return new Promise((done, failed) => {
    webpack(config, (error: Error | null, stats: any) => {
      if (error) failed(error);
      else
        done(
          stats.toJson({ all: false, errors: true }).errors.map((fault: Error) => fault.message),
        );
    });
  });
}
