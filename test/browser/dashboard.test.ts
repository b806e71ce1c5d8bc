/**
 * The dashboard in Chromium, while runs train in other processes: they are started, seen, stopped
 * and resumed from the page, and nothing is lost by it.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDashboard } from "#bregman/dashboard/server.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { PROGRAM } from "../dashboard/dashboard.js";
import { sampleRun } from "../report/sample-run.js";
import { chromiumOptions, chromiumPath } from "./chromium.js";

const suite = chromiumPath
  ? "in Chromium"
  : "in Chromium (skipped: there is none; CHROMIUM may name one)";
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** More than a run comes to before it is stopped. */
const EPOCHS = 10_000;

describe.skipIf(!chromiumPath)(suite, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch(chromiumOptions);
    // For the runs that are started from the page.
    process.env["BREGMAN_DATA"] = tinyData(320, 40);
  });
  afterAll(() => browser.close());

  const serve = (folder: string, port = 0) =>
    openDashboard({
      folder,
      host: "127.0.0.1",
      port,
      program: PROGRAM,
      onError: (error) => {
        throw error;
      },
    });
  async function open(port: number, options: Parameters<Browser["newPage"]>[0] = {}, query = "") {
    const page = await browser.newPage(options);
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${port}/${query}`);
    return { page, faults };
  }
  const row = (page: Page, id: string) => page.locator("#table tbody tr", { hasText: id });
  const cell = (page: Page, id: string, column: string) =>
    row(page, id).locator(`td.${column}`).textContent();
  const said = (page: Page) => page.locator("#said").textContent();
  /** The epoch that the curve of a run has come to. */
  async function drawnTo(page: Page, id: string): Promise<number> {
    const label = await page.locator("#over-time .plot").getAttribute("aria-label");
    const [, epoch] = new RegExp(`${id} ends at [\\d.]+ %, ([\\d,]+)`).exec(label ?? "") ?? [];
    return Number(epoch?.replace(",", "") ?? Number.NaN);
  }

  test("a recipe is started, seen live, stopped and resumed, to the bits of one left alone", async () => {
    const folder = temporaryFolder();
    cpSync(tinyRecipe({ epochs: EPOCHS }), join(folder, "tiny.json"));
    cpSync(sampleRun({}), join(folder, "earlier"), { recursive: true });
    const served = await serve(folder);
    const { page, faults } = await open(served.port);

    await page.getByText("Start a run").click();
    await page.locator("#recipe").selectOption("./tiny.json");
    await page.locator("#start button").click();
    await expect.poll(() => said(page), { timeout: 60_000 }).toMatch(/^Started tiny-seed0-/);
    const id = (await said(page))!.slice("Started ".length, -1);
    await expect.poll(() => row(page, id).count(), { timeout: 60_000 }).toBe(1);
    await row(page, id).locator("input").check();
    await expect.poll(() => drawnTo(page, id), { timeout: 60_000 }).toBeGreaterThan(1);
    const before = await drawnTo(page, id);
    await expect.poll(() => drawnTo(page, id), { timeout: 60_000 }).toBeGreaterThan(before);

    await row(page, id).locator("th button").click();
    await page.locator("#stop").click();
    await expect.poll(() => cell(page, id, "state"), { timeout: 60_000 }).toBe("stopped");
    const result = () => JSON.parse(readFileSync(join(folder, id, "result.json"), "utf8"));
    expect(result().interrupted).toBe(true);
    expect(existsSync(join(folder, id, "lock.json"))).toBe(false);

    // The server goes away, and another takes its place: the page goes on by itself.
    expect(faults).toEqual([]);
    await served.close();
    await page.locator("html.lost").waitFor();
    const again = await serve(folder, served.port);
    await expect.poll(() => page.locator("html.lost").count(), { timeout: 60_000 }).toBe(0);
    faults.length = 0;

    const epochs = result().epochs.at(-1).epoch + 5;
    await page.locator("#to-epochs").fill(String(epochs));
    await page.locator("#resume").click();
    await expect.poll(() => cell(page, id, "state"), { timeout: 60_000 }).toBe("finished");
    expect(await cell(page, id, "epoch")).toBe(`${epochs} / ${epochs}`);
    await expect.poll(() => drawnTo(page, id)).toBe(epochs);
    const whole = join(temporaryFolder(), "whole");
    const recipe = join(folder, "tiny.json");
    const alone = await runCli(["train", recipe, "--epochs", String(epochs), "--out", whole]);
    expect(alone.code).toBe(0);
    const bytes = (run: string) => readFileSync(join(run, "model.safetensors"));
    expect(bytes(join(folder, id)).equals(bytes(whole))).toBe(true);
    expect(faults).toEqual([]);
    await page.close();
    await again.close();
  }, 300_000);

  test("a run that fails says why", async () => {
    const folder = temporaryFolder();
    const data = { kind: "csv", train: "gone.csv", label: "x" };
    cpSync(tinyRecipe({ data }), join(folder, "lost.json"));
    const served = await serve(folder);
    const { page, faults } = await open(served.port);
    await page.getByText("Start a run").click();
    await page.locator("#recipe").selectOption("./lost.json");
    await page.locator("#start button").click();
    await expect
      .poll(() => said(page), { timeout: 60_000 })
      .toMatch(/^lost-seed0-.*gone\.csv: there is no such file|^tiny-seed0-.*gone\.csv/);
    expect(await page.locator("#none").textContent()).toBe("There are no runs in this folder yet.");
    expect(faults).toEqual([]);
    await page.close();
    await served.close();
  });

  /** Three runs, one of them with classes, and one that is of another recipe. */
  function someRuns(): string {
    const folder = temporaryFolder();
    const confusion = [
      [3, 1],
      [0, 4],
    ];
    const classes = ["cat", "dog"].map((name) => ({ name, count: 4, precision: 1, recall: 0.75 }));
    const file = (name: string) => join(folder, name);
    cpSync(sampleRun({ epochs: 3 }), file("a"), { recursive: true });
    cpSync(sampleRun({ recipe: { seed: 2 } }), file("b"), { recursive: true });
    cpSync(sampleRun({ pictures: false, result: false }), file("c"), { recursive: true });
    const result = JSON.parse(readFileSync(file("a/result.json"), "utf8"));
    result.final.byClass = { of: "test", samples: 8, classes, confusion };
    writeFileSync(file("a/result.json"), JSON.stringify(result));
    return folder;
  }

  test.each(["light", "dark"] as const)(
    "%s: nothing serious in the way of readers who can't see or point; arrows, Enter, space",
    async (colorScheme) => {
      const served = await serve(someRuns());
      const { page, faults } = await open(served.port, { colorScheme });
      // The tab key comes to one run, the arrows go on from there.
      await page.locator("#search").focus();
      await page.keyboard.type("/");
      await page.locator("#search").fill("");
      await page.getByRole("button", { name: "Run", exact: true }).click();
      const head = page.locator("#table th.run[aria-sort]").first();
      expect(await head.getAttribute("aria-sort")).toBe("ascending");
      const focused = () => page.evaluate("document.activeElement.textContent");
      await page.locator("#table tbody th button[tabindex='0']").focus();
      expect(await page.locator("#table tbody th button[tabindex='0']").count()).toBe(1);
      await page.keyboard.press("Home");
      expect(await focused()).toBe("a");
      await page.keyboard.press("ArrowDown");
      expect(await focused()).toBe("b");
      const box = row(page, "b").locator("input");
      const wasChosen = await box.isChecked();
      await page.keyboard.press("Space");
      expect(await box.isChecked()).toBe(!wasChosen);
      await page.keyboard.press("Space");
      expect(await box.isChecked()).toBe(wasChosen);
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await expect.poll(() => page.locator("#run-name").textContent()).toBe("a");
      await expect.poll(() => page.locator(".confusion td").allTextContents()).toContain("4");
      expect(await page.locator("#differences").textContent()).toBeTruthy();
      await expect
        .poll(() =>
          page.locator("#picture").evaluate((image) => (image as any).naturalWidth as number),
        )
        .toBeGreaterThan(0);
      await page.getByText("Start a run").click();
      await page.locator("#recipe option").first().waitFor({ state: "attached" });

      await page.evaluate(readFileSync(AXE, "utf8"));
      const { violations } = (await page.evaluate("axe.run()")) as {
        violations: { id: string; impact: string; nodes: { html: string }[] }[];
      };
      expect(
        violations.map(({ id, impact, nodes }) => [id, impact, nodes.map(({ html }) => html)]),
      ).toEqual([]);
      expect(faults).toEqual([]);
      await page.close();
      await served.close();
    },
  );

  test("on a narrow page nothing sticks out", async () => {
    const served = await serve(someRuns());
    const { page, faults } = await open(served.port, { viewport: { width: 390, height: 800 } });
    await row(page, "a").locator("th button").click();
    await expect.poll(() => page.locator("#run-name").textContent()).toBe("a");
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(390);
    expect(faults).toEqual([]);
    await page.close();
    await served.close();
  });

  test("many runs: their lines are made as one comes to them", async () => {
    const folder = temporaryFolder();
    const run = sampleRun({ pictures: false });
    for (let k = 0; k < 250; k++) cpSync(run, join(folder, `run-${k}`), { recursive: true });
    const served = await serve(folder);
    const { page, faults } = await open(served.port);
    const lines = page.locator("#table tbody tr");
    await expect.poll(() => lines.count()).toBe(100);
    expect(await page.locator("#count").textContent()).toBe("250 runs, 0 running");
    expect(await page.locator("#table").getAttribute("aria-rowcount")).toBe("251");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.locator("#runs .card").evaluate((box: any) => box.scrollTo(0, box.scrollHeight));
    await expect.poll(() => lines.count()).toBe(200);
    await page.locator("#table tbody th button[tabindex='0']").focus();
    await page.keyboard.press("End");
    expect(await lines.count()).toBe(250);
    expect(await page.evaluate("document.activeElement.textContent")).toBe("run-249");
    await page.locator("#search").fill("run-24");
    await expect.poll(() => lines.count()).toBe(11);
    expect(faults).toEqual([]);
    await page.close();
    await served.close();
  });

  test("with a token in its address the page is open, and stays so when it is loaded anew", async () => {
    const token = "correct-horse";
    const served = await openDashboard({
      folder: someRuns(),
      host: "127.0.0.1",
      port: 0,
      token,
      program: PROGRAM,
      onError: () => {},
    });
    const { page, faults } = await open(served.port, {}, `?token=${token}`);
    await expect.poll(() => page.locator("#table tbody tr").count()).toBe(3);
    expect(new URL(page.url()).search).toBe("");
    await page.reload();
    await expect.poll(() => page.locator("#table tbody tr").count()).toBe(3);
    expect(faults).toEqual([]);
    await page.close();
    await served.close();
  });
});
