/**
 * Entry point `bregman/browser`: all that does without files and processes. Data come as typed
 * arrays, networks as bytes. The kernels run in WebAssembly, on one thread or several;
 * docs/browser.md has what a page must do.
 */
export * from "./regularizers/index.js";
export * from "./optim/index.js";
export * from "./nn/index.js";
export * from "./data/in-memory.js";
export * from "./train/in-memory.js";
export * from "./export/in-memory.js";
export * from "./predict/index.js";
