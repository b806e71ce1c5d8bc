/**
 * TensorFlow.js's threaded wasm build on Node, where it is switched off (tensorflow/tfjs#3830).
 *
 * Three things stand in its way there: its worker script and main script are Blobs, which worker
 * threads can't load (they become files here); the main script is cut out of the Node bundle and
 * lacks its `require`s (the package's own unbundled copy is used); and it takes half the cores, so
 * on 2 cores never more than 1 thread.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os, { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

/**
 * Runs `start` with the browser's pieces in place.
 * @template T
 * @param {string} mainScript path of tfjs-backend-wasm-threaded-simd.js
 * @param {() => Promise<T>} start sets the backend
 */
export async function withThreads(mainScript, start) {
  const folder = mkdtempSync(join(tmpdir(), "bregman-bench-"));
  let files = 0;

  class FileBlob {
    constructor(/** @type {string[]} */ parts) {
      const text = parts.join("");
      const isMain = text.startsWith("var WasmBackendModuleThreadedSimd");
      this.path = isMain ? mainScript : join(folder, `${files++}.cjs`);
      if (!isMain) writeFileSync(this.path, text);
    }
  }

  class FileWorker extends Worker {
    postMessage(/** @type {any} */ message, /** @type {any[]} */ ...rest) {
      const blob = message.urlOrBlob;
      super.postMessage(
        blob instanceof FileBlob ? { ...message, urlOrBlob: blob.path } : message,
        ...rest,
      );
    }
  }

  const { Blob } = globalThis;
  const { createObjectURL } = URL;
  const { cpus } = os;
  // Emscripten assigns its own Worker to the global: the setter swallows it.
  Object.defineProperty(globalThis, "Worker", {
    get: () => FileWorker,
    set: () => {},
    configurable: true,
  });
  Object.assign(globalThis, { Blob: FileBlob });
  URL.createObjectURL = (blob) => (blob instanceof FileBlob ? blob.path : createObjectURL(blob));
  const [cpu] = cpus();
  os.cpus = () => Array(16).fill(cpu);
  syncBuiltinESMExports();
  try {
    return await start();
  } finally {
    Object.assign(globalThis, { Blob });
    Object.assign(URL, { createObjectURL });
    os.cpus = cpus;
    syncBuiltinESMExports();
    rmSync(folder, { recursive: true, force: true });
  }
}
