/**
 * What is decided of samples (fills, categories, means, deviations) is decided of those that are
 * trained with: whatever the others are changed to, it stays.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Dataset } from "#bregman/data/dataset.js";
import { samplesInUse, type UseOptions } from "#bregman/data/in-use.js";
import { loadData } from "#bregman/data/load.js";
import type { DataSource } from "#bregman/data/source.js";
import { temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes } from "./own-files.js";

const COUNT = 200;
const hash = (k: number) => (Math.imul(k + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
const rowOf = (k: number): readonly string[] => [
  String(k),
  hash(k) < 0.2 ? "" : String(Math.round(100 * hash(3 * k + 1))),
  hash(5 * k) < 0.1 ? "" : ["red", "green", "blue"][Math.floor(3 * hash(7 * k))],
  String(hash(11 * k)),
  k % 4 === 0 ? "yes" : "no",
];
/** What is in the place of a row that is held out. */
const strange = (k: number): readonly string[] => [
  String(k),
  k % 2 ? "" : "1e9",
  k % 3 ? "ultraviolet" : "",
  "-1e6",
  rowOf(k)[4],
];

function table(folder: string, name: string, held: ReadonlySet<number>): string {
  const rows = Array.from({ length: COUNT }, (_, k) => (held.has(k) ? strange(k) : rowOf(k)));
  const path = join(folder, name);
  writeFileSync(path, ["id,size,colour,price,answer", ...rows.map((row) => row.join())].join("\n"));
  return path;
}

/** All that is decided of the training samples. */
const decided = ({ shape, mean, std, preparation, targetNormalization }: Dataset) => ({
  shape,
  mean,
  std,
  preparation,
  targetNormalization,
});

/** The rows of a table that a run does not train with: the first feature is a row's number. */
function heldOut(data: Dataset, use: UseOptions): Set<number> {
  const { used, train } = samplesInUse(data, use);
  const width = data.train.inputs.length / data.train.count;
  const trained = new Set(Array.from(train, (k) => used.train.inputs[k * width]));
  return new Set(Array.from({ length: COUNT }, (_, k) => k).filter((k) => !trained.has(k)));
}

const label = { label: "answer" } as const;
const uses: readonly (readonly [string, UseOptions, number | undefined])[] = [
  ["a test share", {}, 0.3],
  ["a validation part", { validation: 50 }, undefined],
  ["both, by class", { validation: 0.2, stratify: true, splitSeed: 7 }, 0.2],
  ["a limit", { validation: 20, limit: 60 }, undefined],
];

describe("tables", () => {
  const tasks = [
    ["labels", label],
    ["targets", { targets: ["price"], ignore: ["answer"] }],
  ] as const;
  const cases = uses.flatMap(([name, use, testShare]) =>
    tasks.flatMap(([task, told]) =>
      task === "targets" && use.stratify
        ? []
        : [[`${name}, ${task}`, use, testShare, told] as const],
    ),
  );
  test.each(cases)("%s", (_, use, testShare, told) => {
    const folder = temporaryFolder();
    const load = (train: string) =>
      loadData(
        { kind: "csv", train, ...told, testShare, missing: "mean", categories: ["colour"] },
        use,
      );
    const before = load(table(folder, "before.csv", new Set()));
    const held = heldOut(before, use);
    expect(held.size).toBeGreaterThan(40);
    const after = load(table(folder, "after.csv", held));
    expect(decided(after)).toEqual(decided(before));
    expect(heldOut(after, use)).toEqual(held);
    const rows = [...Array(COUNT).keys()].filter((k) => !held.has(k) && rowOf(k)[1] !== "");
    const mean = rows.reduce((sum, k) => sum + Number(rowOf(k)[1]), 0) / rows.length;
    expect(after.preparation!.table!.columns[1].fill).toBeCloseTo(mean, 9);
    // A category that training never saw is none of those it knows.
    const { inputs, count } = after.test.count > 0 ? after.test : after.train;
    const width = inputs.length / count;
    const place = Array.from({ length: count }, (__, k) => k).find(
      (k) => held.has(inputs[k * width]) && inputs[k * width] % 3 !== 0,
    )!;
    expect([...inputs.subarray(place * width + 2, place * width + 5)]).toEqual([0, 0, 0]);
    expect(inputs[place * width + 1]).toBe(
      inputs[place * width] % 2 ? after.preparation!.table!.columns[1].fill : 1e9,
    );
  });
});

test.each(uses.filter(([name]) => name !== "a limit"))("arrays: %s", (_, use, testShare) => {
  const folder = temporaryFolder();
  const write = (held: ReadonlySet<number>): DataSource => {
    const x = Float64Array.from({ length: 2 * COUNT }, (__, k) => {
      const row = k >> 1;
      return k % 2 === 0 ? row : held.has(row) ? 1e8 : hash(row);
    });
    const y = Uint8Array.from({ length: COUNT }, (__, k) => Number(k % 4 === 0));
    writeFileSync(join(folder, "x.npy"), npyBytes("<f8", [COUNT, 2], bytesOf(x)));
    writeFileSync(join(folder, "y.npy"), npyBytes("|u1", [COUNT], y));
    return { kind: "npy", trainInputs: "x.npy", trainLabels: "y.npy", testShare };
  };
  const options = { baseDir: folder, ...use };
  const before = loadData(write(new Set()), options);
  const after = loadData(write(heldOut(before, use)), options);
  expect(decided(after)).toEqual(decided(before));
});
