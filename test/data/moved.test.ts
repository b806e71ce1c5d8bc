/** One's own files are found after they, or the recipe that names them, have moved. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadData } from "#bregman/data/load.js";
import { fromMoved, inFolder } from "#bregman/data/moved.js";
import {
  type DataSource,
  mapPaths,
  type OwnSource,
  rebasePath,
  resolvePaths,
} from "#bregman/data/source.js";
import { temporaryFolder } from "./idx-files.js";
import { UnusableFileError } from "#bregman/errors.js";

const rebasePaths = <Source extends DataSource>(source: Source, from: string, to: string): Source =>
  mapPaths(source, (path) => rebasePath(path, from, to));

/** One of each kind, with the files that its paths name. */
const SOURCES: Record<string, [OwnSource, readonly string[]]> = {
  csv: [
    { kind: "csv", train: "data/a.csv", test: "data/b.csv", label: "y" },
    ["data/a.csv", "data/b.csv"],
  ],
  "csv in two folders, files of one name": [
    { kind: "csv", train: "data/train/x.csv", test: "data/test/x.csv", label: "y" },
    ["data/train/x.csv", "data/test/x.csv"],
  ],
  "a single file beside the recipe": [{ kind: "csv", train: "x.csv", label: 0 }, ["x.csv"]],
  npy: [
    { kind: "npy", trainInputs: "data/x.npy", trainLabels: "data/y.npy" },
    ["data/x.npy", "data/y.npy"],
  ],
  npz: [{ kind: "npz", file: "data/a.npz" }, ["data/a.npz"]],
  parquet: [{ kind: "parquet", train: "data/a.parquet", label: "y" }, ["data/a.parquet"]],
  idx: [
    { kind: "idx", trainImages: "d/a", trainLabels: "d/b", testImages: "e/a", testLabels: "e/b" },
    ["d/a", "d/b", "e/a", "e/b"],
  ],
  imageFolder: [{ kind: "imageFolder", train: "pictures" }, ["pictures/cat/1.png"]],
  soundFolder: [
    { kind: "soundFolder", train: "words", rate: 8000, length: 80 },
    ["words/yes/1.wav"],
  ],
  "image folders, one in the other": [
    { kind: "imageFolder", train: "pictures", test: "pictures/test" },
    ["pictures/test/cat/1.png"],
  ],
};

/** Folders within that hold all of them, too. */
const INNER: Record<string, readonly string[]> = {
  csv: ["data"],
  "csv in two folders, files of one name": ["data"],
  npy: ["data"],
  npz: ["data"],
  parquet: ["data"],
  imageFolder: ["pictures"],
  soundFolder: ["words"],
  "image folders, one in the other": ["pictures"],
};

function write(folder: string, files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
}

describe.each(Object.entries(SOURCES))("%s", (name, [source, files]) => {
  test("a recipe written elsewhere leads to the same files, and so it does when all is moved", () => {
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    for (const to of ["runs/first", ".", "a/b/c/d"]) {
      const written = rebasePaths(source, here, join(here, to));
      expect(JSON.stringify(written)).not.toContain(here);
      expect(resolvePaths(written, join(here, to))).toEqual(resolvePaths(source, here));
      expect(resolvePaths(written, join(there, to))).toEqual(resolvePaths(source, there));
    }
    const absolute = resolvePaths(source, here);
    expect(rebasePaths(absolute, there, join(there, "runs"))).toEqual(absolute);
  });

  test("--data-dir: the folder with the files, or one above it", () => {
    const lost = resolvePaths(source, "/nowhere/project");
    const whole = temporaryFolder();
    write(whole, files);
    expect(inFolder(lost, whole)).toEqual(resolvePaths(source, whole));
    for (const below of INNER[name] ?? []) {
      expect(inFolder(lost, join(whole, below))).toEqual(resolvePaths(source, whole));
    }
  });

  test("--data-dir without them is one line that names what is missing", () => {
    const empty = source.kind?.endsWith("Folder") ? "/nowhere/else" : temporaryFolder();
    const lost = resolvePaths(source, "/nowhere/project");
    expect(() => inFolder(lost, empty)).toThrow(UnusableFileError);
    expect(() => inFolder(lost, empty)).toThrow(
      new RegExp(`^could not find .+ in ${empty} \\(--data-dir\\)$`),
    );
    expect(() => loadData(lost, { dataDir: empty })).toThrow("(--data-dir)");
    // Half of them is not enough: files of one name lie in different folders.
    if (files.length > 1) {
      write(empty, files.slice(1));
      expect(() => inFolder(lost, empty)).toThrow(UnusableFileError);
    }
  });

  test("a recipe moved up or down within the folder that holds the data finds them", () => {
    const project = temporaryFolder();
    write(project, files);
    const written = rebasePaths(source, project, join(project, "runs/first"));
    for (const to of ["runs/first", "runs/archive/2026/first", "first"]) {
      expect(fromMoved(written, join(project, to))).toEqual(resolvePaths(source, project));
    }
    // Elsewhere the paths are what they say.
    const elsewhere = join(temporaryFolder(), "runs/first");
    expect(fromMoved(written, elsewhere)).toEqual(resolvePaths(written, resolve(elsewhere)));
  });
});

test("named sets have no paths", () => {
  const source = { name: "mnist" } as const;
  expect(rebasePaths(source, "/a", "/b")).toEqual(source);
  expect(fromMoved(source, "/a")).toEqual(source);
});
