/**
 * Every file of PngSuite, and of a suite of broken ones, against what ImageMagick finds in it:
 * `pngsuite.json`, which `scripts/pngsuite-table.mjs` writes.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Image } from "#bregman/data/image.js";
import { readPng } from "#bregman/data/png.js";
import { UnusableFileError } from "#bregman/errors.js";

const suite = fileURLToPath(
  new URL("../pngsuite/node_modules/streampng/test/pngs/suite/", import.meta.url),
);
/** Null if ImageMagick can't read the file. */
type Entry = [bits: number, opaque: boolean, hash: string] | null;
const table = JSON.parse(readFileSync(new URL("pngsuite.json", import.meta.url), "utf8")) as Record<
  string,
  Entry
>;
const entries = Object.entries(table);
const whole = entries.filter(([name]) => !name.startsWith("broken/"));
const broken = entries.filter(([name]) => name.startsWith("broken/"));

function hashOf({ channels, width, height, data }: Image): string {
  const pixels = width * height;
  const colours = Uint8Array.from({ length: 3 * pixels }, (_, k) => {
    const plane = channels === 1 ? 0 : k % 3;
    return data[plane * pixels + Math.floor(k / 3)];
  });
  return createHash("sha256")
    .update(`${width}x${height}`)
    .update(colours)
    .digest("hex")
    .slice(0, 32);
}

describe.skipIf(!existsSync(suite))(
  "PngSuite (`npm ci --prefix test/pngsuite --ignore-scripts` installs it)",
  () => {
    test("the table has all files", () => {
      const names = (folder: string) =>
        readdirSync(suite + folder).filter((name) => name.endsWith(".png"));
      expect(whole.map(([name]) => name)).toEqual(names("").sort());
      expect(broken.map(([name]) => name)).toEqual(
        names("broken")
          .map((name) => `broken/${name}`)
          .sort(),
      );
      expect([whole.length, broken.length]).toEqual([179, 114]);
    });

    test.each(whole)(
      "%s is read as ImageMagick does, or refused with the reason",
      (name, entry) => {
        const read = () => readPng(suite + name);
        if (entry === null) {
          expect(read).toThrow(UnusableFileError);
          return;
        }
        const [bits, opaque, hash] = entry;
        if (bits === 16)
          expect(read).toThrow(
            new UnusableFileError(
              `${suite}${name}: expected an image of 8 bits a channel, found 16`,
            ),
          );
        else if (!opaque)
          expect(read).toThrow(
            new UnusableFileError(
              `${suite}${name}: expected an opaque image, found transparent pixels`,
            ),
          );
        else expect(hashOf(read())).toBe(hash);
      },
    );

    test.each(broken)(
      "%s is refused, if ImageMagick does, and else read as it does or refused",
      (name, entry) => {
        let image: Image | undefined;
        try {
          image = readPng(suite + name);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).toMatch(
            /^\S+\.png: (damaged PNG file: |expected an? )[^\n]+$/,
          );
        }
        if (entry === null) expect(image).toBeUndefined();
        else if (image) expect(hashOf(image)).toBe(entry[2]);
      },
    );
  },
);
