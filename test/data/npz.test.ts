/** Archives of arrays, as NumPy writes them (scripts/data-fixtures.py): packed and not. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { loadData } from "#bregman/data/load.js";
import { npzNames, parseNpz } from "#bregman/data/npz.js";
import type { NpzSource } from "#bregman/data/source.js";
import { unlabelled } from "#bregman/data/unlabelled.js";
import { UnusableFileError } from "#bregman/errors.js";
import { forCases, TIMEOUT } from "../fuzz/cases.js";
import { mutatedBytes, pick } from "../fuzz/mutate.js";
import { temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes } from "./own-files.js";

const path = (name: string) =>
  fileURLToPath(new URL(`../fixtures/data/${name}.npz`, import.meta.url));
const load = (file: string, more: Partial<NpzSource> = {}) =>
  loadData({ kind: "npz", file, ...more });
const NAMES = ["x_train", "y_train", "x_test", "y_test"];

function archive(files: Record<string, Uint8Array>): string {
  const file = join(temporaryFolder(), "a.npz");
  writeFileSync(file, zipSync(files));
  return file;
}

describe("digits", () => {
  const data = load(path("digits"));

  test("have the arrays that Keras names; packed they are the same", () => {
    expect(data).toMatchObject({ shape: [1, 8, 8], classes: 10, train: { count: 200 } });
    expect(data.test.count).toBe(60);
    expect([...data.train.labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    // The first row of the first digit, in steps of 15.
    expect([...data.train.inputs.subarray(0, 8)]).toEqual([0, 0, 75, 195, 135, 15, 0, 0]);
    const packed = load(path("digits-packed"));
    expect({ ...packed, name: "" }).toEqual({ ...data, name: "" });
  });

  test("other names, and no test part", () => {
    const { x_train: x, y_train: y } = Object.fromEntries(
      ["x_train", "y_train"].map((name) => [
        name,
        npyBytes("|u1", name[0] === "x" ? [2, 1] : [2], Uint8Array.of(0, 1)),
      ]),
    );
    const few = load(archive({ "x_train.npy": x, "y_train.npy": y, "more.npy": y }), {
      shape: [1],
    });
    expect([few.train.count, few.test.count]).toEqual([2, 0]);
    const swapped = load(path("digits"), { arrays: { inputs: "x_test", labels: "y_test" } });
    expect(swapped.train).toEqual(data.test);
    expect(swapped.test.count).toBe(0);
  });

  test("predict takes the array that is named, or the only one", () => {
    const read = (origin: string, array?: string) => {
      const { pieces } = unlabelled(origin, { input: [1, 8, 8], piece: 7, array });
      return [...pieces].flatMap(({ inputs }) => [...inputs]);
    };
    expect(read(path("digits"), "x_test")).toEqual([...data.test.inputs]);
    const two = Float32Array.from({ length: 128 }, (_, k) => k / 128);
    expect(read(archive({ "only.npy": npyBytes("<f4", [2, 64], bytesOf(two)) }))).toEqual([...two]);
    expect(() => read(path("digits"))).toThrow(
      /expected one array, found x_train, y_train, x_test, y_test; --array names it$/,
    );
    expect(() => read(path("digits"), "x")).toThrow(/there is no array "x".*; arrays: x_train/);
    expect(() => read(path("digits"), "y_test")).toThrow(/expected samples of shape \[1, 8, 8\]/);
  });
});

describe("faults", () => {
  const bytes = readFileSync(path("digits-packed"));
  test.each<[string, () => unknown, RegExp]>([
    ["no zip", () => parseNpz(bytes.subarray(1), [], "a"), /^a: expected a \.npz file$/],
    ["cut short", () => parseNpz(bytes.subarray(0, 900), NAMES, "a"), /^a: damaged \.npz file/],
    [
      "another name",
      () => load(path("digits"), { arrays: { inputs: "x_trian", labels: "y_train" } }),
      /no array "x_trian" \(did you mean "x_train"\?\); arrays: x_train, y_train, x_test, y_test$/,
    ],
    [
      "labels that are none",
      () => load(path("digits"), { arrays: { inputs: "x_train", labels: "x_train" } }),
      /x_train: expected labels of shape \[count\], found \[200, 8, 8\]$/,
    ],
    [
      "half a test part",
      () =>
        load(path("digits"), {
          arrays: { inputs: "x_train", labels: "y_train", testInputs: "x_test" },
        }),
      /data\.arrays\.testLabels: missing; expected it beside data\.arrays\.testInputs$/,
    ],
    [
      "other counts",
      () => load(path("digits"), { arrays: { inputs: "x_train", labels: "y_test" } }),
      /x_train has 200 samples, but .*y_test has 60 labels/,
    ],
    [
      "an array that is none",
      () => load(archive({ "x_train.npy": new Uint8Array(9), "y_train.npy": new Uint8Array(9) })),
      /x_train: expected a \.npy file, found one that begins with/,
    ],
    [
      "a zip of something else",
      () => load(archive({ "a.txt": new Uint8Array(9) })),
      /there is no array "x_train"; arrays: none$/,
    ],
  ])("%s: one line", (_, read, message) => {
    expect(read).toThrow(message);
    expect(read).toThrow(/^[^\n]*$/);
  });

  test("a size that no packed file unpacks to is refused before there is room for it", () => {
    const zip = zipSync({ "x.npy": [new Uint8Array(5000), { level: 9 }] });
    const view = new DataView(zip.buffer);
    const central = Buffer.from(zip).indexOf("PK\x01\x02", 0, "latin1");
    view.setUint32(central + 24, 2 ** 31 - 1, true);
    expect(() => parseNpz(zip, ["x"], "a")).toThrow(
      /^a: damaged \.npz file: x\.npy has 2147483647 bytes in \d+$/,
    );
    expect(npzNames(zip, "a")).toEqual(["x"]);
  });

  test(
    "damaged anywhere: arrays of their size, or one clear line",
    () =>
      forCases("npz", (random) => {
        const file = readFileSync(path(pick(random, ["digits", "digits-packed"])));
        const arrays = parseNpz(mutatedBytes(random, file), NAMES, "a");
        for (const { shape, data } of arrays.values())
          expect(data.length).toBe(shape.reduce((product, side) => product * side, 1));
        return true;
      }),
    TIMEOUT,
  );

  test("errors are of the kind for files", () => {
    expect(() => parseNpz(new Uint8Array(0), [], "a")).toThrow(UnusableFileError);
  });
});
