/**
 * The browser's Worker on Node's worker threads, as far as jax-js needs it: Node has no global
 * Worker, and without one jax-js runs on one thread.
 */
import { resolveObjectURL } from "node:buffer";
import { Worker as Thread } from "node:worker_threads";

const PRELUDE = `const { parentPort } = require("node:worker_threads");
globalThis.self = globalThis;
globalThis.postMessage = (message) => parentPort.postMessage(message);
parentPort.on("message", (data) => self.onmessage({ data }));
`;

class WebWorker {
  onmessage = (/** @type {{ data: unknown }} */ _event) => {};
  onerror = (/** @type {Error} */ _error) => {};
  #thread;

  constructor(/** @type {string} */ url) {
    this.#thread = resolveObjectURL(url)
      .text()
      .then((source) => {
        const thread = new Thread(PRELUDE + source, { eval: true });
        thread.on("message", (data) => this.onmessage({ data }));
        thread.on("error", (error) => this.onerror(error));
        return thread;
      });
    this.#thread.then((thread) => {
      // Once it runs, a message costs no turn of the microtask queue more than in a browser.
      this.postMessage = (message) => thread.postMessage(message);
    });
  }

  postMessage(/** @type {unknown} */ message) {
    this.#thread.then((thread) => thread.postMessage(message));
  }
}

/**
 * Makes `Worker` and `navigator.hardwareConcurrency` what a browser with this many cores would
 * show.
 */
export function installWebWorker(/** @type {number} */ cores) {
  Object.defineProperty(globalThis, "Worker", { value: WebWorker, configurable: true });
  Object.defineProperty(globalThis, "navigator", {
    value: { hardwareConcurrency: cores },
    configurable: true,
  });
}
