/**
 * The playground with Vite: `npm run playground` serves it, `npx vite build web` makes a folder for
 * any host, web/dist.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { digits } from "./vite-digits.js";

/** With them a page may share memory between threads; without them it trains on one. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "./",
  publicDir: false,
  plugins: [digits()],
  resolve: {
    alias: {
      "bregman/browser": here("../dist/browser.js"),
      "bregman/predict": here("../dist/predict/light.js"),
    },
  },
  build: { target: "es2023" },
  worker: { format: "es" },
  server: { headers, fs: { allow: [here("..")] } },
  preview: { headers },
});
