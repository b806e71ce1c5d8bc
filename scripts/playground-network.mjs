// Writes what the playground classifies pictures with, from the run folder of a ResNet-18:
//
//     npm run build && node scripts/playground-network.mjs RUN --data-dir FOLDER
//
// web/pictures/network.gz is the network, simplified, its non-zeros as int8, packed by gzip;
// network.json says what it is; samples.png are the first three test images of each class, a class
// a column.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";

import { loadCifar10 } from "../dist/data/index.js";
import {
  decodeModel,
  encodeModel,
  loadModel,
  networkSize,
  simplify,
} from "../dist/export/index.js";
import { evaluate } from "../dist/train/index.js";

const { values, positionals } = parseArgs({
  options: { "data-dir": { type: "string" } },
  allowPositionals: true,
});
const [run] = positionals;
const data = loadCifar10({ dataDir: values["data-dir"] });
const network = loadModel(join(run, "model.safetensors"));
const bytes = encodeModel(simplify(network), {}, { sparse: true, values: "int8" });
const packed = gzipSync(bytes, { level: 9 });
const small = decodeModel(bytes);
const [{ testAccuracy }] = await evaluate([small], data);
const { weights, bytes: size } = networkSize(network);
const read = (file) => JSON.parse(readFileSync(join(run, file), "utf8"));
const { name, epochs } = read("recipe.json");
const { epochs: trained, seed, commit } = read("result.json");
const { labelNames } = network;
const facts = {
  recipe: name,
  seed,
  commit,
  epochs: `${trained.at(-1).epoch} of ${epochs}`,
  testAccuracy,
  weights,
  nonZeros: networkSize(small).nonZeros,
  bytes: packed.length,
  denseBytes: size.dense,
};

const [SIDE, EACH] = [32, 3];
const { inputs, labels } = data.test;
const [width, height] = [SIDE * labelNames.length, SIDE * EACH];
const pixels = new Uint8Array(3 * width * height);
for (let label = 0; label < labelNames.length; label++) {
  const first = [...labels.keys()].filter((k) => labels[k] === label).slice(0, EACH);
  for (const [row, sample] of first.entries()) {
    for (let k = 0; k < 3 * SIDE * SIDE; k++) {
      const [channel, y, x] = [Math.floor(k / SIDE ** 2), Math.floor(k / SIDE) % SIDE, k % SIDE];
      const place = (row * SIDE + y) * width + label * SIDE + x;
      pixels[3 * place + channel] = inputs[3 * SIDE * SIDE * sample + k];
    }
  }
}

const write = (file, content) =>
  writeFileSync(new URL(`../web/pictures/${file}`, import.meta.url), content);
write("network.gz", packed);
write("network.json", `${JSON.stringify(facts, undefined, 2)}\n`);
write("samples.png", encode({ width, height, channels: 3, data: pixels }));
console.log(facts);
