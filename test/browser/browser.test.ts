/** The page of docs/browser.md in Chromium: it trains to the very bits that Node has. */
import { readFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  decodeModel,
  encodeModel,
  evaluate,
  fit,
  fromArrays,
  l1,
  linBreg,
  loadMnist,
  mlp,
} from "../support/bregman.js";
import { predict } from "#bregman/predict/light.js";
import { chromiumOptions, chromiumPath } from "./chromium.js";
import { documentedFiles, openSite, type Site } from "./site.js";

const suite = chromiumPath
  ? "in Chromium"
  : "in Chromium (skipped: there is none; CHROMIUM may name one)";

/** What the page must come to: the same call in Node. */
async function trainedHere(): Promise<Buffer> {
  const { train, test: held } = loadMnist();
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
  expect(result.final.testAccuracy).toBeGreaterThan(0.85);
  return Buffer.from(encodeModel({ model, ...result }));
}

/** Files with one epoch in place of five: the test has the time for that. */
const quick = (name: string, more = (code: string) => code) => {
  const code = documentedFiles()[name];
  expect(code).toContain("epochs: 5,");
  return more(code.replace("epochs: 5,", "epochs: 1,"));
};

describe.skipIf(!chromiumPath)(suite, () => {
  let browser: Browser;
  let expected: Buffer;
  beforeAll(async () => {
    browser = await chromium.launch(chromiumOptions);
    expected = await trainedHere();
  });
  afterAll(() => browser.close());

  /** Opens a site and gives its page, and all that went wrong on it, to `look`. */
  async function visit(
    changes: Record<string, string>,
    look: (page: Page, site: Site) => Promise<void>,
    how?: "built" | "development",
  ) {
    const site = await openSite(changes, how);
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    try {
      await page.goto(site.url);
      await look(page, site);
      expect(faults).toEqual([]);
    } finally {
      await page.close();
      await site.close();
    }
  }

  async function downloaded(page: Page): Promise<Buffer> {
    const link = page.locator("#download");
    await link.waitFor({ timeout: 50_000 });
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    return readFileSync(await download.path());
  }

  test("a worker trains on all threads, and the network has the bits of Node's", async () => {
    await visit({ "worker.js": quick("worker.js") }, async (page, { warnings }) => {
      expect(warnings).toEqual([]);
      const file = await downloaded(page);
      expect(await page.evaluate("crossOriginIsolated")).toBe(true);
      expect(file.equals(expected)).toBe(true);
      expect(await page.locator("#log").textContent()).toMatch(/^epoch 1: density 0\.0\d+\n$/);
    });
    const [{ testAccuracy }] = await evaluate([decodeModel(expected)], loadMnist());
    expect(testAccuracy).toBeGreaterThan(0.85);
  });

  test("Vite's development server serves the same", async () => {
    const look = async (page: Page) => expect((await downloaded(page)).equals(expected)).toBe(true);
    await visit({ "worker.js": quick("worker.js") }, look, "development");
  });

  test("without the headers one thread trains, in a worker and in the page itself", async () => {
    await visit(
      {
        "worker.js": quick("worker.js"),
        "vite.config.js": "export default { worker: { format: 'es' } };",
      },
      async (page) => {
        expect(await page.evaluate("crossOriginIsolated")).toBe(false);
        expect((await downloaded(page)).equals(expected)).toBe(true);
      },
    );
    const onPage = quick("worker.js", (code) =>
      code.replaceAll("postMessage(", "show(").concat(`function show({ file }) {
        if (!file) return;
        const link = document.querySelector("#download");
        link.href = URL.createObjectURL(new Blob([file]));
        link.hidden = false;
      }`),
    );
    await visit({ "main.js": onPage }, async (page) => {
      expect((await downloaded(page)).equals(expected)).toBe(true);
    });
  });

  test("too many threads are one line that says what is missing", async () => {
    const main = `import { fit, fromArrays, linBreg, mlp } from "bregman/browser";
      const train = { inputs: new Float32Array(4), labels: [0, 1, 0, 1] };
      const optimizer = { weights: linBreg(), biases: linBreg() };
      fit(mlp([1, 2]), fromArrays({ shape: [1], train }), { optimizer, epochs: 1, threads: 2 })
        .catch((error) => document.querySelector("#log").append(String(error)));`;
    await visit({ "main.js": main }, async (page) => {
      await expect
        .poll(() => page.locator("#log").textContent())
        .toBe(
          "InputError: cannot start a pool: 2 threads, but a page may not wait for others: that takes a web worker; use threads: 1",
        );
    });
  });

  test("a network from a file is used in the page", async () => {
    const images = loadMnist().test.inputs.subarray(0, 10 * 784);
    const main = `window.outputs = async (images) => {
      const { outputs } = await import("./predict.js");
      return [...await outputs(Uint8Array.from(images))];
    };`;
    await visit({ "main.js": main }, async (page) => {
      await page.route("**/model.safetensors", (route) => route.fulfill({ body: expected }));
      const there = await page.evaluate((list) => (globalThis as any).outputs(list), [...images]);
      expect(there).toEqual([...(await predict(decodeModel(expected), images))]);
    });
  });
});
