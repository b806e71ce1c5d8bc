/**
 * Writes src/nn/layers/parts.ts, by which the parts of a layer's kind are found: a line for each
 * file of src/nn/layers and src/nn/tiled that has some. `npm run build` does so first.
 *
 *     node scripts/layer-parts.mjs            writes it
 *     node scripts/layer-parts.mjs --check    compares, and fails if it differs
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const NN = fileURLToPath(new URL("../src/nn/", import.meta.url));
const PART = /^export (?:const|function) [a-z]\w*(?:Entry|Tiled|Onnx|C)\b/m;

const lines = ["layers", "tiled"].flatMap((folder) =>
  readdirSync(`${NN}${folder}`)
    .filter((file) => PART.test(readFileSync(`${NN}${folder}/${file}`, "utf8")))
    .sort()
    .map((file) => `export * from "../${folder}/${file.replace(/ts$/, "js")}";\n`),
);

const text = `/**
 * Written by scripts/layer-parts.mjs, which \`npm run build\` runs. All that there is of each kind
 * of layer, by name: of \`relu\` its function, and
 *
 *     reluEntry    what recipes may say of it, where a chain can have it
 *     reluTiled    how a batch is computed, forward and backward (tiled/rule.ts)
 *     reluOnnx     how it is written as operators of ONNX (onnx.ts)
 *     reluC        how it is written in C (c.ts)
 *     reluFromOnnx, of some kinds: operators that are one of them
 *
 * They are not members of the function, as its rule is, so that bundlers leave them out of pages
 * that only predict. A part that is missing does not compile.
 */
${lines.join("").replaceAll("../layers/", "./")}`;

const path = `${NN}layers/parts.ts`;
if (readFileSync(path, "utf8") !== text) {
  if (process.argv.includes("--check")) {
    console.error("src/nn/layers/parts.ts is not what scripts/layer-parts.mjs writes");
    process.exit(1);
  }
  writeFileSync(path, text);
}
