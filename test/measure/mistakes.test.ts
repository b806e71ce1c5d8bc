/** The surest mistakes of a classifier on images, against what its outputs say. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { expect, test } from "vitest";
import { fromArrays } from "#bregman/data/dataset.js";
import { mlp } from "#bregman/models/mlp.js";
import { adam } from "#bregman/optim/adam.js";
import { predict } from "#bregman/predict/predict.js";
import { stream } from "#bregman/random.js";
import { fit } from "#bregman/runs/fit.js";
import { writeMistakes } from "#bregman/runs/mistake-pictures.js";
import { temporaryFolder } from "../cli/run-cli.js";

const SHAPE = [3, 2, 5] as const;
const FEATURES = 30;
const random = stream(6, "mistakes");
const part = (count: number) => {
  const labels = Uint8Array.from({ length: count }, () => random.integer(4));
  const inputs = Uint8Array.from({ length: FEATURES * count }, (_, k) => {
    const bright = k % 4 === labels[Math.floor(k / FEATURES)] ? 20 : 0;
    return random.integer(200) + bright;
  });
  return { inputs, labels };
};
const [train, held] = [part(200), part(300)];
const options = {
  optimizer: { weights: adam({ tau: 0.02 }), biases: adam({ tau: 0.02 }) },
  epochs: 2,
  threads: 1,
};
const model = mlp([FEATURES, 4]);

test("are the wrong ones of the largest probability, the surest first", async () => {
  const data = fromArrays({ shape: SHAPE, classes: 4, train, test: held });
  const result = await fit(model, data, options);
  const outputs = await predict({ model, ...result }, held.inputs);
  const wrong = Array.from(held.labels, (label, sample) => {
    const z = [...outputs.subarray(4 * sample, 4 * sample + 4)];
    const powers = z.map((value) => Math.exp(value - Math.max(...z)));
    const guess = z.indexOf(Math.max(...z));
    const probability = 1 / powers.reduce((sum, value) => sum + value, 0);
    return { sample, label: String(label), takenFor: String(guess), probability };
  }).filter(({ label, takenFor }) => label !== takenFor);
  wrong.sort((a, b) => b.probability - a.probability);
  expect(wrong.length).toBeGreaterThan(12);
  const { mistakes } = result.final;
  expect(mistakes).toHaveLength(12);
  mistakes!.forEach(({ probability, ...mistake }, k) => {
    expect(wrong[k]).toMatchObject(mistake);
    expect(probability).toBeCloseTo(wrong[k].probability, 5);
  });
});

test("there are none of samples that are no images", async () => {
  const data = fromArrays({ shape: [FEATURES], classes: 4, train, test: held });
  expect((await fit(model, data, options)).final.mistakes).toBeUndefined();
});

const mistake = (sample: number) => ({ sample, label: "a", takenFor: "b", probability: 0.9 });
const pictureOf = (run: string, k: number) =>
  decode(readFileSync(join(run, "pictures", `mistake-${k}.png`)));

test("their pictures are the samples, and take the place of earlier ones", () => {
  const run = temporaryFolder();
  const data = fromArrays({ shape: SHAPE, classes: 4, train, test: held });
  writeMistakes(run, data, [mistake(1), mistake(7)]);
  writeMistakes(run, data, [mistake(250)]);
  expect(() => pictureOf(run, 2)).toThrow("ENOENT");
  const { width, height, channels, data: pixels } = pictureOf(run, 1);
  expect([channels, height, width]).toEqual(SHAPE);
  const sample = held.inputs.subarray(250 * FEATURES, 251 * FEATURES);
  const planes = Array.from(sample, (_, k) => pixels[3 * (k % 10) + Math.floor(k / 10)]);
  expect(planes).toEqual([...sample]);
});

test("numbers are from black to white, stored ones are read, large ones are thinned", () => {
  const run = temporaryFolder();
  const numbers = Float32Array.from({ length: 200 * 300 }, (_, k) => (k % 300) / 10 - 5);
  const data = fromArrays({
    shape: [1, 200, 300],
    classes: 2,
    train: { inputs: numbers, labels: [1] },
    test: { inputs: numbers, labels: [0] },
  });
  const inputs = {
    kind: "numbers" as const,
    length: numbers.length,
    BYTES_PER_ELEMENT: 4,
    rows: (places: Int32Array) => (expect([...places]).toEqual([0]), numbers),
  };
  writeMistakes(run, { ...data, test: { ...data.test, inputs } }, [mistake(0)]);
  const { width, height, data: pixels } = pictureOf(run, 1);
  expect([height, width]).toEqual([67, 100]);
  expect([pixels[0], pixels[99], pixels[6600]]).toEqual([0, Math.round((255 * 297) / 299), 0]);
});

test("nothing is written where the folder is something else", () => {
  const run = temporaryFolder();
  writeFileSync(join(run, "pictures"), "");
  const data = fromArrays({ shape: SHAPE, classes: 4, train, test: held });
  expect(() => writeMistakes(run, data, [mistake(1)])).toThrow(join(run, "pictures"));
});
