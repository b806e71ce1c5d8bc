/** A CSV file that is longer than a string can be is read in pieces of whole rows. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { csvColumns } from "#bregman/data/csv-columns.js";
import { csvRows } from "#bregman/data/csv-rows.js";
import { readCsvPieces, readCsvText } from "#bregman/data/csv-text.js";
import { inspectTable } from "#bregman/data/inspect-table.js";
import { temporaryFolder } from "./idx-files.js";

const rows = Array.from({ length: 200 }, (_, k) =>
  k % 3 === 0 ? `${k},"one\nä ""${k}"", two",${k / 7}` : `${k},plain ${k},${k / 7}`,
);
const text = `\ufeffid,name,size\r\n${rows.join("\r\n")}\r\n`;

const written = (bytes: string | Uint8Array, name = "a.csv") => {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
};
const read = (content: string | Iterable<string>) => {
  const options = { label: "name" };
  return csvRows(content, {
    where: "a.csv",
    delimiter: ",",
    pixels: false,
    columnsOf: (first) => csvColumns(first, options, "a.csv"),
  });
};

test.each([64, 100, 1000, 1e6])("of %d bytes: the rows are those of the whole", (most) => {
  const path = written(text);
  const pieces = [...readCsvPieces(path, ",", most)];
  expect(pieces.length).toBeGreaterThanOrEqual(Math.floor(Buffer.byteLength(text) / most));
  for (const piece of pieces) expect(piece.endsWith("\n")).toBe(true);
  expect(pieces.join("")).toBe(readCsvText(path, ","));
  expect(read(pieces)).toEqual(read(readCsvText(path, ",")));
  const packed = written(gzipSync(text), "a.csv.gz");
  expect([...readCsvPieces(packed, ",", most)]).toEqual(pieces);
});

test("faults name the row of the file, or the byte that a piece begins with", () => {
  const bad = written(text.replace("151,plain", "151,plain,more"));
  expect(() => read(readCsvPieces(bad, ",", 300))).toThrow(/row 153: expected 3 cells, found 4/);
  const latin = written(Buffer.concat([Buffer.from(text), Buffer.from("9,caf\xe9,1\n", "latin1")]));
  expect(() => read(readCsvPieces(latin, ",", 300))).toThrow(
    /from byte \d+ on: row \d+: expected text in UTF-8, found byte 0xe9/,
  );
  const long = written(`id,name,size\n1,"${"x\n".repeat(100)}",2\n`);
  expect(() => read(readCsvPieces(long, ",", 100))).toThrow(
    /expected rows of at most 100 bytes that end with "\\n", found none from byte 13 on/,
  );
});

test("a look at a file in pieces sees what a look at the whole sees", () => {
  const path = written(text.replace("151,plain", "151,plain,more"));
  const whole = inspectTable(path);
  expect(whole).toMatchObject({
    rows: 199,
    odd: [expect.stringContaining("the first is row 153")],
  });
  for (const most of [300, 1000]) expect(inspectTable(path, most)).toEqual(whole);
});
