/** The programs of examples/ run, and answer what the library answers here. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { type Browser, chromium, type Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { topClasses } from "#bregman/predict/classes.js";
import { chromiumOptions, chromiumPath } from "./browser/chromium.js";
import { temporaryFolder } from "./cli/run-cli.js";
import { allBlocks, changed } from "./support/doc-examples.js";
import { fit, l1, linBreg, loadMnist, mlp, predict, saveModel } from "./support/bregman.js";

const [lines] = allBlocks("examples/README.md", "sh");
const SIZE = 28 * 28;
const folder = temporaryFolder();
const MODEL = join(folder, "model.safetensors");
const images = loadMnist().test.inputs.subarray(0, 5 * SIZE) as Uint8Array;
const image = (k: number) => images.subarray(k * SIZE, (k + 1) * SIZE);
const names = Array.from({ length: 5 }, (_, k) => `image-${k}.png`);
/** Of each image its classes, the likeliest first. */
let classes: ReturnType<typeof topClasses>[];
/** The same as a page writes it. */
const inWords = (k: number) =>
  `${classes[k][0].class} (${(100 * classes[k][0].probability).toFixed(2)} %)`;

beforeAll(async () => {
  const model = mlp([SIZE, 64, 10]);
  const result = await fit(model, loadMnist(), {
    optimizer: {
      weights: linBreg({ tau: 0.1, regularizer: l1(0.01) }),
      biases: linBreg({ tau: 0.1 }),
    },
    init: { weights: { density: 0.1 } },
    epochs: 1,
  });
  const network = { model, ...result };
  expect(result.final.testAccuracy).toBeGreaterThan(0.85);
  saveModel(MODEL, network);
  const logits = await predict(network, images);
  classes = names.map((_, k) => topClasses(logits.subarray(10 * k, 10 * (k + 1)), 10));
  names.forEach((name, k) =>
    writeFileSync(
      join(folder, name),
      encode({ width: 28, height: 28, channels: 1, data: image(k) }),
    ),
  );
});

