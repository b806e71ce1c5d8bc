/** Pages as bundlers make them, by the lines and files of docs/browser.md, and a host for them. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { expect } from "vitest";
import { builtByWebpack, bundler, BUNDLERS } from "../support/bundlers.js";
import { codeBlocks } from "../support/doc-examples.js";

/** A page in a folder, with the package beside it. */
export interface Project {
  /** The folder; `explicit`: for bundlers that leave addresses alone, as docs/browser.md says. */
  root(explicit: boolean): string;
  /** The documented lines of the shell for esbuild: the bundle, and the copy of other files. */
  readonly commands: readonly string[];
}

/** The lines of the shell on docs/browser.md that begin so. */
export function documentedCommands(begin: string): string[] {
  const block = codeBlocks("docs/browser.md").find(({ code }) => code.startsWith(begin))!;
  return block.code.trim().split("\n");
}

function shell(root: string, line: string): void {
  const [program, ...args] = line
    .replace("npx esbuild", join(BUNDLERS, "esbuild/bin/esbuild"))
    .split(" ");
  const { status, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  expect([status, stderr.includes("warning")]).toEqual([0, false]);
}

export interface Served {
  readonly url: string;
  close(): unknown;
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Any host: files of `dist`, the page and the digits, with the two headers. */
function serve(root: string): Promise<Served> {
  const server = createServer(({ url }, response) => {
    const path = new URL(url!, "http://localhost").pathname.replace(/\/$/, "/index.html");
    const file = [join(root, "dist", path), join(root, "public", path)].find((name) =>
      existsSync(name),
    );
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(readFileSync(file));
  });
  return new Promise((done) =>
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      done({ url, close: () => (server.closeAllConnections(), server.close()) });
    }),
  );
}

/** How each makes the page of it, and serves it. */
export const MADE: Readonly<Record<string, (project: Project) => Promise<Served>>> = {
  async esbuild(project) {
    const root = project.root(true);
    for (const line of project.commands) shell(root, line);
    return serve(root);
  },
  async rollup(project) {
    const root = project.root(true);
    for (const plugin of ["commonjs", "node-resolve"]) {
      const place = join(root, "node_modules/@rollup", `plugin-${plugin}`);
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(join(BUNDLERS, "@rollup", `plugin-${plugin}`), place);
    }
    const [line, copy] = ["npx rollup --config", project.commands[1]];
    expect(readFileSync("docs/browser.md", "utf8")).toContain(`\`${line}\``);
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(BUNDLERS, "rollup/dist/bin/rollup"), "--config", "--silent"],
      {
        cwd: root,
        encoding: "utf8",
      },
    );
    expect([status, stderr]).toEqual([0, ""]);
    shell(root, copy);
    return serve(root);
  },
  async webpack(project) {
    const root = project.root(false);
    const faults = await builtByWebpack({
      context: root,
      mode: "production",
      entry: "./main.js",
      output: { path: join(root, "dist") },
      optimization: { minimize: false },
    });
    expect(faults).toEqual([]);
    copyFileSync(join(root, "index.html"), join(root, "dist/index.html"));
    return serve(root);
  },
  ...Object.fromEntries(
    ["vite-5", "vite-6", "vite-7"].map((name) => [
      `${name}, its development server`,
      async (project: Project) => {
        const vite = await bundler(name);
        const server = await vite.createServer({
          root: project.root(false),
          logLevel: "silent",
          server: { port: 0 },
        });
        await server.listen();
        return { url: server.resolvedUrls.local[0], close: () => server.close() };
      },
    ]),
  ),
};
