import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CsvOptions, readCsv } from "#bregman/data/csv.js";
import { csvNotes } from "#bregman/data/csv-notes.js";
import { temporaryFolder } from "./idx-files.js";
import { BregmanError, InputError, UnusableFileError } from "#bregman/errors.js";

function file(text: string | Uint8Array): string {
  const path = join(temporaryFolder(), "table.csv");
  writeFileSync(path, text);
  return path;
}

describe("a table", () => {
  const wanted = {
    inputs: Float64Array.of(1, 2.5, -3, 4e-3),
    labels: ["cat", "dog"],
    columns: ["a", "b"],
  };
  test.each<[string, string, CsvOptions]>([
    ["label by name", "a,kind,b\n1,cat,2.5\n-3,dog,4e-3\n", { label: "kind" }],
    ["label by index", "kind,a,b\ncat,1,2.5\ndog,-3,4e-3", { label: 0 }],
    ["label from the end", "a,b,kind\n1,2.5,cat\n-3,4e-3,dog\n", { label: -1 }],
    [
      "line ends of Windows, spaces, empty lines",
      "a, kind ,b\r\n 1, cat, 2.5\r\n\r\n-3,dog ,4e-3\r\n\r\n",
      { label: "kind" },
    ],
    ["line ends of several kinds", "a,kind,b\r\n1,cat,2.5\n-3,dog,4e-3\r", { label: "kind" }],
    ["quotes", '"a","kind","b"\n"1","cat",2.5\n"-3","dog","4e-3"\n', { label: "kind" }],
    ["a byte order mark", "\uFEFFa,kind,b\n1,cat,2.5\n-3,dog,4e-3\n", { label: "kind" }],
    ["another delimiter", "a;kind;b\n1;cat;2.5\n-3;dog;4e-3\n", { label: "kind", delimiter: ";" }],
  ])("%s", (_, text, options) => {
    expect(readCsv(file(text), options)).toEqual(wanted);
  });

  test("without a header", () => {
    const table = readCsv(file("1,cat,2.5\n-3,dog,4e-3\n"), { label: 1, header: false });
    expect(table).toEqual({ ...wanted, columns: [0, 2] });
  });

  test.each<[string, (text: string) => Uint8Array]>([
    ["gzip", (text) => gzipSync(text)],
    ["UTF-16, little-endian", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["UTF-16, big-endian", (text) => Buffer.from(`\uFEFF${text}`, "utf16le").swap16()],
    ["UTF-16 in gzip", (text) => gzipSync(Buffer.from(`\uFEFF${text}`, "utf16le"))],
  ])("as %s", (_, bytes) => {
    const text = "größe,art,b\r\n1,Zürich,2.5\r\n-3,東京,4e-3\r\n";
    expect(readCsv(file(bytes(text)), { label: "art" })).toEqual({
      ...wanted,
      labels: ["Zürich", "東京"],
      columns: ["größe", "b"],
    });
  });

  test("pixels are bytes", () => {
    expect(readCsv(file("y,p,q\n3,0,255\n"), { label: "y", pixels: true }).inputs).toEqual(
      Uint8Array.of(0, 255),
    );
  });

  test("any numbers come back, however many", () => {
    const row = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 7,
      maxLength: 7,
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 400 }), (rows) => {
        const text = rows.map((numbers, k) => `${k % 10},${numbers.join(",")}`).join("\n");
        const { inputs, labels } = readCsv(file(text), { label: 0, header: false });
        // Text has no -0.
        expect(inputs).toEqual(Float64Array.from(rows.flat(), (x) => x + 0));
        expect(labels).toEqual(rows.map((_, k) => String(k % 10)));
      }),
      { seed: 1, numRuns: 10 },
    );
  });
});

