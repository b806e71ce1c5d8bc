/**
 * The playground in Chromium: it trains, shows what it does, reads a drawn digit, gives its network
 * away, and classifies pictures; in light and dark, wide and narrow.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { decode, encode } from "fast-png";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPredictor, topClasses } from "#bregman/predict/index.js";
import { decodeModel, evaluate, fromArrays, loadMnist, networkSize } from "../support/bregman.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { chromiumOptions, chromiumPath } from "./chromium.js";

const suite = chromiumPath
  ? "in Chromium"
  : "in Chromium (skipped: there is none; CHROMIUM may name one)";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Others may use the machine, too. */
const TIMEOUT = 240_000;

describe.skipIf(!chromiumPath)(suite, { timeout: 2 * TIMEOUT }, () => {
  let browser: Browser;
  let server: PreviewServer;
  const folder = temporaryFolder();
  beforeAll(async () => {
    const configFile = fileURLToPath(new URL("../../web/vite.config.ts", import.meta.url));
    const site = {
      configFile,
      logLevel: "error",
      build: { outDir: folder, emptyOutDir: true },
    } as const;
    await build(site);
    server = await preview({ ...site, preview: { port: 0 } });
    browser = await chromium.launch(chromiumOptions);
  }, TIMEOUT);
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(options: Parameters<Browser["newPage"]>[0] = {}) {
    const page = await browser.newPage(options);
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (said) => {
      if (said.type() === "error") faults.push(said.text());
    });
    await page.goto(server.resolvedUrls!.local[0]);
    await page.locator("#train:enabled").waitFor();
    await expect.poll(() => drawn(page, "#dual")).toBeGreaterThan(0.01);
    return { page, faults };
  }

  const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
  const number = async (page: Page, id: string) => parseFloat((await text(page, id))!);
  const says = (page: Page, what: RegExp) =>
    expect.poll(() => text(page, "status"), { timeout: TIMEOUT }).toMatch(what);
  async function train(page: Page, epochs: number, network = "mlp"): Promise<void> {
    await page.locator("[name=network]").selectOption(network);
    await page.locator("[name=epochs]").fill(String(epochs));
    await page.locator("#train").click();
  }
  /** How often a canvas has which colour. */
  const colours = (page: Page, canvas: string): Promise<Record<string, number>> =>
    page.locator(canvas).evaluate((one) => {
      const { width, height } = one as unknown as { width: number; height: number };
      const { data } = (one as any).getContext("2d").getImageData(0, 0, width, height);
      const counts: Record<string, number> = {};
      for (let k = 0; k < data.length; k += 4) {
        const colour = data.slice(k, k + 3).join();
        counts[colour] = (counts[colour] ?? 0) + 1;
      }
      return counts;
    });
  /** Share of a canvas that is not of its most frequent colour. */
  async function drawn(page: Page, canvas: string): Promise<number> {
    const counts = Object.values(await colours(page, canvas));
    return 1 - Math.max(...counts) / counts.reduce((sum, count) => sum + count, 0);
  }
  const downloaded = async (page: Page, id: string): Promise<Buffer> => {
    const download = page.waitForEvent("download");
    await page.locator(`#${id}`).click();
    return readFileSync(await (await download).path());
  };

  test("it is as small as docs/browser.md says", () => {
    const page = readFileSync(new URL("../../docs/browser.md", import.meta.url), "utf8");
    const said = (what: RegExp) => Number(what.exec(page.replaceAll(/\s+/g, " "))![1]) * 1e6;
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name}`)
      .filter((file) => statSync(file).isFile());
    const sum = (sizes: number[]) => sizes.reduce((all, size) => all + size, 0);
    const sizeOf = (name: RegExp) =>
      sum(files.filter((file) => name.test(file)).map((file) => statSync(file).size));
    const packed = (name: RegExp) =>
      sum(
        files.filter((file) => name.test(file)).map((file) => gzipSync(readFileSync(file)).length),
      );
    const near = (bytes: number, expected: number) =>
      expect(Math.abs(bytes / expected - 1)).toBeLessThan(0.05);
    near(sizeOf(/./), said(/The folder has ([\d.]+) MB/));
    near(
      packed(/(index-[^/]*|index|[/]worker[^/]*|pictures-worker[^/]*)\.(html|css|js)$/) +
        sizeOf(/png$/),
      said(/A visitor loads ([\d.]+) MB/),
    );
    near(
      sizeOf(/digits\.gz$/) + packed(/(wasm|pool-worker[^/]*)$/),
      said(/fetches ([\d.]+) MB more/),
    );
    near(sizeOf(/network[^/]*\.gz$/), said(/network has ([\d.]+) MB/));
  });

  test("a network is trained, seen, tried and taken away", async () => {
    const { page, faults } = await open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    // Before it trains, its start is seen, and follows the settings.
    const sparse = await drawn(page, "#weights");
    await page.locator("[name=density]").fill("-0.3");
    await expect.poll(() => drawn(page, "#weights")).toBeGreaterThan(sparse + 0.2);
    await page.locator("[name=density]").fill("-2");
    const { size } = statSync(`${folder}/digits.gz`);
    expect(await text(page, "status")).toContain(`14,000 digits, ${(size / 1e6).toFixed(1)} MB`);
    expect(asked.filter((one) => /digits/.test(one))).toEqual([]);

    await train(page, 4);
    await says(page, /^Done: it reads [89]\d\.\d\d % of 2,000 test digits right\.$/);
    expect(asked.filter((one) => /digits/.test(one)).length).toBe(1);
    expect([await text(page, "epoch"), await text(page, "epoch-of")]).toEqual(["4", "of 4"]);
    expect(await number(page, "density")).toBeGreaterThan(1.5);
    expect(await number(page, "density")).toBeLessThan(6);
    // A tenth would be chance.
    expect(await number(page, "accuracy")).toBeGreaterThan(80);
    const legend = await page.locator("#legend dd").allTextContents();
    expect(legend).toEqual(["4", await text(page, "density"), await text(page, "accuracy")]);
    expect(await drawn(page, "#weights")).toBeGreaterThan(sparse);

    await page.locator("#pad").scrollIntoViewIfNeeded();
    const box = (await page.locator("#pad").boundingBox())!;
    await page.mouse.move(box.x + 112, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 112, box.y + 190, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.locator("#guesses .best").textContent()).toMatch(/^1/);

    const bytes = await downloaded(page, "sparse");
    const network = decodeModel(bytes);
    expect(bytes.length).toBeLessThan(networkSize(network).bytes.dense / 5);
    const gzip = gzipSync(bytes).length / 1000;
    expect(Math.abs((await number(page, "size")) / gzip - 1)).toBeLessThan(0.05);
    expect(await text(page, "answer")).toMatch(/^(\d\.\d|[1-9]\d*) [µm]s$/);
    const [{ testAccuracy }] = await evaluate([network], everyFifth());
    expect(await text(page, "status")).toContain(` ${(100 * testAccuracy!).toFixed(2)} %`);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("a ConvNet is trained, and its filters are seen", async () => {
    const { page, faults } = await open();
    const before = await colours(page, "#weights");
    await train(page, 1, "convNet");
    await says(page, /^Done: it reads [5-9]\d\.\d\d % /);
    expect(await text(page, "weights-title")).toBe("Both convolutions");
    expect(await colours(page, "#weights")).not.toEqual(before);
    expect(await drawn(page, "#weights")).toBeGreaterThan(0.1);
    const { model } = decodeModel(await downloaded(page, "sparse"));
    expect(model.nodes.filter(({ layer }) => layer.kind === "conv2d").length).toBe(2);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("a training is stopped, and another begins", async () => {
    const { page, faults } = await open();
    // As the digits come: some servers are slow.
    await page.route("**/digits.gz", () => {});
    await train(page, 200);
    await page.locator("#stop").click();
    await says(page, /^Stopped before it began\.$/);
    await page.unroute("**/digits.gz");

    await train(page, 200);
    await expect.poll(() => text(page, "epoch"), { timeout: TIMEOUT }).toMatch(/^[1-9]/);
    expect(await page.locator("#train").isDisabled()).toBe(true);
    await page.locator("#stop").click();
    await says(page, /^Stopped: it reads \d+\.\d+ % of 2,000/);
    expect(await number(page, "epoch")).toBeLessThan(200);
    expect(await text(page, "step")).toBe("");
    await page.locator("[name=optimizer]").selectOption("sgd");
    await train(page, 1);
    await says(page, /^Done/);
    expect(await number(page, "density")).toBeGreaterThan(90);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("digits that can't be had are said, and asked for again", async () => {
    const { page } = await open();
    await page.route("**/digits.gz", (route) => route.fulfill({ status: 404 }));
    await train(page, 1);
    await says(page, /^That went wrong: digits\.gz is not there: 404/);
    await page.unroute("**/digits.gz");
    const half = readFileSync(`${folder}/digits.gz`);
    const cut = gzipSync(gunzipSync(half).subarray(0, 1e6));
    await page.route("**/digits.gz", (route) => route.fulfill({ body: cut }));
    await train(page, 1);
    await says(page, /^That went wrong: digits\.gz: expected 10990000 bytes, found 1000000$/);
    await page.unroute("**/digits.gz");
    await train(page, 1);
    await says(page, /^Done/);
    await page.close();
  });

  test("it turns dark and light while it trains, by its switch and by the system", async () => {
    const { page, faults } = await open({ colorScheme: "light" });
    await train(page, 200);
    await expect.poll(() => text(page, "epoch"), { timeout: TIMEOUT }).toMatch(/^[1-9]/);
    const FIRST = { light: "66,105,208", dark: "125,156,240" };
    const look = async (scheme: "light" | "dark") => {
      const other = scheme === "light" ? "dark" : "light";
      for (const canvas of ["#curves canvas", "#dual"]) {
        await expect
          .poll(async () => (await colours(page, canvas))[FIRST[scheme]] ?? 0)
          .toBeGreaterThan(50);
        expect((await colours(page, canvas))[FIRST[other]] ?? 0).toBe(0);
      }
      const filter = "getComputedStyle(document.querySelector('#weights')).filter";
      expect(await page.evaluate(filter)).toMatch(scheme === "dark" ? /invert/ : /none/);
      const body = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      expect(body).toBe(scheme === "dark" ? "rgb(20, 22, 26)" : "rgb(251, 251, 250)");
      const state = await page.locator("#scheme").getAttribute("aria-checked");
      expect(state).toBe(String(scheme === "dark"));
    };
    await look("light");
    await page.locator("#scheme").click();
    await look("dark");
    // It has been chosen, so it stays, also on the next visit.
    await page.emulateMedia({ colorScheme: "dark" });
    await page.emulateMedia({ colorScheme: "light" });
    await look("dark");
    expect(await page.evaluate("localStorage.getItem('vitepress-theme-appearance')")).toBe("dark");
    await page.locator("#scheme").click();
    await look("light");
    await page.emulateMedia({ colorScheme: "dark" });
    await look("dark");
    // No epoch draws them anew from here on.
    await page.locator("#stop").click();
    await says(page, /^Stopped: /);
    await page.locator("#scheme").click();
    await look("light");
    expect(faults).toEqual([]);
    await page.close();
  });

  const SCREENS = (
    [
      ["light", 1200],
      ["dark", 900],
      ["light", 390],
      ["dark", 390],
    ] as const
  ).map(([colorScheme, width]) => ({ colorScheme, viewport: { width, height: 800 } }));
  test.each(SCREENS)("axe-core finds nothing, and nothing sticks out: %o", async (screen) => {
    const { page, faults } = await open(screen);
    await page.evaluate(AXE);
    const look = async () => {
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      expect(wide).toBeLessThanOrEqual(screen.viewport.width);
      const { violations } = (await page.evaluate("axe.run()")) as {
        violations: { id: string; impact: string; nodes: { html: string }[] }[];
      };
      expect(
        violations.map(({ id, impact, nodes }) => [id, impact, nodes.map(({ html }) => html)]),
      ).toEqual([]);
    };
    await look();
    await train(page, 1);
    await says(page, /^Done/);
    await page.locator("#samples button").first().click();
    await page.locator("#picture-guesses .best").waitFor();
    await look();
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

/** MNIST as the playground has it. */
function everyFifth() {
  const { train, test: held } = loadMnist();
  const part = ({ inputs, labels }: typeof train) => ({
    inputs: (inputs as Uint8Array).filter((_, k) => Math.floor(k / 784) % 5 === 0),
    labels: Uint8Array.from(labels).filter((_, k) => k % 5 === 0),
  });
  const shape = [1, 28, 28] as const;
  return fromArrays({
    shape,
    mean: [0.1307],
    std: [0.3081],
    train: part(train),
    test: part(held!),
  });
}

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