describe("server.js", () => {
  /** Starts it, and gives its address to `ask`; what it wrote to stderr comes back. */
  async function served(ask: (address: string) => Promise<void>) {
    const child = spawn(process.execPath, ["examples/server.js", MODEL, "0"]);
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const ended = once(child, "exit");
    try {
      const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
      await ask(line.trim());
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
    return errors;
  }
  const post = (address: string, body: Uint8Array<ArrayBuffer>) =>
    fetch(address, { method: "POST", body });

  test("answers with the probabilities of the classes, and ends when it is told to", async () => {
    const errors = await served(async (address) => {
      const answers = await Promise.all(
        [1, 5].map((count) => post(address, images.slice(0, count * SIZE))),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      const [one, all] = (await Promise.all(answers.map((answer) => answer.json()))) as {
        images: ReturnType<typeof topClasses>[];
      }[];
      expect(all.images).toHaveLength(5);
      for (const [k, answer] of [...one.images, ...all.images].entries()) {
        const expected = classes[Math.max(0, k - 1)].slice(0, 3);
        expect(answer.map(({ label }) => label)).toEqual(expected.map((it) => String(it.class)));
        answer.forEach(({ probability }, place) =>
          expect(probability).toBeCloseTo(expected[place].probability, 5),
        );
      }
    });
    expect(errors).toBe("");
  });

  test("is asked as the list of examples says", async () => {
    const [cut, ask] = lines.code.trimEnd().split("\n");
    // Of any working folder that has the digits.
    execFileSync("sh", ["-c", changed(cut, ["> image.bin", `> ${folder}/image.bin`])]);
    const file = readFileSync(join(folder, "image.bin"));
    expect(file.equals(image(0))).toBe(true);
    expect(ask).toBe("curl --data-binary @image.bin http://localhost:3000/");
    await served(async (address) => {
      const answer = (await (await post(address, new Uint8Array(file))).json()) as {
        images: { label: string }[][];
      };
      expect(answer.images[0][0].label).toBe(String(classes[0][0].class));
    });
  });

  test("says in one line what is wrong with what it was sent, and goes on", async () => {
    const errors = await served(async (address) => {
      const said = async (body: Uint8Array<ArrayBuffer>) => {
        const answer = await post(address, body);
        return [answer.status, await answer.text()];
      };
      const wanted = (found: number) => `expected images of 784 bytes each, found ${found} bytes\n`;
      expect(await said(new Uint8Array(0))).toEqual([400, wanted(0)]);
      expect(await said(new Uint8Array(783))).toEqual([400, wanted(783)]);
      expect(await said(new TextEncoder().encode("a seven"))).toEqual([400, wanted(7)]);
      const many = await said(new Uint8Array(1001 * SIZE));
      expect(many).toEqual([413, "expected at most 1000 images\n"]);
      expect((await post(address, images.slice())).status).toBe(200);
    });
    expect(errors).toBe("");
  });
});

const suite = chromiumPath
  ? "in Chromium"
  : "in Chromium (skipped: there is none; CHROMIUM may name one)";

describe.skipIf(!chromiumPath)(suite, () => {
  let browser: Browser;
  let vite: ViteDevServer;
  beforeAll(async () => {
    mkdirSync(join(folder, "cache"));
    vite = await createServer({
      root: "examples",
      publicDir: folder,
      cacheDir: join(folder, "cache"),
      logLevel: "warn",
      server: { port: 0 },
    });
    await vite.listen();
    browser = await chromium.launch(chromiumOptions);
  });
  afterAll(async () => {
    await browser?.close();
    await vite?.close();
  });

  async function visit(name: string, look: (page: Page) => Promise<void>) {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(`${vite.resolvedUrls!.local[0]}${name}`);
    await look(page);
    expect(faults).toEqual([]);
    await page.close();
  }

  test("page.html: a picture that is given, one that is none, and a digit that is drawn", async () => {
    await visit("page.html", async (page) => {
      const answer = page.locator("#answer");
      const says = (text: string | RegExp) =>
        expect.poll(() => answer.textContent(), { timeout: 20_000 }).toMatch(text);
      await says("Draw a digit, or choose a picture.");
      for (const [k, name] of names.entries()) {
        await page.locator("#picture").setInputFiles(join(folder, name));
        await expect.poll(() => answer.textContent(), { timeout: 20_000 }).toBe(inWords(k));
      }
      await page.locator("#picture").setInputFiles(MODEL);
      await says(/could not be decoded/);

      // A stroke from the top to the bottom.
      await page.locator("#clear").click();
      const { x, y } = (await page.locator("#pad").boundingBox())!;
      await page.mouse.move(x + 140, y + 50);
      await page.mouse.down();
      await page.mouse.move(x + 140, y + 230, { steps: 10 });
      await page.mouse.up();
      await says(/^1 \(\d+\.\d\d %\)$/);
    });
  });

  test("worker.html: all pictures that are given", async () => {
    await visit("worker.html", async (page) => {
      const files = [...names, "model.safetensors"].map((name) => join(folder, name));
      await page.locator("#pictures").setInputFiles(files);
      const lines = async () =>
        (await page.locator("#answers").textContent())!.trim().split("\n").sort();
      const expected = names.map((name, k) => `${name}: ${inWords(k)}`);
      await expect
        .poll(lines, { timeout: 20_000 })
        .toEqual([...expected, expect.stringMatching(/^model\.safetensors: .*decoded/)]);
    });
  });
});

test("none is long", () => {
  const files = readdirSync("examples").filter((name) => name.endsWith(".js"));
  expect(files).toContain("server.js");
  for (const name of files) {
    expect(readFileSync(join("examples", name), "utf8").split("\n").length).toBeLessThanOrEqual(80);
  }
});
