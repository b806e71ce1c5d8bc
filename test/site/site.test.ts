/**
 * The built site in Chromium: every page loads without a fault, links lead somewhere, nothing comes
 * from elsewhere, and axe-core finds nothing serious.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sidebar } from "../../site/.vitepress/sidebar.js";
import { chromiumOptions, chromiumPath } from "../browser/chromium.js";

const SITE = fileURLToPath(new URL("../../site/.vitepress/dist", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const isBuilt = existsSync(`${SITE}/index.html`) && existsSync(`${SITE}/playground/index.html`);

const why = chromiumPath ? "npm run docs:build has not been run" : "there is no Chromium";
const runs = chromiumPath !== undefined && isBuilt;
const pages = ["/", ...sidebar.flatMap(({ items }) => items.map(({ link }) => `${link}.html`))];

describe.skipIf(!runs)(runs ? "the built site" : `the built site (skipped: ${why})`, () => {
  let browser: Browser;
  let server: PreviewServer;
  let url: string;
  beforeAll(async () => {
    server = await preview({
      root: SITE,
      configFile: false,
      logLevel: "error",
      appType: "mpa",
      build: { outDir: SITE },
      preview: { port: 0 },
    });
    url = server.resolvedUrls!.local[0].replace(/\/$/, "");
    browser = await chromium.launch(chromiumOptions);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** Tells faults of the page, and what it fetches from another host. */
  function watched(page: Page): string[] {
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (said) => {
      if (said.type() === "error") faults.push(said.text());
    });
    page.on("response", (answer) => {
      if (answer.status() >= 400) faults.push(`${answer.status()} ${answer.url()}`);
    });
    page.on("request", (request) => {
      if (/^https?:/.test(request.url()) && !request.url().startsWith(url))
        faults.push(`asks for ${request.url()}`);
    });
    return faults;
  }

  test("every page of the sidebar loads, wide and narrow, no wider than its window", async () => {
    const found: string[] = [];
    const page = await browser.newPage();
    const faults = watched(page);
    for (const path of pages) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(url + path);
      await page.locator("h1").first().waitFor();
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        const wide = Number(await page.evaluate("document.documentElement.scrollWidth"));
        if (wide > width) faults.push(`${wide} wide in ${width}`);
      }
      found.push(...faults.splice(0).map((fault) => `${path}: ${fault}`));
    }
    await page.close();
    expect(found).toEqual([]);
  }, 300_000);

  test("links within the site lead to pages, files and headings that are there", () => {
    const built = (path: string) => `${SITE}${path.endsWith("/") ? `${path}index.html` : path}`;
    const html = new Map(pages.map((path) => [path, readFileSync(built(path), "utf8")]));
    const dead: string[] = [];
    let count = 0;
    for (const [path, text] of html) {
      for (const [, href] of text.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)) {
        const target = new URL(href.replaceAll("&amp;", "&"), `http://site${path}`);
        if (target.host !== "site") continue;
        count++;
        const to = decodeURI(target.pathname);
        const there = existsSync(built(to));
        const anchor = decodeURIComponent(target.hash.slice(1));
        const page = html.get(to);
        const named = anchor === "" || page === undefined || page.includes(`id="${anchor}"`);
        if (!there || !named) dead.push(`${path}: ${href}`);
      }
    }
    expect([...new Set(dead)]).toEqual([]);
    expect(count).toBeGreaterThan(1000);
  });

  test("a word is found by the search, and leads to its page", async () => {
    const page = await browser.newPage();
    const faults = watched(page);
    await page.goto(`${url}/`);
    await page.locator(".VPNavBarSearch button").click();
    await page.locator(".VPLocalSearchBox input").fill("targetDensity");
    await page.locator(".VPLocalSearchBox .result").first().click();
    await page.waitForURL(/\/(docs|api)\//);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("the playground stands beside it, and fetches the digits only when asked", async () => {
    const page = await browser.newPage();
    const faults = watched(page);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${url}/`);
    await page.locator(".VPHero a", { hasText: "Playground" }).click();
    await page.locator("#train:enabled").waitFor();
    expect(faults).toEqual([]);
    expect(asked.filter((one) => one.includes("digits.gz"))).toEqual([]);
    await page.close();
  });

  const LOOKED_AT = ["/", "/docs/your-own-model.html", "/docs/recipes.html", "/api/predict.html"];
  test.each(["light", "dark"] as const)(
    "axe-core finds nothing serious, %s",
    async (scheme) => {
      const page = await browser.newPage({ colorScheme: scheme });
      const found: string[] = [];
      for (const path of LOOKED_AT) {
        await page.goto(url + path);
        await page.locator("h1").first().waitFor();
        expect(await page.locator("html.dark").count()).toBe(scheme === "dark" ? 1 : 0);
        await page.evaluate(AXE);
        const { violations } = (await page.evaluate("axe.run()")) as {
          violations: { id: string; impact: string; nodes: { html: string }[] }[];
        };
        for (const { id, impact, nodes } of violations)
          if (impact === "serious" || impact === "critical")
            found.push(`${path}: ${id}, ${nodes.length} such as ${nodes[0].html}`);
      }
      expect(found).toEqual([]);
      await page.close();
    },
    300_000,
  );
});
