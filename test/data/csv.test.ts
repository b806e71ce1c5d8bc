import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CsvOptions, readCsv } from "#bregman/data/csv.js";
import { temporaryFolder } from "./idx-files.js";

function file(text: string | Uint8Array): string {
  const path = join(temporaryFolder(), "table.csv");
  writeFileSync(path, text);
  return path;
}

describe("a table", () => {
  const wanted = {
    inputs: Float32Array.of(1, 2.5, -3, 4e-3),
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
    expect(table).toEqual({ ...wanted, columns: ["column 0", "column 2"] });
  });

  test("pixels are bytes", () => {
    expect(readCsv(file("y,p,q\n3,0,255\n"), { label: "y", pixels: true }).inputs).toEqual(Uint8Array.of(0, 255));
  });

  test("any numbers come back, however many", () => {
    const row = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 400 }), (rows) => {
        const text = rows.map((numbers, k) => `${k % 10},${numbers.join(",")}`).join("\n");
        const { inputs, labels } = readCsv(file(text), { label: 0, header: false });
        // Text has no -0.
        expect(inputs).toEqual(Float32Array.from(rows.flat(), (x) => x + 0));
        expect(labels).toEqual(rows.map((_, k) => String(k % 10)));
      }),
      { seed: 1, numRuns: 10 },
    );
  });
});

describe("faults", () => {
  const cases: [string, string, CsvOptions, ErrorConstructor, string][] = [
    [
      "no number",
      "y,a\n0,1\n1,two\n",
      { label: "y" },
      SyntaxError,
      'row 3, column "a": expected a number, found "two"',
    ],
    ["an empty cell", "y,a\n0,\n", { label: "y" }, SyntaxError, 'row 2, column "a": expected a number, found ""'],
    ["infinite", "0,Infinity\n", { label: 0, header: false }, SyntaxError, "row 1, column 1: expected a number"],
    [
      "no byte",
      "y,a\n0,256\n",
      { label: "y", pixels: true },
      SyntaxError,
      'row 2, column "a": expected a whole number from 0 to 255, found "256"',
    ],
    ["a cell too few", "y,a,b\n0,1,2\n0,1\n", { label: "y" }, SyntaxError, "row 3: expected 3 cells, found 2"],
    ["a cell too many", "y,a\n0,1,2\n", { label: "y" }, SyntaxError, "row 2: expected 2 cells, found 3"],
    ["a quote that does not end", 'y,a\n0,"1\n', { label: "y" }, SyntaxError, "row 2: quoted field unterminated"],
    [
      "no such column",
      "y,a\n0,1\n",
      { label: "z" },
      RangeError,
      'there is no column "z" for the labels; columns: y, a',
    ],
    [
      "no such index",
      "y,a\n0,1\n",
      { label: 2 },
      RangeError,
      "label column 2: expected an index from 0 to 1, or from -1 to -2",
    ],
    [
      "a name without a header",
      "0,1\n",
      { label: "y", header: false },
      RangeError,
      'expected the index of the label column, as there is no header, found "y"',
    ],
    [
      "one column",
      "y\n0\n",
      { label: "y" },
      RangeError,
      "expected a label and one number or more in each row, found 1",
    ],
    ["a header only", "y,a\n", { label: "y" }, RangeError, "expected rows of numbers, found none"],
    ["nothing", "", { label: "y" }, RangeError, "expected rows of numbers, found none"],
  ];
  test.each(cases)("%s", (_, text, options, kind, message) => {
    const path = file(text);
    const read = () => readCsv(path, options);
    expect(read).toThrow(kind);
    expect(read).toThrow(`${path}: ${message}`);
    expect(read).not.toThrow(/\n/);
  });

  test.each<[string, string, CsvOptions, string]>([
    ["a missing label", "a,l\n1,0\n2, \n3,1\n", { label: "l" }, 'row 3, column "l": expected a label, found ""'],
    ["a hexadecimal number", "a,l\n0x1F,0\n", { label: "l" }, 'row 2, column "a": expected a number, found "0x1F"'],
    ["too large a number", "a,l\n1e39,0\n", { label: "l" }, 'row 2, column "a": expected a number, found "1e39"'],
    ["a sample for a header", "1,2,x\n3,4,y\n", { label: -1 }, "row 1: expected the names of the columns"],
  ])("%s", (_, text, options, message) => {
    const path = file(text);
    expect(() => readCsv(path, options)).toThrow(`${path}: ${message}`);
  });

  test("a first row of numbers may be a header: where it is said, and where it counts the columns", () => {
    const labels = ["x"];
    expect(readCsv(file("1,2,9\n3,4,x\n"), { label: -1, header: true })).toMatchObject({ labels });
    expect(readCsv(file("0,1,2\n3,4,x\n"), { label: -1 })).toMatchObject({ labels, columns: ["0", "1"] });
    expect(readCsv(file("1,2,9\n3,4,x\n"), { label: -1, header: false })).toMatchObject({ labels: ["9", "x"] });
  });

  test("of many columns the error shows some", () => {
    const names = Array.from({ length: 785 }, (_, k) => `c${k}`).join(",");
    expect(() => readCsv(file(`${names}\n`), { label: "y" })).toThrow(/columns: c0, c1, .*c9, \.\.\., c784$/);
  });
});
