/** What is told of data that nobody has said anything of, on real files. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Inspection, inspectData } from "#bregman/data/inspect.js";
import { UnusableFileError } from "#bregman/errors.js";
import { runCli } from "../cli/run-cli.js";
import { idxBytes, temporaryFolder } from "./idx-files.js";
import { bytesOf, npyBytes } from "./own-files.js";

const fixtures = fileURLToPath(new URL("../fixtures/data/", import.meta.url));
const path = (name: string) => join(fixtures, name);
function file(name: string, content: string | Uint8Array): string {
  const whole = join(temporaryFolder(), name);
  writeFileSync(whole, content);
  return whole;
}
/** What is found, as one kind. */
function found<Kind extends Inspection["kind"]>(kind: Kind, name: string) {
  const all = inspectData(name);
  expect(all.kind).toBe(kind);
  return all as Inspection & { readonly kind: Kind };
}

describe("tables", () => {
  const sex = {
    name: "sex",
    kind: "texts",
    missing: 11,
    different: 2,
    values: [
      ["male", 168],
      ["female", 165],
    ],
    odd: [],
  };

  test.each([
    ["penguins.csv", ",", "."],
    ["penguins-semicolon.csv", ";", ","],
  ])("%s: how it is written, and its columns", (name, delimiter, decimal) => {
    const table = found("csv", path(`tables/${name}`));
    expect(table).toMatchObject({ rows: 344, delimiter, decimal, header: true, odd: [] });
    expect(table.columns.map((column) => column.kind)).toEqual(
      "texts texts numbers numbers numbers numbers texts numbers".split(" "),
    );
    expect(table.columns[6]).toEqual(sex);
    expect(table.columns[2]).toMatchObject({ missing: 2, least: 32.1, most: 59.6, different: 164 });
    expect(table.columns[2].mean).toBeCloseTo(43.92193, 5);
  });

  test("Parquet has the same, and says which columns are images", () => {
    const table = found("parquet", path("tables/penguins.parquet"));
    const text = found("csv", path("tables/penguins.csv"));
    expect(table.columns).toEqual(text.columns);
    expect(found("parquet", path("photos.parquet"))).toMatchObject({
      rows: 12,
      images: ["image"],
      columns: [
        {
          name: "label",
          kind: "numbers",
          values: [
            ["0", 6],
            ["1", 6],
          ],
        },
      ],
    });
  });

  test("what is odd", () => {
    const rows = Array.from(
      { length: 20 },
      (_, k) => `${k + 3},name ${k},5,${k === 7 ? "oops" : k / 4},,${k % 2}`,
    );
    const text = ["id,who,same,most,none,y", ...rows, "1,2", ""].join("\n");
    const { columns, odd, rows: count } = found("csv", file("a.csv.gz", gzipSync(text)));
    expect(count).toBe(20);
    expect(odd).toEqual(["rows with other than 6 cells: 1, the first is row 22"]);
    expect(columns.map((column) => column.odd)).toEqual([
      ["it numbers the rows"],
      ["each row has another text: a name, or an index"],
      ["it has one value only"],
      ['row 8 has "oops" among numbers'],
      ["it has no value"],
      [],
    ]);
  });

  test("without names", () => {
    expect(found("csv", file("a.csv", "1,2\n3,4\n"))).toMatchObject({
      rows: 2,
      header: false,
      columns: [{ name: "column 0", least: 1, most: 3 }, { name: "column 1" }],
    });
    expect(() => inspectData(file("a.csv", "\n"))).toThrow(UnusableFileError);
  });
});

describe("arrays", () => {
  test("their shapes and ranges, and what may be labels", () => {
    const { arrays } = found("npz", path("digits.npz"));
    expect(arrays.map(({ name, shape }) => [name, shape])).toEqual([
      ["x_train", [200, 8, 8]],
      ["y_train", [200]],
      ["x_test", [60, 8, 8]],
      ["y_test", [60]],
    ]);
    expect(arrays[0]).toMatchObject({ type: "uint8", least: 0, most: 240, notFinite: 0 });
    expect(arrays[0]).not.toHaveProperty("classes");
    expect(arrays[1].classes).toHaveLength(10);
    expect(arrays[1].classes![0]).toEqual(["0", 21]);
  });

  test("numbers that are not finite", () => {
    const values = Float32Array.of(1, NaN, 3, Infinity);
    const [array] = found("npy", file("a.npy", npyBytes("<f4", [2, 2], bytesOf(values)))).arrays;
    expect(array).toEqual({
      name: "",
      shape: [2, 2],
      type: "float32",
      least: 1,
      most: 3,
      mean: 2,
      notFinite: 2,
    });
    const [labels] = found("idx", file("a", idxBytes([4], [7, 1, 1, 7]))).arrays;
    expect(labels.classes).toEqual([
      ["1", 2],
      ["7", 2],
    ]);
  });
});

describe("folders and single files", () => {
  test("classes, shapes, and files that can't be read", () => {
    const folder = temporaryFolder();
    for (const name of ["a", "b"]) mkdirSync(join(folder, name));
    for (const k of [0, 1, 2])
      copyFileSync(path(`photos/china/${k}.jpg`), join(folder, "a", `${k}.jpg`));
    copyFileSync(path("photos/china/0.jpg"), join(folder, "b", "0.png"));
    writeFileSync(
      join(folder, "b", "1.jpg"),
      readFileSync(path("photos/china/1.jpg")).subarray(0, 90),
    );
    const images = found("imageFolder", folder);
    expect(images.classes).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    expect(images.forms[0]).toEqual(["[3, 52, 51]", 2]);
    expect(images.looked).toBe(5);
    expect(images.odd).toEqual([expect.stringMatching(/b\/1\.jpg: damaged JPEG file/)]);
  });

  test("sounds: rates and lengths", () => {
    expect(found("soundFolder", path("sounds"))).toEqual({
      kind: "soundFolder",
      classes: [
        ["0", 10],
        ["1", 10],
        ["7", 10],
      ],
      looked: 30,
      forms: [["8000 Hz", 30]],
      lengths: { least: 1720, median: 3457, most: 5148 },
      odd: [],
    });
    expect(found("sound", path("sound-formats/stereo.wav"))).toMatchObject({ length: 1500 });
    expect(found("image", path("photos/china/4.jpg"))).toEqual({
      kind: "image",
      shape: [1, 54, 58],
    });
  });
});

test("bregman data inspect tells it in lines, or as JSON", async () => {
  const csv = path("tables/penguins.csv");
  const { code, stdout } = await runCli(["data", "inspect", csv]);
  expect(code).toBe(0);
  const lines = stdout.split("\n");
  expect(lines[0]).toBe(
    `${csv}: a CSV table of 344 rows and 8 columns, delimiter ",", decimals behind ".", ` +
      "names in the first row",
  );
  expect(lines[1]).toBe("  species            texts: Adelie (152), Gentoo (124), Chinstrap (68)");
  expect(lines[7]).toBe("  sex                texts: male (168), female (165), 11 missing");
  const json = await runCli(["data", "inspect", csv, "--json"]);
  expect(JSON.parse(json.stdout)).toEqual(inspectData(csv));
  const absent = await runCli(["data", "inspect", "nothing.csv"]);
  expect(absent).toMatchObject({
    code: 1,
    stderr: "bregman: could not read nothing.csv: there is no such file\n",
  });
});
