/**
 * What a page loads to predict: small, without what it doesn't need, and as docs/browser.md says.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { codeBlocks } from "../support/doc-examples.js";
import { areBundlersHere, bundled, bundler } from "../support/bundlers.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Bytes, as a server sends them to browsers. */
const MOST = 30_000;

/** Rooms and files of src/ that only training, writing and Node need. */
const NOT_NEEDED =
  /^(cli|data|init|measure|models|optim|recipes|regularizers|report|runs|train)\/|nn\/(tiled\/|plan|compile|layers\/(parts?|part-of|c|conv2d-c|onnx)\.)|entry\.|export\/(c|onnx|prune)|runtime\/(form\/|native|all-kernels|kernels-wasm)|engine\/(trainer|updater|evaluator)/;

const gzip = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;
const brotli = (bytes: Uint8Array) => brotliCompressSync(bytes).length;
const predicting = codeBlocks("docs/browser.md").find(({ title }) => title === "predict.js")!;
const wasm = readFileSync(`${ROOT}/kernels/predict.wasm`);
const page = readFileSync(`${ROOT}/docs/browser.md`, "utf8").replaceAll(/\s+/g, " ");

/** Bytes that the page says in kB, to half a kB. */
function expectSaid(bytes: { readonly brotli: number; readonly gzip: number }, said: RegExp) {
  const [, first, second] = said.exec(page)!;
  expect(Math.abs(Number(first) * 1000 - bytes.brotli)).toBeLessThanOrEqual(500);
  expect(Math.abs(Number(second) * 1000 - bytes.gzip)).toBeLessThanOrEqual(500);
}

test("predict.wasm is as small as docs/browser.md says", () => {
  const bytes = { brotli: brotli(wasm), gzip: gzip(wasm) };
  expectSaid(bytes, /([\d.]+) or ([\d.]+) kB of these are `predict\.wasm`/);
});

describe.skipIf(!areBundlersHere)(bundled, () => {
  let code: Uint8Array;
  /** Files of dist/ that have bytes in it. */
  let files: string[];
  beforeAll(async () => {
    const esbuild = await bundler("esbuild");
    const { outputFiles, metafile } = await esbuild.build({
      absWorkingDir: ROOT,
      stdin: { contents: predicting.code, resolveDir: ROOT },
      bundle: true,
      minify: true,
      format: "esm",
      metafile: true,
      write: false,
      outdir: "out",
    });
    code = outputFiles[0].contents;
    const [{ inputs }] = Object.values(metafile.outputs) as {
      inputs: Record<string, { bytesInOutput: number }>;
    }[];
    files = Object.keys(inputs).filter((name) => inputs[name].bytesInOutput > 0);
  });

  test("all that the page loads has at most 30 kB, compressed", () => {
    const total = { brotli: brotli(code) + brotli(wasm), gzip: gzip(code) + gzip(wasm) };
    expect(total.brotli).toBeLessThanOrEqual(MOST);
    expectSaid(total, /loads ([\d.]+) kB compressed with brotli, or ([\d.]+) kB with gzip/);
  });

  test("it is our code alone, of what predicts", () => {
    const ours = files.map((name) => name.replace("dist/", ""));
    expect(ours.filter((name) => name.includes("node_modules"))).toEqual([]);
    expect(ours.filter((name) => NOT_NEEDED.test(name))).toEqual([]);
    expect(ours.length).toBeGreaterThan(50);
  });
});