describe("faults", () => {
  const cases: [string, string, CsvOptions, typeof BregmanError, string][] = [
    [
      "no number",
      "y,a\n0,1\n1,two\n",
      { label: "y" },
      UnusableFileError,
      'row 3, column "a": expected a number, found "two"',
    ],
    [
      "an empty cell",
      "y,a\n0,\n",
      { label: "y" },
      UnusableFileError,
      'row 2, column "a": expected a number, found ""',
    ],
    [
      "infinite",
      "0,Infinity\n",
      { label: 0, header: false },
      UnusableFileError,
      "row 1, column 1: expected a number",
    ],
    [
      "no byte",
      "y,a\n0,256\n",
      { label: "y", pixels: true },
      UnusableFileError,
      'row 2, column "a": expected a whole number from 0 to 255, found "256"',
    ],
    [
      "a cell too few",
      "y,a,b\n0,1,2\n0,1\n",
      { label: "y" },
      UnusableFileError,
      "row 3: expected 3 cells, found 2",
    ],
    [
      "a cell too many",
      "y,a\n0,1,2\n",
      { label: "y" },
      UnusableFileError,
      "row 2: expected 2 cells, found 3",
    ],
    [
      "a quote that does not end",
      'y,a\n0,"1\n',
      { label: "y" },
      UnusableFileError,
      "row 2: quoted field unterminated",
    ],
    [
      "no such column",
      "y,a\n0,1\n",
      { label: "z" },
      InputError,
      'there is no column "z" for the labels (did you mean "y"?); columns: y, a',
    ],
    [
      "no such index",
      "y,a\n0,1\n",
      { label: 2 },
      InputError,
      "column 2 for the labels: expected an index from 0 to 1, or from -1 to -2",
    ],
    [
      "a name without a header",
      "0,1\n",
      { label: "y", header: false },
      InputError,
      'expected the index of the column for the labels, as there is no header, found "y"',
    ],
    [
      "one column",
      "y\n0\n",
      { label: "y" },
      InputError,
      "expected a label and one number or more in each row, found 1",
    ],
    [
      "a header only",
      "y,a\n",
      { label: "y" },
      UnusableFileError,
      "expected rows of numbers, found none",
    ],
    ["nothing", "", { label: "y" }, UnusableFileError, "expected rows of numbers, found none"],
  ];
  test.each(cases)("%s", (_, text, options, kind, message) => {
    const path = file(text);
    const read = () => readCsv(path, options);
    expect(read).toThrow(kind);
    expect(read).toThrow(`${path}: ${message}`);
    expect(read).not.toThrow(/\n/);
  });

  test.each<[string, string, CsvOptions, string]>([
    [
      "a missing label",
      "a,l\n1,0\n2, \n3,1\n",
      { label: "l" },
      'row 3, column "l": expected a label, found ""',
    ],
    [
      "a hexadecimal number",
      "a,l\n0x1F,0\n",
      { label: "l" },
      'row 2, column "a": expected a number, found "0x1F"',
    ],
    [
      "too large a number",
      "a,l\n1e309,0\n",
      { label: "l" },
      'row 2, column "a": expected a number, found "1e309"',
    ],
    [
      "a sample for a header",
      "1,2,x\n3,4,y\n",
      { label: -1 },
      "row 1: expected the names of the columns",
    ],
  ])("%s", (_, text, options, message) => {
    const path = file(text);
    expect(() => readCsv(path, options)).toThrow(`${path}: ${message}`);
  });

  test("a first row of numbers may be a header: where it is said, and where it counts the columns", () => {
    const labels = ["x"];
    expect(readCsv(file("1,2,9\n3,4,x\n"), { label: -1, header: true })).toMatchObject({ labels });
    expect(readCsv(file("0,1,2\n3,4,x\n"), { label: -1 })).toMatchObject({
      labels,
      columns: ["0", "1"],
    });
    expect(readCsv(file("1,2,9\n3,4,x\n"), { label: -1, header: false })).toMatchObject({
      labels: ["9", "x"],
    });
  });

  test("of many columns the error shows some", () => {
    const names = Array.from({ length: 785 }, (_, k) => `c${k}`).join(",");
    expect(() => readCsv(file(`${names}\n`), { label: "y" })).toThrow(
      /columns: c0, c1, .*c9, \.\.\., c784$/,
    );
  });
});

