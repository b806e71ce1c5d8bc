/**
 * The playground in Chromium: it trains, shows what it does, reads a drawn digit, gives its network
 * away, and classifies pictures.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { decode, encode } from "fast-png";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPredictor, topClasses } from "#bregman/predict/index.js";
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
    await expect
      .poll(() => text(page, "status"), { timeout: 30_000 })
      .toMatch(/^Stopped: \d+\.\d+ % of the 10,000/);
    await page.locator("[name=optimizer]").selectOption("sgd");
    await page.locator("[name=epochs]").fill("1");
    await page.locator("#train").click();
    await expect.poll(() => text(page, "density"), { timeout: 30_000 }).toMatch(/^9\d|^100/);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("pictures are classified: samples, and a visitor's own, cut to a square", async () => {
    const { page, faults } = await open();
    const [first] = await page.locator("#picture-network").allTextContents();
    expect(first).toContain(`${Math.round(PICTURES.packed.length / 1000)} kB`);
    const answer = async (ask: () => Promise<void>): Promise<string> => {
      await page.locator("#picture-guesses").evaluate((list) => list.replaceChildren());
      await ask();
      await page.locator("#picture-guesses .best").waitFor();
      expect(await text(page, "picture-said")).toMatch(/^Answered in \d+\.\d ms, by \d+ kB\.$/);
      return (await page.locator("#picture-guesses .best").textContent())!;
    };
    for (const k of [0, 13, 29]) {
      const said = await answer(() => page.locator("#samples button").nth(k).click());
      expect(said).toMatch(await expected(k));
    }
    // What it sees is the middle: a sample, with black at its left and right.
    const wide = new Uint8Array(3 * 32 * 64);
    pixelsOf(17).forEach((value, k) => {
      const [y, x] = [Math.floor(k / 96), Math.floor(k / 3) % 32];
      wide[3 * (64 * y + 16 + x) + (k % 3)] = value;
    });
    const own = (name: string, bytes: Uint8Array) =>
      page
        .locator("#picture")
        .setInputFiles({ name, mimeType: "image/png", buffer: Buffer.from(bytes) });
    const png = encode({ width: 64, height: 32, channels: 3, data: wide });
    expect(await answer(() => own("mine.png", png))).toMatch(await expected(17));
    await own("broken.png", png.subarray(0, 60));
    await expect
      .poll(() => text(page, "picture-said"))
      .toBe("broken.png is no picture that this browser can read.");
    expect(faults).toEqual([]);
    await page.close();
  });
});

const picturesFile = (name: string) =>
  readFileSync(new URL(`../../web/pictures/${name}`, import.meta.url));
const PICTURES = {
  packed: picturesFile("network.gz"),
  samples: decode(picturesFile("samples.png")),
};

/** A sample of the sheet as it is drawn there, [32, 32, 3]. */
function pixelsOf(k: number): Uint8Array {
  const [row, column] = [Math.floor(k / 10), k % 10];
  return Uint8Array.from({ length: 3 * 32 * 32 }, (_, j) => {
    const [y, x] = [Math.floor(j / 96), Math.floor(j / 3) % 32];
    return PICTURES.samples.data[3 * (320 * (32 * row + y) + 32 * column + x) + (j % 3)];
  });
}

/** The page's words for the likeliest class of a sample, by the library here. */
async function expected(k: number): Promise<RegExp> {
  await using net = await createPredictor(gunzipSync(PICTURES.packed));
  const pixels = pixelsOf(k);
  const planes = Uint8Array.from(pixels, (_, j) => pixels[3 * (j % 1024) + Math.floor(j / 1024)]);
  const [{ label, probability }] = topClasses(await net.predict(planes), 1, net.labelNames);
  return new RegExp(`^${label}${Math.round(100 * probability)} %$`);
}

test("the network for pictures is as large as the page says, and reads most samples right", async () => {
  const facts = JSON.parse(picturesFile("network.json").toString());
  expect(facts.bytes).toBe(PICTURES.packed.length);
  const network = decodeModel(gunzipSync(PICTURES.packed));
  expect(networkSize(network).nonZeros).toBe(facts.nonZeros);
  const words = await Promise.all(Array.from({ length: 30 }, (_, k) => expected(k)));
  const right = words.filter(({ source }, k) =>
    source.startsWith(`^${network.labelNames![k % 10]}`),
  );
  expect(right.length).toBeGreaterThanOrEqual(24);
});
