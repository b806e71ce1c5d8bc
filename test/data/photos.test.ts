/**
 * Photographs as JPEG, of unequal size, grey and colour: against what Pillow makes of them
 * (scripts/data-fixtures.py).
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sha256 } from "#bregman/data/checksum.js";
import { fitImage, type ImageShape } from "#bregman/data/fit-image.js";
import { decodeImage, type Image, readImage } from "#bregman/data/image.js";
import { decodeJpeg } from "#bregman/data/jpeg.js";
import { loadData } from "#bregman/data/load.js";
import { resized } from "#bregman/data/resize-image.js";
import type { ImageFolderSource } from "#bregman/data/source.js";
import { unlabelled } from "#bregman/data/unlabelled.js";
import { UnusableFileError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import type { ImageFit } from "#bregman/preparation.js";
import { fit, mlp, sgd } from "../support/bregman.js";
import { forCases, TIMEOUT } from "../fuzz/cases.js";
import { mutatedBytes, pick } from "../fuzz/mutate.js";
import { temporaryFolder } from "./idx-files.js";

const data = fileURLToPath(new URL("../fixtures/data/", import.meta.url));
const names = ["china", "flower"].flatMap((name) => [0, 1, 2, 3, 4, 5].map((k) => `${name}/${k}`));
const jpeg = (name: string) => `${data}photos/${name}.jpg`;
const png = (name: string) => readImage(`${data}decoded/${name}.png`);

function difference(a: Image, b: Image): { mean: number; most: number } {
  expect([a.channels, a.height, a.width]).toEqual([b.channels, b.height, b.width]);
  const gaps = Float64Array.from(a.data, (x, k) => Math.abs(x - b.data[k]));
  return {
    mean: gaps.reduce((sum, x) => sum + x, 0) / gaps.length,
    most: gaps.reduce((most, x) => Math.max(most, x), 0),
  };
}

describe("JPEG", () => {
  // Pillow's decoder makes colours of fewer smoother, which is no part of the format.
  test.each(names)("%s: what Pillow reads, to a rounding, or to what it smooths", (name) => {
    const { mean, most } = difference(readImage(jpeg(name)), png(name));
    const isWhole = name.endsWith("0") || name.endsWith("4");
    expect(mean).toBeLessThan(isWhole ? 0.6 : 4);
    expect(most).toBeLessThan(isWhole ? 4 : 90);
  });

  test("the bytes are the same on every machine", () => {
    const all = Buffer.concat(names.map((name) => readImage(jpeg(name)).data));
    expect(sha256(all).slice(0, 16)).toMatchInlineSnapshot(`"4c056c2d97235dd4"`);
  });

  const bytes = readFileSync(jpeg("china/1"));
  /** Where the frame's segment begins: FF C0. */
  const frame = bytes.indexOf(Uint8Array.of(0xff, 0xc0, 0, 17));
  const changed = (place: number, ...values: number[]) => {
    const copy = Uint8Array.from(bytes);
    copy.set(values, frame + place);
    return copy;
  };
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", bytes.subarray(0, 3), /damaged JPEG file: it does not say how large/],
    ["cut in its tables", bytes.subarray(0, frame + 6), /it does not say how large/],
    ["cut in its pixels", bytes.subarray(0, bytes.length - 300), /damaged JPEG file/],
    ["without an end", bytes.subarray(0, bytes.length - 2), /damaged JPEG file/],
    ["no pixels", changed(5, 0, 0), /damaged JPEG file: its size is \d+ x 0/],
    ["very large", changed(5, 255, 255, 255, 255), /65535 x 65535 pixels is too large: at most/],
    ["too large for its bytes", changed(5, 32, 0, 32, 0), /8192 x 8192 pixels in \d+ bytes/],
    ["12 bits", changed(4, 12), /expected an image of 8 bits a channel, found 12/],
    ["four channels", changed(9, 4), /expected a grey or colour image, found 4 channels/],
    ["lossless", changed(1, 0xc3), /baseline or progressive kind, found lossless or arithmetic/],
    ["no segment", changed(0, 1), /damaged JPEG file: no marker at byte/],
  ])("%s: one line", (_, damaged, message) => {
    expect(() => decodeJpeg(damaged)).toThrow(UnusableFileError);
    expect(() => decodeJpeg(damaged)).toThrow(message);
    expect(() => decodeJpeg(damaged)).toThrow(/^[^\n]*$/);
  });

  test(
    "damaged anywhere: an image of the size that it says, or one clear line",
    () =>
      forCases("jpeg", (random) => {
        const file = readFileSync(jpeg(pick(random, names)));
        const image = decodeImage(mutatedBytes(random, file));
        const { channels, height, width } = image;
        expect(image.data.length).toBe(channels * height * width);
        return true;
      }),
    TIMEOUT,
  );
});