describe("columns that are left out", () => {
  const text = "id,when,a,y,b\n7,Monday,1,0,2\n8,,3,1,4\n";
  const wanted = { inputs: Float64Array.of(1, 2, 3, 4), labels: ["0", "1"] };

  test("by name and by index; what is in them does not matter", () => {
    const columns = ["a", "b"];
    expect(readCsv(file(text), { label: "y", ignore: ["id", "when"] })).toEqual({
      ...wanted,
      columns,
    });
    expect(readCsv(file(text), { label: -2, ignore: [0, -4] })).toEqual({ ...wanted, columns });
    const rows = text.slice(text.indexOf("\n") + 1);
    expect(readCsv(file(rows), { label: 3, ignore: [0, 1], header: false })).toEqual({
      ...wanted,
      columns: [2, 4],
    });
  });

  test.each<[string, CsvOptions, string]>([
    [
      "not there",
      { label: "y", ignore: ["idd"] },
      'there is no column "idd" to ignore (did you mean "id"?); columns: id,',
    ],
    [
      "no such index",
      { label: "y", ignore: [5] },
      "column 5 to ignore: expected an index from 0 to 4, or from -1 to -5",
    ],
    ["the label", { label: "y", ignore: ["y"] }, 'column "y" can\'t be the label and be ignored'],
    [
      "all others",
      { label: "y", ignore: ["id", "when", "a", "b"] },
      "expected a label and one number or more in each row, found 5 columns, of which 4 ignored",
    ],
  ])("fault: %s", (_, options, message) => {
    const path = file(text);
    expect(() => readCsv(path, options)).toThrow(InputError);
    expect(() => readCsv(path, options)).toThrow(`${path}: ${message}`);
  });
});

describe("columns that may be there by mistake are refused", () => {
  test.each<[string, string, CsvOptions, string]>([
    [
      "the label twice",
      "y,x,y\n0,5,0\n",
      { label: "y" },
      'columns 0 and 2 (from 0) are both named "y"',
    ],
    [
      "the label twice, by index",
      "y,x,y\n0,5,0\n",
      { label: 0 },
      'columns 0 and 2 (from 0) are both named "y"',
    ],
    [
      "a feature twice",
      "x,y, x\n0,5,0\n",
      { label: "y" },
      'columns 0 and 2 (from 0) are both named "x"',
    ],
    [
      "the index that pandas writes",
      ",x,y\n0,5,0\n1,6,0\n",
      { label: "y" },
      'column 0 (from 0) has no name: an index, perhaps; name it, or leave it out with "ignore": [0]',
    ],
    ["a delimiter at the end", "x,y,\n5,0,\n", { label: "y" }, "column 2 (from 0) has no name"],
  ])("%s", (_, text, options, message) => {
    const path = file(text);
    expect(() => readCsv(path, options)).toThrow(UnusableFileError);
    expect(() => readCsv(path, options)).toThrow(`${path}: ${message}`);
  });

  test("left out, they don't matter", () => {
    const inputs = Float64Array.of(5);
    expect(readCsv(file("y,x,y\n0,5,1\n"), { label: "y", ignore: [2] })).toMatchObject({
      inputs,
      labels: ["0"],
    });
    expect(readCsv(file("y,x,y\n0,5,1\n"), { label: "y", ignore: [0] })).toMatchObject({
      inputs,
      labels: ["1"],
    });
    expect(readCsv(file(",x,y\n7,5,1\n"), { label: "y", ignore: [0] })).toMatchObject({ inputs });
    expect(readCsv(file("x,y,\n5,0,\n"), { label: "y", ignore: [-1] })).toMatchObject({ inputs });
    expect(readCsv(file(",x\n0,5\n"), { label: 0 })).toMatchObject({ inputs, labels: ["0"] });
  });
});

