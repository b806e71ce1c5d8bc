/**
 * kernels.wasm, told where it is or handed over; and one line where it is not, that says what was
 * found in its place.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "#bregman/errors.js";
import {
  adaBreg,
  evaluate,
  fit,
  fromArrays,
  l1,
  linear,
  predict,
  sequential,
  type WasmSource,
} from "../support/bregman.js";
import { createPool } from "#bregman/runtime/pool.js";
import { KERNELS_WASM } from "#bregman/runtime/kernels-wasm.js";
import { compileWasm } from "#bregman/runtime/wasm.js";
import { nodeInCopy } from "../support/without-addon.js";

const file = new URL("../../kernels/kernels.wasm", import.meta.url);
const path = fileURLToPath(file);
const bytes = new Uint8Array(readFileSync(file));
/** A module of WebAssembly without anything in it. */
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const page = "<!doctype html><title>Not found</title>";

let server: Server;
let at: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/gone") response.writeHead(404).end("no");
    else if (request.url === "/page") response.setHeader("content-type", "text/html").end(page);
    else if (request.url === "/typeless") response.end("");
    else response.setHeader("content-type", "application/wasm").end(bytes);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const sources: Record<string, () => WasmSource | undefined> = {
  "nothing told": () => undefined,
  "a URL of a file": () => file,
  "its text": () => file.href,
  "a path": () => path,
  "an address": () => `${at}/kernels.wasm`,
  "a URL": () => new URL(`${at}/kernels.wasm`),
  "a data URL": () => `data:application/wasm;base64,${Buffer.from(bytes).toString("base64")}`,
  bytes: () => bytes,
  "a Buffer, in the middle of others": () => Buffer.concat([Buffer.of(1, 2, 3), bytes]).subarray(3),
  "an ArrayBuffer": () => bytes.buffer,
  "bytes of another realm": () => runInNewContext("Uint8Array").from(bytes),
};

test.each(Object.entries(sources))("%s", async (_name, source) => {
  const pool = await createPool({ backend: "wasm", threads: 2, wasm: source() });
  expect([pool.backend, pool.threads]).toEqual(["wasm", 2]);
  await pool.close();
});

describe("one line says what is wrong and what helps", () => {
  const page =
    /; give the option wasm: its address or its bytes, or, for Vite 5 to 7, optimizeDeps: \{ .* \}$/
      .source;
  const node =
    /; if bregman is in a bundle, keep it external to it .*, or give the option wasm: its address or its bytes$/
      .source;
  const cases: [string, () => unknown, string][] = [
    [
      "a page in its place",
      () => `${at}/page`,
      `the answer of AT/page \\(200, text/html\\) is not WebAssembly \\(it begins with 3c 21 64 6f, not with 00 61 73 6d\\)${page}`,
    ],
    [
      "nothing in its place",
      () => `${at}/typeless`,
      `the answer of AT/typeless \\(200, of no type\\) is not WebAssembly \\(it begins with nothing, .*\\)${page}`,
    ],
    ["no such address", () => `${at}/gone`, `the server's answer to AT/gone is 404${page}`],
    [
      "no such server",
      () => "http://127.0.0.1:1/kernels.wasm",
      `http://127.0.0.1:1/kernels.wasm did not come \\(.+\\)${page}`,
    ],
    ["no such file", () => "/nowhere/kernels.wasm", `there is no /nowhere/kernels.wasm${node}`],
    ["a folder", () => fileURLToPath(new URL(".", file)), `EISDIR: .*${node}`],
    [
      "another file",
      () => fileURLToPath(new URL("../../package.json", import.meta.url)),
      ".*package.json is not WebAssembly \\(it begins with 7b 0a 20 20, .*\\)",
    ],
    [
      "other bytes",
      () => new TextEncoder().encode(page),
      "what the option wasm gave is not WebAssembly \\(.*\\)",
    ],
    [
      "no bytes",
      () => new Uint8Array(0),
      "what the option wasm gave is not WebAssembly \\(it begins with nothing, .*\\)",
    ],
  ];
  test.each(cases)("%s", async (_name, source, expected) => {
    const error = await compileWasm(KERNELS_WASM, source() as WasmSource).catch(
      (fault: Error) => fault,
    );
    expect(error).toBeInstanceOf(Error);
    const text = (error as Error).message.replaceAll(at, "AT");
    expect(text).toMatch(new RegExp(`^cannot load kernels.wasm: ${expected}$`));
  });

  test("another module, half a module, and what is no place at all", async () => {
    await expect(compileWasm(KERNELS_WASM, empty)).rejects.toThrow(
      "cannot use kernels.wasm: it is not that of bregman: it exports nothing",
    );
    await expect(compileWasm(KERNELS_WASM, bytes.subarray(0, 1000))).rejects.toThrow(
      /^cannot compile kernels\.wasm: /,
    );
    for (const [source, kind] of [
      [3, "Number"],
      [null, "null"],
      [[0, 0x61], "Array"],
      [{}, "Object"],
      [new SharedArrayBuffer(8), "SharedArrayBuffer"],
    ]) {
      await expect(compileWasm(KERNELS_WASM, source as never)).rejects.toThrow(
        new InputError(
          `wasm must be the address of kernels.wasm or its bytes, found ${kind as string}`,
        ),
      );
    }
  });
});

test("whatever starts a backend can be told", async () => {
  const wasm = "/nowhere/kernels.wasm";
  const model = sequential([2], [linear(2)]);
  const part = { inputs: Float32Array.of(1, 2, 3, 4), labels: Uint8Array.of(0, 1) };
  const data = fromArrays({ shape: [2], train: part, test: part });
  const optimizer = { weights: adaBreg({ regularizer: l1(0.01) }), biases: adaBreg() };
  const how = { backend: "wasm", threads: 1 } as const;
  const network = {
    model,
    ...(await fit(model, data, { optimizer, epochs: 1, ...how, wasm: bytes })),
  };
  for (const call of [
    () => fit(model, data, { optimizer, epochs: 1, ...how, wasm }),
    () => predict(network, part.inputs, { ...how, wasm }),
    () => evaluate([network], data, { ...how, wasm }),
  ]) {
    await expect(call()).rejects.toThrow(
      "cannot load kernels.wasm: there is no /nowhere/kernels.wasm",
    );
  }
});

test("told, threads and all do without the package's own file", () => {
  const script = `
    import { readFileSync, rmSync } from "node:fs";
    import { createPool } from "./dist/runtime/pool.js";
    const wasm = readFileSync("kernels/kernels.wasm");
    rmSync("kernels", { recursive: true });
    console.log(await createPool({ threads: 2 }).catch(({ message }) => message));
    const { backend, threads, reason } = await createPool({ threads: 2, wasm });
    console.log(backend, threads, reason);`;
  const [untold, told] = nodeInCopy(script).split("\n");
  expect(untold).toMatch(
    /^cannot load kernels\.wasm: there is no .*kernels\.wasm; if bregman is in a bundle, /,
  );
  expect(told).toMatch(
    /^wasm 2 native is not available: there is no addon beside this code; if bregman is in a bundle, /,
  );
});
