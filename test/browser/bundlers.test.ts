/**
 * The pages of docs/browser.md, made by other bundlers as it says there: one trains to the bits of
 * Node, one predicts to them.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPredictor } from "#bregman/predict/light.js";
import { encodeModel, fit, fromArrays, l1, linBreg, loadMnist, mlp } from "../support/bregman.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { idxBytes } from "../data/idx-files.js";
import { areBundlersHere, bundled } from "../support/bundlers.js";
import { codeBlocks } from "../support/doc-examples.js";
import { installPackage } from "../support/installed-package.js";
import { documentedCommands, MADE, type Project } from "./bundles.js";
import { chromiumOptions, chromiumPath } from "./chromium.js";
import { documentedFiles } from "./site.js";

const suite = chromiumPath
  ? bundled
  : "bundled (skipped: there is no Chromium; CHROMIUM may name one)";

/** So few digits that all bundlers have their turn. */
const part = (
  { inputs, labels }: { inputs: ArrayLike<number>; labels: ArrayLike<number> },
  count: number,
) => ({
  inputs: Uint8Array.from(inputs as Uint8Array).subarray(0, 784 * count),
  labels: Uint8Array.from(labels).subarray(0, count),
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

/** Files in a folder, with the package beside them. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = temporaryFolder();
  for (const [name, content] of Object.entries({
    ...files,
    "package.json": '{ "type": "module" }',
  })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  installPackage(join(root, "node_modules"));
  return root;
}

/** The page that trains, and its data. */
function trainingPage(explicit: boolean): string {
  const files = documentedFiles();
  expect(files["worker.js"]).toContain("epochs: 5,");
  const worker = files["worker.js"].replace("epochs: 5,", "epochs: 1,");
  const root = folderOf({ ...files, "worker.js": explicit ? withKernels(worker) : worker });
  mkdirSync(join(root, "public/mnist"), { recursive: true });
  for (const [name, { inputs, labels }] of Object.entries({ train, t10k: held })) {
    const write = (file: string, bytes: Uint8Array) =>
      writeFileSync(join(root, "public/mnist", file), bytes);
    write(`${name}-images-idx3-ubyte`, idxBytes([labels.length, 28, 28], inputs));
    write(`${name}-labels-idx1-ubyte`, idxBytes([labels.length], labels));
  }
  return root;
}

/** With the option that docs/browser.md gives for bundlers that leave addresses alone. */
const withKernels = (worker: string): string =>
  worker.replace("epochs: 1,", `epochs: 1,\n  ${documented("wasm: ")}`);

/** The block of docs/browser.md that begins so. */
function documented(begin: string): string {
  const found = codeBlocks("docs/browser.md").find(({ code }) => code.startsWith(begin));
  return found!.code.trim();
}

const TRAINING: Project = {
  root: trainingPage,
  commands: documentedCommands("npx esbuild main.js"),
};

/** What the page predicts of: one sample, and more than are computed side by side. */
const COUNTS = [1, 40];

/** The page that predicts, with numbers of samples of the held ones. */
const PREDICTING: Project = {
  commands: documentedCommands("npx esbuild predict.js").map((line) =>
    line.replace(" predict.js", " main.js"),
  ),
  root(explicit) {
    const files = documentedFiles();
    const made = 'const net = createPredictor("model.safetensors"';
    expect(files["predict.js"]).toContain(`${made});`);
    const predict = explicit
      ? files["predict.js"].replace(`${made});`, documented(made))
      : files["predict.js"];
    return folderOf({
      "index.html":
        '<!doctype html><pre id="log"></pre><script type="module" src="main.js"></script>',
      // One after the other: what waits together is computed together, and its sums are others.
      "main.js": `import { outputs } from "./predict.js";
        const log = document.querySelector("#log");
        try {
          const images = new Uint8Array(await (await fetch("images")).arrayBuffer());
          const all = [];
          for (const count of ${JSON.stringify(COUNTS)})
            all.push([...(await outputs(images.subarray(0, 784 * count)))]);
          log.textContent = JSON.stringify(all);
        } catch (error) {
          log.textContent = String(error);
        }`,
      "vite.config.js": files["vite.config.js"],
      "predict.js": predict,
      "rollup.config.js": files["rollup.config.js"].replace(
        /input: .*/,
        'input: { main: "main.js" },',
      ),
      "public/images": held.inputs.subarray(0, 784 * Math.max(...COUNTS)),
      "public/model.safetensors": expected,
    });
  },
};
let expected: Buffer;

describe.skipIf(!chromiumPath || !areBundlersHere)(suite, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch(chromiumOptions);
    expected = await trainedHere();
  });
  afterAll(() => browser.close());

  /** Opens a page as a bundler makes it. */
  async function visit(
    make: (typeof MADE)[string],
    project: Project,
    look: (page: Page) => Promise<void>,
  ) {
    const site = await make(project);
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    try {
      await page.goto(site.url.replace("localhost", "127.0.0.1"));
      await look(page);
      expect(faults).toEqual([]);
    } finally {
      await page.close();
      await site.close();
    }
  }

  test.each(Object.entries(MADE))("%s trains", { timeout: 120_000 }, async (_name, make) => {
    await visit(make, TRAINING, async (page) => {
      const [link, log] = [page.locator("#download"), page.locator("#log")];
      await expect
        .poll(async () => (await link.isVisible()) || /rror/.test((await log.textContent())!), {
          timeout: 60_000,
        })
        .toBe(true);
      expect(await log.textContent()).toMatch(/^epoch 1: density 0\.\d+\n$/);
      expect(await page.evaluate("crossOriginIsolated")).toBe(true);
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      expect(readFileSync(await download.path()).equals(expected)).toBe(true);
    });
  });

  test.each(Object.entries(MADE))("%s predicts", { timeout: 120_000 }, async (_name, make) => {
    await using net = await createPredictor(new Uint8Array(expected));
    const samples = (count: number) => held.inputs.subarray(0, 784 * count);
    const here = COUNTS.map((count) => [...net.predictSync(samples(count))]);
    await visit(make, PREDICTING, async (page) => {
      const log = page.locator("#log");
      await expect.poll(() => log.textContent(), { timeout: 60_000 }).not.toBe("");
      expect(await log.textContent()).toBe(JSON.stringify(here));
    });
  });
});
