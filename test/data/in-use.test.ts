/** With a limit only the samples in use are read and kept, and a run has the same bits. */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dataset, fromArrays } from "#bregman/data/dataset.js";
import { inUse, rowsInUse } from "#bregman/data/in-use.js";
import { loadData } from "#bregman/data/load.js";
import type { OwnSource } from "#bregman/data/source.js";
import { heldOut, split } from "#bregman/data/split.js";
import { mlp } from "#bregman/models/mlp.js";
import { sgd } from "#bregman/optim/sgd.js";
import { stream } from "#bregman/random.js";
import { createPool } from "#bregman/runtime/pool.js";
import { evaluate } from "#bregman/train/evaluate.js";
import { fit } from "#bregman/runs/fit.js";
import { storeDataset } from "#bregman/train/store-dataset.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { idxBytes } from "./idx-files.js";
import { bytesOf, npyBytes, writePng } from "./own-files.js";

const optimizer = { weights: sgd(), biases: sgd() };

test("a split of the rows in use gives what a split of all gives", () => {
  const validations = fc.oneof(
    fc.integer({ min: 0, max: 20 }),
    fc.double({ min: 0.05, max: 0.9, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 30, max: 400 }),
      fc.integer({ min: 12, max: 300 }),
      validations,
      fc.integer({ min: 0, max: 1000 }),
      (count, limit, validation, splitSeed) => {
        const rows = rowsInUse(count, { limit, validation, splitSeed });
        const held = heldOut(count, validation, limit);
        const all = split(count, held, stream(splitSeed, "split"));
        if (!rows) {
          expect(all.train.length).toBeLessThanOrEqual(limit);
          return;
        }
        expect(heldOut(rows.length, validation, limit)).toBe(held);
        const few = split(rows.length, held, stream(splitSeed, "split"));
        expect(few.train.map((k) => rows[k])).toEqual(all.train.subarray(0, limit));
        expect(few.valid.map((k) => rows[k])).toEqual(all.valid);
      },
    ),
  );
  expect(rowsInUse(30, { validation: 5 })).toBeUndefined();
});

const COUNT = 60;
const pixels = Uint8Array.from({ length: COUNT * 6 }, (_, k) => (k * 37) % 251);
const labels = Uint8Array.from({ length: COUNT }, (_, k) => (k === 59 ? 4 : k % 3));

/** The same samples in files of each kind that is read by rows, and in some that are not. */
function sources(): { baseDir: string; all: Record<string, OwnSource> } {
  const baseDir = temporaryFolder();
  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(baseDir, name), bytes);
    return name;
  };
  const facts = { mean: [0.5], std: [0.25] };
  const numbers = Float64Array.from(pixels, (x) => x / 255);
  const npyLabels = file(
    "y.npy",
    npyBytes("<i8", [COUNT], bytesOf(BigInt64Array.from(labels, BigInt))),
  );
  const swapped = new Uint8Array(bytesOf(numbers));
  for (let at = 0; at < swapped.length; at += 8) swapped.subarray(at, at + 8).reverse();
  const npy = (trainInputs: string): OwnSource => ({
    kind: "npy",
    trainInputs,
    trainLabels: npyLabels,
    ...facts,
  });
  for (let k = 0; k < COUNT; k++) {
    const folder = join(baseDir, "images", String(labels[k]));
    mkdirSync(folder, { recursive: true });
    writePng(join(folder, `${k}.png`), 3, 2, 1, pixels.subarray(6 * k, 6 * k + 6));
  }
  return {
    baseDir,
    all: {
      "a folder of images": { kind: "imageFolder", train: "images", ...facts },
      idx: {
        kind: "idx",
        trainImages: file("x.idx", idxBytes([COUNT, 2, 3], [...pixels])),
        trainLabels: file("y.idx", idxBytes([COUNT], [...labels])),
        ...facts,
      },
      "npy of bytes": npy(file("x.npy", npyBytes("|u1", [COUNT, 6], pixels))),
      "npy of numbers": npy(file("d.npy", npyBytes("<f8", [COUNT, 6], bytesOf(numbers)))),
      "npy of numbers, big-endian": npy(file("b.npy", npyBytes(">f8", [COUNT, 6], swapped))),
    },
  };
}

const { baseDir, all } = sources();
const use = { limit: 13, validation: 7, splitSeed: 3 };

describe.each(Object.entries(all))("%s", (_name, source) => {
  const whole = loadData(source, { baseDir });
  const some = loadData(source, { baseDir, ...use });

  test("the samples in use are read, and no others", () => {
    expect(some.train.count).toBe(20);
    expect(some).toEqual(inUse(whole, use));
    // The one label of the largest class need not be in use; a folder has a class for each folder.
    expect(some.classes).toBe(source.kind === "imageFolder" ? 4 : 5);
    expect(loadData(source, { baseDir, limit: 60 })).toEqual(whole);
    expect(loadData(source, { baseDir, validation: 7 })).toEqual(whole);
  });

  test("a run has the same bits", async () => {
    const model = mlp([6, 5, whole.classes]);
    const run = (data: Dataset) =>
      fit(model, data, { optimizer, epochs: 2, batchSize: 4, backend: "wasm", threads: 1, ...use });
    const [a, b] = [await run(whole), await run(some)];
    expect(a.parameters).toEqual(b.parameters);
    expect(a.final.validLoss).toBe(b.final.validLoss);
    const on = (data: Dataset) => evaluate([{ model, ...a }], data, use);
    expect(await on(some)).toEqual(await on(whole));
    expect((await on(whole))[0].validLoss).toBeCloseTo(a.final.validLoss!, 6);
  });
});

