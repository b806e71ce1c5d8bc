/**
 * The page of docs/browser.md, made by other bundlers as it says there, trains to the bits of Node.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeModel, fit, fromArrays, l1, linBreg, loadMnist, mlp } from "../support/bregman.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { idxBytes } from "../data/idx-files.js";
import { areBundlersHere, bundled, bundler, BUNDLERS } from "../support/bundlers.js";
import { codeBlocks } from "../support/doc-examples.js";
import { installPackage } from "../support/installed-package.js";
import { chromiumOptions, chromiumPath } from "./chromium.js";
import { documentedFiles } from "./site.js";

const suite = chromiumPath
  ? bundled
  : "bundled (skipped: there is no Chromium; CHROMIUM may name one)";

/** So few digits that all bundlers have their turn. */
const part = (
  { inputs, labels }: { inputs: ArrayLike<number>; labels: Uint8Array },
  count: number,
) => ({
  inputs: Uint8Array.from(inputs as Uint8Array).subarray(0, 784 * count),
  labels: labels.subarray(0, count),
});
const mnist = loadMnist();
const [train, held] = [part(mnist.train, 1000), part(mnist.test, 200)];

/** What the page must come to. */
async function trainedHere(): Promise<Buffer> {
  const model = mlp([784, 200, 80, 10]);
  const data = fromArrays({ shape: [1, 28, 28], mean: [0.1307], std: [0.3081], train, test: held });
  const result = await fit(model, data, {
    optimizer: {
      weights: linBreg({ tau: 0.1, regularizer: l1(0.1) }),
      biases: linBreg({ tau: 0.1 }),
    },
    init: { weights: { density: 0.01 } },
    epochs: 1,
    backend: "wasm",
  });
  return Buffer.from(encodeModel({ model, ...result }));
}

/** The page and its data in a folder, with the package beside them. */
function project(change: (worker: string) => string = (code) => code): string {
  const root = temporaryFolder();
  const files = documentedFiles();
  expect(files["worker.js"]).toContain("epochs: 5,");
  files["worker.js"] = change(files["worker.js"].replace("epochs: 5,", "epochs: 1,"));
  for (const [name, code] of Object.entries(files)) writeFileSync(join(root, name), code);
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  mkdirSync(join(root, "public/mnist"), { recursive: true });
  for (const [name, { inputs, labels }] of Object.entries({ train, t10k: held })) {
    const write = (file: string, bytes: Uint8Array) =>
      writeFileSync(join(root, "public/mnist", file), bytes);
    write(`${name}-images-idx3-ubyte`, idxBytes([labels.length, 28, 28], inputs));
    write(`${name}-labels-idx1-ubyte`, idxBytes([labels.length], labels));
  }
  installPackage(join(root, "node_modules"));
  return root;
}

/** With the option that docs/browser.md gives for bundlers that leave addresses alone. */
const withKernels = (worker: string): string => {
  const option = codeBlocks("docs/browser.md")
    .find(({ code }) => code.startsWith("wasm: "))!
    .code.trim();
  return worker.replace("epochs: 1,", `epochs: 1,\n  ${option}`);
};

/** The documented lines of the shell, without `npx`. */
function commands(): string[] {
  const block = codeBlocks("docs/browser.md").find(({ code }) => code.startsWith("npx esbuild "))!;
  return block.code.trim().split("\n");
}

function shell(root: string, line: string): void {
  const [program, ...args] = line
    .replace("npx esbuild", join(BUNDLERS, "esbuild/bin/esbuild"))
    .split(" ");
  const { status, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  expect([status, stderr.includes("warning")]).toEqual([0, false]);
}

interface Served {
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
const MADE: Readonly<Record<string, () => Promise<Served>>> = {
  async esbuild() {
    const root = project(withKernels);
    for (const line of commands()) shell(root, line);
    return serve(root);
  },
  async rollup() {
    const root = project(withKernels);
    for (const plugin of ["commonjs", "node-resolve"]) {
      const place = join(root, "node_modules/@rollup", `plugin-${plugin}`);
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(join(BUNDLERS, "@rollup", `plugin-${plugin}`), place);
    }
    const [line, copy] = ["npx rollup --config", commands()[1]];
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
  async webpack() {
    const root = project();
    const webpack = await bundler("webpack");
    const config = {
      context: root,
      mode: "production",
      entry: "./main.js",
      output: { path: join(root, "dist") },
    };
    const faults = await new Promise<string[]>((done, failed) => {
      webpack(
        { ...config, optimization: { minimize: false } },
        (error: Error | null, stats: any) => {
          if (error) failed(error);
          else
            done(
              stats
                .toJson({ all: false, errors: true })
                .errors.map((fault: Error) => fault.message),
            );
        },
      );
    });
    expect(faults).toEqual([]);
    copyFileSync(join(root, "index.html"), join(root, "dist/index.html"));
    return serve(root);
  },
  ...Object.fromEntries(
    ["vite-5", "vite-6", "vite-7"].map((name) => [
      `${name}, its development server`,
      async () => {
        const vite = await bundler(name);
        const server = await vite.createServer({
          root: project(),
          logLevel: "silent",
          server: { port: 0 },
        });
        await server.listen();
        return { url: server.resolvedUrls.local[0], close: () => server.close() };
      },
    ]),
  ),
};

describe.skipIf(!chromiumPath || !areBundlersHere)(suite, () => {
  let browser: Browser;
  let expected: Buffer;
  beforeAll(async () => {
    browser = await chromium.launch(chromiumOptions);
    expected = await trainedHere();
  });
  afterAll(() => browser.close());

  test.each(Object.entries(MADE))("%s", { timeout: 120_000 }, async (_name, make) => {
    const site = await make();
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    try {
      await page.goto(site.url.replace("localhost", "127.0.0.1"));
      const [link, log] = [page.locator("#download"), page.locator("#log")];
      await expect
        .poll(async () => (await link.isVisible()) || /rror/.test((await log.textContent())!), {
          timeout: 60_000,
        })
        .toBe(true);
      expect([await log.textContent(), faults]).toEqual([
        expect.stringMatching(/^epoch 1: density 0\.\d+\n$/),
        [],
      ]);
      expect(await page.evaluate("crossOriginIsolated")).toBe(true);
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      expect(readFileSync(await download.path()).equals(expected)).toBe(true);
    } finally {
      await page.close();
      await site.close();
    }
  });
});
