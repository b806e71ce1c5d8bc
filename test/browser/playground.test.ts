/**
 * The playground in Chromium: it trains, shows what it does, reads a drawn digit and gives its
 * network away.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeModel, evaluate, loadMnist, networkSize } from "../support/bregman.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { chromiumOptions, chromiumPath } from "./chromium.js";

const suite = chromiumPath
  ? "in Chromium"
  : "in Chromium (skipped: there is none; CHROMIUM may name one)";

describe.skipIf(!chromiumPath)(suite, () => {
  let browser: Browser;
  let server: PreviewServer;
  beforeAll(async () => {
    const configFile = fileURLToPath(new URL("../../web/vite.config.ts", import.meta.url));
    const site = {
      configFile,
      logLevel: "error",
      build: { outDir: temporaryFolder(), emptyOutDir: true },
    } as const;
    await build(site);
    server = await preview({ ...site, preview: { port: 0 } });
    browser = await chromium.launch(chromiumOptions);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    await page.goto(server.resolvedUrls!.local[0]);
    await page.locator("#train:enabled").waitFor();
    return { page, faults };
  }

  const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
  /** Shares of a canvas that are not of its most frequent colour. */
  const drawn = (page: Page, id: string): Promise<number> =>
    page.locator(`#${id}`).evaluate((canvas) => {
      const { width, height } = canvas as unknown as { width: number; height: number };
      const { data } = (canvas as any).getContext("2d").getImageData(0, 0, width, height);
      const colours = new Map<string, number>();
      for (let k = 0; k < data.length; k += 4) {
        const colour = data.slice(k, k + 4).join();
        colours.set(colour, (colours.get(colour) ?? 0) + 1);
      }
      return 1 - Math.max(...colours.values()) / (data.length / 4);
    });

  test("a network is trained, seen, tried and taken away", async () => {
    const { page, faults } = await open();
    await page.locator("[name=epochs]").fill("2");
    await page.locator("#train").click();
    await expect
      .poll(() => text(page, "status"), { timeout: 50_000 })
      .toMatch(/^Done: 9\d\.\d\d % of the 10,000/);
    expect(await text(page, "epoch")).toBe("2");
    expect(parseFloat((await text(page, "density"))!)).toBeGreaterThan(1.5);
    expect(parseFloat((await text(page, "density"))!)).toBeLessThan(6);
    expect(parseFloat((await text(page, "accuracy"))!)).toBeGreaterThan(88);
    expect(await drawn(page, "weights")).toBeGreaterThan(0.05);
    expect(await drawn(page, "dual")).toBeGreaterThan(0.1);

    await page.locator("#pad").scrollIntoViewIfNeeded();
    const box = (await page.locator("#pad").boundingBox())!;
    await page.mouse.move(box.x + 112, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 112, box.y + 190, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.locator("#guesses .best").textContent()).toMatch(/^1/);

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.locator("#sparse").click(),
    ]);
    const bytes = readFileSync(await download.path());
    const network = decodeModel(bytes);
    expect(bytes.length).toBeLessThan(networkSize(network).bytes.dense / 5);
    const [{ testAccuracy }] = await evaluate([network], loadMnist());
    expect(await text(page, "status")).toContain(`${(100 * testAccuracy!).toFixed(2)} %`);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("a training is stopped, and another begins", async () => {
    const { page, faults } = await open();
    await page.locator("[name=epochs]").fill("100");
    await page.locator("#train").click();
    await expect.poll(() => text(page, "epoch"), { timeout: 30_000 }).toMatch(/^\d/);
    await page.locator("#stop").click();
    await expect.poll(() => text(page, "status"), { timeout: 30_000 }).toMatch(/^Done/);
    await page.locator("[name=optimizer]").selectOption("sgd");
    await page.locator("[name=epochs]").fill("1");
    await page.locator("#train").click();
    await expect.poll(() => text(page, "density"), { timeout: 30_000 }).toMatch(/^9\d|^100/);
    expect(faults).toEqual([]);
    await page.close();
  });
});