describe("columns that tell more than they should are named", () => {
  const notes = (rows: readonly (readonly (string | number)[])[], header = "a,b,y") =>
    csvNotes(readCsv(file([header, ...rows].join("\n")), { label: -1 }), "t.csv");
  const order = [3, 11, 7, 4, 8, 5, 10, 6, 9, 2];
  const classes = ["cat", "dog", "cat", "emu", "dog", "cat", "emu", "emu", "cat", "dog"];
  const code = { cat: 5, dog: 2, emu: 2.5 } as Record<string, number>;
  const numbersRows =
    't.csv: column "a" numbers the rows; if that is all, leave it out with "ignore": ["a"].';

  test("an index, in any order", () => {
    expect(notes(order.map((_, k) => [k, k % 3, k % 2]))).toEqual([numbersRows]);
    expect(notes(order.map((x, k) => [x, k % 3, k % 2]))).toEqual([numbersRows]);
  });

  test("the label in another column, as itself or as a number for each class", () => {
    const wanted = (name: string) =>
      `t.csv: column "${name}" has another value for each class; if it comes from the label, leave it out with "ignore": ["${name}"].`;
    expect(notes(classes.map((name, k) => [k % 3, code[name], name]))).toEqual([wanted("b")]);
    expect(notes(order.map((_, k) => [k % 2, k % 3, k % 2]))).toEqual([wanted("a")]);
  });

  test("what does neither is not named", () => {
    // A number twice; a gap; no whole numbers; a class with two values; one value for two classes;
    // one class.
    expect(notes(order.map((x, k) => [x === 3 ? 4 : x, x === 11 ? 12 : x, k % 2]))).toEqual([]);
    expect(notes(order.map((x, k) => [x + 0.5, k === 0 ? 9 : k % 2, k % 2]))).toEqual([]);
    expect(notes(classes.map((name, k) => [k % 3, Math.floor(code[name]), name]))).toEqual([]);
    expect(notes(order.map(() => [1, 2, 0]))).toEqual([]);
    // Of few rows anything may be true.
    expect(notes([...Array(9).keys()].map((k) => [k, k % 2, k % 2]))).toEqual([]);
  });

  test("of many the first", () => {
    const header = "abcdefgh".split("").join(",");
    const found = notes(
      order.map((_, k) => [...Array(7).fill(k), k % 2]),
      header,
    );
    expect(found.length).toBe(6);
    expect(found.at(-1)).toBe("t.csv: 2 more columns are like that.");
  });
});

describe("text in another encoding", () => {
  const latin = (text: string) => Buffer.from(text, "latin1");
  test.each<[string, Uint8Array, number, string]>([
    [
      "Latin-1",
      latin("a,y\n1,Bern\n2,Zürich\n"),
      3,
      'found byte 0xfc, which is "ü" in Latin-1 (Windows-1252)',
    ],
    ["Latin-1 in the header", latin("größe,y\n1,0\n"), 1, 'found byte 0xf6, which is "ö"'],
    [
      "Latin-1 that begins as UTF-8 might",
      latin("a,y\r\n1,Genève\r\n"),
      2,
      'found byte 0xe8, which is "è"',
    ],
    [
      "Latin-1 behind UTF-8",
      Buffer.concat([Buffer.from("a,y\n1,Zürich\n2,"), latin("Zürich")]),
      3,
      "found byte 0xfc",
    ],
    ["rows with line ends in them", latin('a,y\n1,"one\ntwo"\n2,Zürich'), 3, "found byte 0xfc"],
    [
      "a mark and Latin-1",
      Buffer.concat([Buffer.from("\uFEFFa,y\n1,"), latin("Zürich")]),
      2,
      "found byte 0xfc",
    ],
    ["cut in a character", Buffer.from("a,y\n1,Zür").subarray(0, -2), 2, "found byte 0xc3"],
    ["in gzip", gzipSync(latin("a,y\n1,Bern\n2,Zürich\n")), 3, "found byte 0xfc"],
    [
      "UTF-16 without a mark",
      Buffer.from("a,y\n1,0\n", "utf16le"),
      1,
      "found a zero byte; UTF-16 is read with",
    ],
    ["UTF-32", Buffer.from("fffe0000610000002c00000079000000", "hex"), 1, "found a zero byte"],
  ])("%s", (_, bytes, row, message) => {
    const path = file(bytes);
    const read = () => readCsv(path, { label: -1 });
    expect(read).toThrow(UnusableFileError);
    expect(read).toThrow(`${path}: row ${row}: expected text in UTF-8, ${message}`);
  });

  test("damaged UTF-16, and a damaged gzip stream", () => {
    const half = Buffer.concat([Buffer.from("\uFEFFa,y\n1,0", "utf16le"), Uint8Array.of(1)]);
    expect(() => readCsv(file(half), { label: -1 })).toThrow(
      /expected text in UTF-16LE, as it begins/,
    );
    expect(() => readCsv(file(gzipSync("a,y\n1,0\n").subarray(0, 20)), { label: -1 })).toThrow(
      /damaged or truncated gzip file of 20 bytes/,
    );
  });
});
