/** In this clone the package is not installed: its entry point is where package.json says. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const entry = fileURLToPath(new URL(exports["./predict"].default, root));

export default {
  resolve: { alias: { "bregman/predict": entry } },
  server: { fs: { allow: [fileURLToPath(root)] } },
};
