/** A run's report in Chromium: what its pictures and tiles look like, and to whom. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeReport } from "#bregman/report/report.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { sampleRun } from "../report/sample-run.js";
import { chromiumOptions, chromiumPath } from "./chromium.js";

const suite = chromiumPath
  ? "in Chromium"
  : "in Chromium (skipped: there is none; CHROMIUM may name one)";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe.skipIf(!chromiumPath)(suite, () => {
  let browser: Browser;
  let trained: string;
  beforeAll(async () => {
    browser = await chromium.launch(chromiumOptions);
    const folder = `${temporaryFolder()}/run`;
    const flags = ["--data-dir", tinyData(120, 60), "--threads", "1"];
    const run = await runCli(["train", tinyRecipe({ epochs: 1 }), "--out", folder, ...flags]);
    expect(run.code, run.stderr).toBe(0);
    trained = pathToFileURL(`${folder}/report.html`).href;
  }, 60_000);
  afterAll(() => browser.close());

  const SCREENS = (
    [
      ["light", 1100],
      ["dark", 900],
      ["dark", 390],
    ] as const
  ).map(([colorScheme, width]) => ({ colorScheme, viewport: { width, height: 800 } }));

  test.each(SCREENS)(
    "axe-core finds nothing serious, and no tile is alone in its line: %o",
    async (screen) => {
      const sample = pathToFileURL(writeReport(sampleRun())).href;
      // axe-core is put into the page, which allows no script of its own.
      const page = await browser.newPage({ ...screen, bypassCSP: true });
      for (const url of [trained, sample]) {
        await page.goto(url);
        const wide = await page.locator("html").evaluate((root) => (root as any).scrollWidth);
        expect(wide).toBeLessThanOrEqual(screen.viewport.width);
        const boxes = await page
          .locator(".tile")
          .evaluateAll((tiles) =>
            tiles.map((tile) => (tile as any).getBoundingClientRect().toJSON()),
          );
        const last = boxes.at(-1)!;
        const mates = boxes.filter(({ top }) => top === last.top).length;
        expect(mates > 1 || last.width > 1.5 * boxes[0].width).toBe(true);
        await page.evaluate(AXE);
        const { violations } = (await page.evaluate("axe.run()")) as {
          violations: { id: string; impact: string; nodes: { html: string }[] }[];
        };
        const serious = violations.filter(({ impact }) => /serious|critical/.test(impact));
        expect(serious.map(({ id, nodes }) => [id, nodes[0].html])).toEqual([]);
      }
      await page.close();
    },
  );

  test("pictures on white are dark on a dark page; mistakes are as they are", async () => {
    const page = await browser.newPage({ colorScheme: "dark" });
    await page.goto(trained);
    const filters = (selector: string) =>
      page
        .locator(selector)
        .evaluateAll((all) => all.map((one) => (globalThis as any).getComputedStyle(one).filter));
    expect(new Set(await filters(".picture img, .pictures img, .scale i"))).toEqual(
      new Set(["invert(0.92) hue-rotate(180deg)"]),
    );
    expect(new Set(await filters(".mistakes img"))).toEqual(new Set(["none"]));
    const loaded = await page
      .locator(".mistakes img")
      .evaluateAll((all) => all.map((one) => (one as any).naturalWidth as number));
    expect(loaded.length).toBeGreaterThan(0);
    expect(new Set(loaded)).toEqual(new Set([28]));
    await page.close();
  });
});