test("an image that is not in use is not looked at", () => {
  const { baseDir: folder, all: own } = sources();
  const source = own["a folder of images"];
  // Files are taken by class and name.
  const names = Array.from(labels, (label, k) => `${label}/${k}.png`).toSorted();
  const rows = [...rowsInUse(COUNT, use)!];
  const unused = names.findIndex((_, k) => k > 0 && !rows.includes(k));
  writeFileSync(join(folder, "images", names[unused]), "no image");
  expect(loadData(source, { baseDir: folder, ...use }).train.count).toBe(20);
  expect(() => loadData(source, { baseDir: folder })).toThrow(names[unused]);
});

test("what is wrong with a file is told as when all of it is read", () => {
  const bad = (name: string, bytes: Uint8Array): OwnSource => {
    writeFileSync(join(baseDir, name), bytes);
    return { ...(all["npy of bytes"] as Extract<OwnSource, { kind: "npy" }>), trainInputs: name };
  };
  const cases = [
    bad("cut.npy", npyBytes("|u1", [COUNT, 6], pixels.subarray(1))),
    bad("long.npy", npyBytes("|u1", [COUNT - 1, 6], pixels)),
    bad("few.npy", npyBytes("|u1", [COUNT - 1, 6], pixels.subarray(6))),
    bad("none.npy", npyBytes("|u1", [0, 6], new Uint8Array(0))),
    bad("no.npy", Uint8Array.of(1, 2, 3)),
    { ...all["npy of bytes"], trainInputs: "not-there.npy" } as OwnSource,
  ];
  for (const source of cases) {
    const message = (options: object) => {
      try {
        loadData(source, { baseDir, ...options });
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error("expected an error");
    };
    expect(message(use)).toBe(message({}));
  }
});

describe("more than 4 GiB", () => {
  const [count, side] = [4400, 1000];
  const folder = temporaryFolder();
  /** Images of which only the rows in use have been written: the rest of the file is a hole. */
  function largeFile(rows: Iterable<number>): OwnSource {
    const path = join(folder, "large.idx");
    const file = openSync(path, "w");
    writeSync(file, idxBytes([count, side, side], []));
    for (const row of rows) writeSync(file, Uint8Array.of(row % 256), 0, 1, 16 + row * side * side);
    ftruncateSync(file, 16 + count * side * side);
    closeSync(file);
    writeFileSync(
      join(folder, "labels.idx"),
      idxBytes(
        [count],
        Array.from({ length: count }, (_, k) => k % 10),
      ),
    );
    return {
      kind: "idx",
      trainImages: "large.idx",
      trainLabels: "labels.idx",
      mean: [0],
      std: [1],
    };
  }

  test("a file that no array holds is told so, and with a limit the samples in use are read", () => {
    const some = { limit: 4, validation: 2 };
    const rows = rowsInUse(count, some)!;
    const source = largeFile(rows);
    expect(statSync(join(folder, "large.idx")).size).toBeGreaterThan(2 ** 32);
    const { train, classes } = loadData(source, { baseDir: folder, ...some });
    expect([train.count, classes]).toEqual([6, 10]);
    expect([...rows].map((_, k) => train.inputs[k * side * side])).toEqual(
      [...rows].map((row) => row % 256),
    );
    expect([...train.labels]).toEqual([...rows].map((row) => row % 10));
    expect(() => loadData(source, { baseDir: folder, limit: 4399 })).toThrow(
      // Node 20 holds 4 GiB in an array, newer ones more.
      /need 4399000000 bytes: more than one array holds|Array buffer allocation failed/,
    );
  });

  test("samples that memory does not hold are refused, and with a limit they are few", async () => {
    const [features, samples] = [2 ** 20, 4095];
    const inputs = new Uint8Array(features * samples + features); // touched only where it is read
    const data = fromArrays({
      shape: [features],
      name: "large",
      train: { inputs, labels: new Uint8Array(samples + 1) },
      classes: 2,
    });
    const pool = await createPool({ threads: 1 });
    const batch = 2;
    // More than kernels reach is fetched batch by batch.
    const store = storeDataset(pool, data, { batch });
    expect([...store.fetch!(Int32Array.of(7, 4095))]).toEqual([0, 1]);
    const few = storeDataset(pool, inUse(data, { limit: 4 }), { batch });
    expect(few).toMatchObject({ count: 4, features });
    expect(few.fetch).toBeUndefined();
    await pool.close();
  });
});
