import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { readImageFolder } from "#bregman/data/image-folder.js";
import { temporaryFolder } from "./idx-files.js";
import { writePng } from "./own-files.js";
import { BregmanError, UnusableFileError } from "#bregman/errors.js";

const grey = (seed: number) => Uint8Array.from({ length: 6 }, (_, k) => seed * 10 + k);

/** cat: 2 images, dog: 1, of 3 x 2 pixels. */
function animals(): string {
  const folder = temporaryFolder();
  writePng(join(folder, "dog", "c.png"), 3, 2, 1, grey(3));
  writePng(join(folder, "cat", "b.PNG"), 3, 2, 1, grey(2));
  writePng(join(folder, "cat", "a.png"), 3, 2, 1, grey(1));
  writeFileSync(join(folder, ".hidden"), "");
  writeFileSync(join(folder, "cat", ".hidden"), "");
  writeFileSync(join(folder, "README.txt"), "files beside the class folders are no samples");
  return folder;
}

describe("a folder of folders", () => {
  test("classes and images in the order of their names", () => {
    const { inputs, labels, shape, labelNames } = readImageFolder(animals());
    expect(labelNames).toEqual(["cat", "dog"]);
    expect([...labels]).toEqual([0, 0, 1]);
    expect(shape).toEqual([1, 2, 3]);
    expect(inputs).toEqual(Uint8Array.of(...grey(1), ...grey(2), ...grey(3)));
  });

  test("what systems leave behind is passed over", () => {
    const folder = animals();
    const wanted = readImageFolder(folder);
    for (const name of [".DS_Store", "Thumbs.db", "desktop.ini", "._a.png"]) {
      writeFileSync(join(folder, name), "no image");
      writeFileSync(join(folder, "cat", name), "no image");
    }
    mkdirSync(join(folder, "__MACOSX", "cat"), { recursive: true });
    writeFileSync(join(folder, "__MACOSX", "cat", "._a.png"), "no image");
    mkdirSync(join(folder, "dog", "__MACOSX"));
    expect(readImageFolder(folder)).toEqual(wanted);
  });

  test("colour: one plane a channel; grey images are colour images with three equal planes", () => {
    const folder = animals();
    const colour = Uint8Array.from({ length: 18 }, (_, k) => k);
    writePng(join(folder, "ant", "x.png"), 3, 2, 3, colour);
    const { inputs: read, shape } = readImageFolder(folder);
    const inputs = read as Uint8Array;
    expect(readImageFolder(folder, { shape: [3, 2, 3] }).inputs).toEqual(inputs);
    expect(shape).toEqual([3, 2, 3]);
    expect([...inputs.subarray(0, 18)]).toEqual([
      0, 3, 6, 9, 12, 15, 1, 4, 7, 10, 13, 16, 2, 5, 8, 11, 14, 17,
    ]);
    expect(inputs.subarray(18, 36)).toEqual(Uint8Array.of(...grey(1), ...grey(1), ...grey(1)));
  });

  test("labels of a test folder are those of the training folder, also with a class fewer", () => {
    const folder = temporaryFolder();
    writePng(join(folder, "dog", "c.png"), 3, 2, 1, grey(3));
    expect([...readImageFolder(folder, { labelNames: ["cat", "dog"] }).labels]).toEqual([1]);
  });
});

describe("faults name the file", () => {
  const cases: [string, (folder: string) => void, typeof BregmanError, RegExp][] = [
    [
      "another size",
      (folder) => writePng(join(folder, "dog", "d.png"), 2, 2, 1, new Uint8Array(4)),
      UnusableFileError,
      /dog\/d\.png: expected 3 x 2 pixels \(as .*cat\/a\.png\), found 2 x 2; "fit": "cut"/,
    ],
    [
      "a GIF",
      (folder) => writeFileSync(join(folder, "dog", "d.gif"), ""),
      UnusableFileError,
      /dog\/d\.gif: expected a PNG or JPEG file, found another file; convert other images first/,
    ],
    [
      "an empty class",
      (folder) => mkdirSync(join(folder, "emu")),
      UnusableFileError,
      /emu: expected PNG or JPEG files of the class "emu", found none; remove the folder, or fill it/,
    ],
    [
      "a class of nothing but what a system left behind",
      (folder) => {
        mkdirSync(join(folder, "emu"));
        writeFileSync(join(folder, "emu", "Thumbs.db"), "");
      },
      UnusableFileError,
      /emu: expected PNG or JPEG files of the class "emu", found none/,
    ],
    [
      "a folder in a class",
      (folder) => mkdirSync(join(folder, "dog", "more")),
      UnusableFileError,
      /dog\/more: expected a PNG or JPEG file, found a folder/,
    ],
    [
      "a damaged image",
      (folder) => writeFileSync(join(folder, "dog", "d.png"), "no image"),
      UnusableFileError,
      /dog\/d\.png: expected a PNG or JPEG file, found "no image"/,
    ],
    [
      "16 bits",
      (folder) =>
        writeFileSync(
          join(folder, "dog", "d.png"),
          encode({ width: 3, height: 2, channels: 1, depth: 16, data: new Uint16Array(6) }),
        ),
      UnusableFileError,
      /dog\/d\.png: expected an image of 8 bits a channel, found 16/,
    ],
    [
      "transparent pixels",
      (folder) => writePng(join(folder, "dog", "d.png"), 3, 2, 4, new Uint8Array(24).fill(9)),
      UnusableFileError,
      /dog\/d\.png: expected an opaque image, found transparent pixels/,
    ],
  ];
  test.each(cases)("%s", (_, damage, kind, message) => {
    const folder = animals();
    damage(folder);
    const read = () => readImageFolder(folder);
    expect(read).toThrow(kind);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/\n/);
  });

  test("colour among grey, a shape that does not fit, an unknown class", () => {
    const folder = animals();
    writePng(join(folder, "dog", "d.png"), 3, 2, 3, new Uint8Array(18));
    expect(() => readImageFolder(folder)).toThrow(
      /dog\/d\.png: expected a grey image, found a colour image; a "shape" of \[3, 2, 3\] takes both/,
    );
    expect(() => readImageFolder(folder, { shape: [1, 5, 3] })).toThrow(
      /cat\/a\.png: expected 3 x 5 pixels \(as the shape says\), found 3 x 2/,
    );
    expect(() => readImageFolder(folder, { labelNames: ["cat"] })).toThrow(
      /dog: unknown class "dog"; expected one of cat/,
    );
    expect(() => readImageFolder(folder, { shape: [6] })).toThrow(
      /expected a shape \[channels, height, width\]/,
    );
  });

  test("nothing there", () => {
    const folder = temporaryFolder();
    expect(() => readImageFolder(folder)).toThrow(
      `could not find images in ${folder}: expected a folder for each class`,
    );
    expect(() => readImageFolder(join(folder, "absent"))).toThrow(
      /absent: there is no such folder/,
    );
    writeFileSync(join(folder, "file"), "");
    expect(() => readImageFolder(join(folder, "file"))).toThrow(/file: it is a file, not a folder/);
  });
});
