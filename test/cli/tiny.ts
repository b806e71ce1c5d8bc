/**
 * A small data set on disk and recipes for it: the command line can be run from end to end in a
 * second.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./run-cli.js";

/** An idx file: magic number (type 8 = bytes), dimensions, data. */
function idx(dimensions: readonly number[], data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * dimensions.length));
  head.setUint32(0, 0x800 + dimensions.length);
  dimensions.forEach((size, k) => head.setUint32(4 + 4 * k, size));
  return Buffer.concat([new Uint8Array(head.buffer), data]);
}

/**
 * A folder with idx files of 28 x 28 images under MNIST's names; class c is a bright bar at line 2
 * c + 4.
 */
export function tinyData(train = 400, test = 100): string {
  const folder = join(temporaryFolder(), "data");
  mkdirSync(folder);
  for (const [prefix, count] of [
    ["train", train],
    ["t10k", test],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, (_, k) => k % 10);
    const images = new Uint8Array(count * 784);
    labels.forEach((label, k) =>
      images.fill(200 + (k % 50), k * 784 + (2 * label + 4) * 28, k * 784 + (2 * label + 5) * 28),
    );
    writeFileSync(join(folder, `${prefix}-images-idx3-ubyte`), idx([count, 28, 28], images));
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), idx([count], labels));
  }
  return folder;
}

/** A recipe file for {@link tinyData}, with changes. */
export function tinyRecipe(changes: object = {}): string {
  const path = join(temporaryFolder(), "tiny.json");
  const weights = { kind: "linBreg", tau: 0.1, regularizer: { kind: "l1", lambda: 0.02 } };
  const recipe = {
    name: "tiny",
    data: { name: "mnist", validation: 50 },
    model: { kind: "mlp", features: [784, 20, 10] },
    init: { weights: { density: 0.05 } },
    optimizer: { weights, biases: { kind: "linBreg", tau: 0.1 } },
    batchSize: 32,
    epochs: 3,
    ...changes,
  };
  writeFileSync(path, JSON.stringify(recipe));
  return path;
}