describe("another size", () => {
  const files = readdirSync(`${data}resized`).filter((name) => /-(cut|stretch)\.png$/.test(name));
  test("there are some", () => expect(files.length).toBe(6));
  test.each(files)("%s: as Pillow, which rounds twice", (file) => {
    const [, name, k, width, height, way] = /^(\w+)-(\d)-(\d+)x(\d+)-(\w+)\.png$/.exec(file)!;
    const own = resized(png(`${name}/${k}`), Number(height), Number(width), way as ImageFit);
    expect(difference(own, readImage(`${data}resized/${file}`)).most).toBeLessThanOrEqual(1);
  });

  test("of the same size it is the same", () => {
    const image = png("china/0");
    expect(resized(image, image.height, image.width, "cut")).toBe(image);
  });

  test("one colour stays that colour, whatever the sizes", () => {
    for (const [height, width] of [
      [1, 1],
      [3, 17],
      [40, 2],
      [64, 64],
    ]) {
      const plain: Image = {
        channels: 1,
        height: 7,
        width: 11,
        data: new Uint8Array(77).fill(201),
      };
      for (const way of ["cut", "stretch"] as const)
        expect(new Set(resized(plain, height, width, way).data)).toEqual(new Set([201]));
    }
  });

  test("grey of colours is Pillow's, bit for bit, and back is three times the same", () => {
    const colour = png("flower/0");
    const { channels, height, width, data: wanted } = readImage(`${data}resized/flower-0-grey.png`);
    const options = { where: "a", as: "b", toGrey: true };
    expect(fitImage(colour, [1, height, width], options)).toEqual(wanted);
    const grey: Image = { channels, height, width, data: wanted };
    const three = fitImage(grey, [3, height, width], options);
    expect(three).toEqual(Uint8Array.from([...wanted, ...wanted, ...wanted]));
    expect(() => fitImage(colour, [1, height, width], { ...options, toGrey: false })).toThrow(
      "a: expected a grey image, found a colour image",
    );
  });
});

describe("a folder of photographs", () => {
  const load = (more: Partial<ImageFolderSource>) =>
    loadData({ kind: "imageFolder", train: `${data}photos`, ...more });
  const expected = (shape: ImageShape, way: ImageFit) =>
    names.flatMap((name) => [
      ...fitImage(readImage(jpeg(name)), shape, { where: "", as: "", fit: way, toGrey: true }),
    ]);

  test.each<[ImageShape, ImageFit]>([
    [[3, 24, 20], "cut"],
    [[1, 16, 16], "stretch"],
  ])("all of shape %j, %s", (shape, way) => {
    const loaded = load({ shape, fit: way });
    expect(loaded).toMatchObject({ shape, labelNames: ["china", "flower"], train: { count: 12 } });
    expect([...loaded.train.inputs]).toEqual(expected(shape, way));
    expect(loaded.preparation).toEqual({ image: { shape, fit: way } });
  });

  test("of the first one's shape, if none is said; other sizes need a rule", () => {
    const { width, height } = png("china/0");
    expect(load({ fit: "cut" }).shape).toEqual([3, height, width]);
    expect(() => load({})).toThrow(
      /china\/1\.jpg: expected .* pixels \(as .*0\.jpg\), found .*; "fit": "cut" takes images of/,
    );
  });

  test("PNG and JPEG side by side, whatever they are called; a test folder as the training one", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "train", "x"), { recursive: true });
    mkdirSync(join(folder, "test", "x"), { recursive: true });
    copyFileSync(jpeg("china/0"), join(folder, "train", "x", "a.png"));
    copyFileSync(`${data}decoded/china/1.png`, join(folder, "train", "x", "b.JPEG"));
    copyFileSync(jpeg("flower/4"), join(folder, "test", "x", "c.jpg"));
    const [train, test] = ["train", "test"].map((part) => join(folder, part));
    const loaded = loadData({ kind: "imageFolder", train, test, shape: [3, 8, 8], fit: "cut" });
    const like = { where: "", as: "", fit: "cut" } as const;
    const image = (path: string) => [...fitImage(readImage(path), [3, 8, 8], like)];
    expect([...loaded.train.inputs]).toEqual([
      ...image(jpeg("china/0")),
      ...image(`${data}decoded/china/1.png`),
    ]);
    expect([...loaded.test.inputs]).toEqual(image(jpeg("flower/4")));
  });

  test("what a network has learned of is what it gets of new files", async () => {
    const shape = [1, 12, 10] as const;
    const loaded = load({ shape, fit: "cut" });
    const optimizer = { weights: sgd({ tau: 0.01 }), biases: sgd({ tau: 0.01 }) };
    const model = mlp([120, 2]);
    const result = await fit(model, loaded, { optimizer, epochs: 1, threads: 1, batchSize: 4 });
    const network = decodeModel(encodeModel({ model, ...result }));
    const options = { input: [120], piece: 5, image: network.preparation?.image };
    const inputs = [...unlabelled(`${data}photos`, options).pieces].flatMap((piece) => [
      ...piece.inputs,
    ]);
    expect(inputs).toEqual([...loaded.train.inputs]);
    const one = unlabelled(jpeg("flower/3"), options);
    expect([...one.pieces].flatMap((piece) => [...piece.inputs])).toEqual(
      inputs.slice(9 * 120, 10 * 120),
    );
    const bytes = Buffer.from(encodeModel({ model, ...result }));
    const other = bytes
      .toString("latin1")
      .replace('[1,12,10],\\"fit\\":\\"cut\\"', '[1,12,11],\\"fit\\":\\"cut\\"');
    expect(() => decodeModel(Buffer.from(other, "latin1"))).toThrow(
      "preparation.image.shape must be [channels, height, width] of 120 numbers",
    );
  });

  test("without a rule of its training a network takes one from the command line", () => {
    const options = { input: [1, 9, 9], piece: 5 };
    const read = (more: object) => [...unlabelled(jpeg("china/2"), { ...options, ...more }).pieces];
    expect(() => read({})).toThrow(/--fit cut takes images of all sizes$/);
    expect(read({ fit: "stretch" })[0].inputs).toEqual(
      fitImage(readImage(jpeg("china/2")), [1, 9, 9], {
        where: "",
        as: "",
        fit: "stretch",
        toGrey: true,
      }),
    );
  });
});
