/** Downloads go by way of the proxy that the environment names, as those of other programs do. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { downloadPart } from "#bregman/data/download.js";
import { runCli } from "../cli/run-cli.js";
import { serve } from "./file-server.js";
import { temporaryFolder } from "./idx-files.js";
import { InputError } from "#bregman/errors.js";

const NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
beforeEach(() => NAMES.forEach((name) => vi.stubEnv(name, undefined)));
afterEach(() => vi.unstubAllEnvs());

const content = new TextEncoder().encode("content");

/** A proxy that answers all requests itself; what was asked of it. */
async function startProxy() {
  const asked: string[] = [];
  const note = ({ method, url, headers }: IncomingMessage) =>
    asked.push([method, url, headers["proxy-authorization"]].filter(Boolean).join(" "));
  const server = createServer((request, response) => {
    note(request);
    response.writeHead(200, { "content-length": content.length }).end(content);
  });
  server.on("connect", (request, socket) => {
    note(request);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const download = (url: string) =>
  downloadPart(url, join(temporaryFolder(), "x"), async () => {}, { attempts: 1 }).catch(
    (fault: Error) => fault,
  );

describe("a plain address", () => {
  test.each(NAMES.slice(0, 2))("goes by way of %s", async (name) => {
    const { host, asked } = await startProxy();
    for (const address of [`http://${host}`, host]) {
      vi.stubEnv(name, address);
      // No such host: only the proxy can have answered.
      expect(await download("http://files.invalid/x")).toBeUndefined();
    }
    expect(asked).toEqual(["GET http://files.invalid/x", "GET http://files.invalid/x"]);
  });

  test("with the name and password that the variable has", async () => {
    const { host, asked } = await startProxy();
    vi.stubEnv("HTTP_PROXY", `http://me:secret@${host}`);
    expect(await download("http://files.invalid/x")).toBeUndefined();
    expect(asked).toEqual([`GET http://files.invalid/x Basic ${btoa("me:secret")}`]);
  });

  test.each(["127.0.0.1", "*"])(
    "not where NO_PROXY is %s, or where the variable is empty",
    async (hosts) => {
      const { host, asked } = await startProxy();
      const server = await serve({ x: content });
      vi.stubEnv("HTTP_PROXY", host);
      vi.stubEnv("NO_PROXY", hosts);
      expect(await download(`${server.url}x`)).toBeUndefined();
      vi.stubEnv("NO_PROXY", "");
      vi.stubEnv("http_proxy", "");
      expect(await download(`${server.url}x`)).toBeUndefined();
      expect([asked, server.requests.length]).toEqual([[], 2]);
    },
  );
});

test("a secure address is asked for by a tunnel; an error says which variable was used", async () => {
  const { host, asked } = await startProxy();
  vi.stubEnv("HTTPS_PROXY", host);
  const error = (await download("https://files.invalid/x")) as Error;
  expect(asked).toEqual(["CONNECT files.invalid:443"]);
  expect(error.message).toMatch(
    /^could not download https:\/\/files\.invalid\/x: .*403.* \(by way of HTTPS_PROXY\)/,
  );
});

test("a proxy that can't be: the variable is named, and its password is not told", async () => {
  for (const value of [
    "socks5://me:secret@host:1080",
    "http://me:secret@:x",
    "http://me:%zz@host",
  ]) {
    vi.stubEnv("https_proxy", value);
    expect(await download("https://files.invalid/x")).toEqual(
      new InputError("https_proxy must be an http or https address such as http://proxy:3128"),
    );
  }
});

test("the command goes by way of it, and ends", async () => {
  const { host, asked } = await startProxy();
  const env = {
    ...Object.fromEntries(NAMES.map((name) => [name, ""])),
    HTTP_PROXY: host,
    http_proxy: host,
  };
  const args = ["data", "mnist", "--from", "http://files.invalid", "--out", temporaryFolder()];
  const { code, stderr } = await runCli(args, { env });
  expect(asked).toEqual(["GET http://files.invalid/train-images-idx3-ubyte.gz"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /train-images-idx3-ubyte\.gz is not what was published: expected 47040016 bytes/,
  );
});
