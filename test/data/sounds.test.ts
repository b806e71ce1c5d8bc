/** Recordings of spoken digits, of which a few are kept here (scripts/data-fixtures.py). */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "tar";
import { describe, expect, test } from "vitest";
import { sha256 } from "#bregman/data/checksum.js";
import { fetchDataset } from "#bregman/data/fetch-dataset.js";
import { loadData } from "#bregman/data/load.js";
import type { PublishedSet } from "#bregman/data/published.js";
import { resampled } from "#bregman/data/resample.js";
import type { SoundFolderSource } from "#bregman/data/source.js";
import { loadSpokenDigits, readSpokenDigits } from "#bregman/data/spoken-digits.js";
import { unlabelled } from "#bregman/data/unlabelled.js";
import { decodeWav, readWav } from "#bregman/data/wav.js";
import { InputError, UnusableFileError } from "#bregman/errors.js";
import { decodeModel, encodeModel } from "#bregman/export/model-format.js";
import { fit, mlp, sgd } from "../support/bregman.js";
import { forCases, TIMEOUT } from "../fuzz/cases.js";
import { mutatedBytes, pick } from "../fuzz/mutate.js";
import { serve } from "./file-server.js";
import { temporaryFolder } from "./idx-files.js";

const fixtures = fileURLToPath(new URL("../fixtures/data/", import.meta.url));
const folder = join(fixtures, "sounds");
const digits = readdirSync(folder).sort();
const files = digits.flatMap((digit) =>
  readdirSync(join(folder, digit))
    .sort()
    .map((name) => join(folder, digit, name)),
);
const load = (more: Partial<SoundFolderSource> = {}) =>
  loadData({ kind: "soundFolder", train: folder, rate: 8000, length: 4000, ...more });
const formats = (name: string) => join(fixtures, "sound-formats", `${name}.wav`);

describe("WAV", () => {
  const plain = readWav(formats("pcm16"));

  test("16 bits: whole numbers / 32768, at their rate", () => {
    const bytes = readFileSync(formats("pcm16"));
    expect(plain.rate).toBe(8000);
    expect(plain.samples.length).toBe(1500);
    const begin = bytes.length - 3000;
    expect([...plain.samples]).toEqual(
      Array.from({ length: 1500 }, (_, k) => bytes.readInt16LE(begin + 2 * k) / 32768),
    );
  });

  test.each(["pcm24", "pcm32", "float32", "float64"])("%s holds the same", (name) => {
    expect(readWav(formats(name))).toEqual(plain);
  });

  test("8 bits hold it to a step, two channels their mean", () => {
    const eight = readWav(formats("pcm8")).samples;
    for (const [k, x] of plain.samples.entries()) {
      expect(x - eight[k]).toBeGreaterThanOrEqual(0);
      expect(x - eight[k]).toBeLessThan(1 / 128);
    }
    const { samples } = readWav(formats("stereo"));
    const half = plain.samples.map((x) => Math.floor((x * 32768) / 2) / 32768);
    expect(samples).toEqual(plain.samples.map((x, k) => (x - half[k]) / 2));
  });

  const bytes = readFileSync(formats("pcm16"));
  const changed = (place: number, ...values: number[]) => {
    const copy = Uint8Array.from(bytes);
    copy.set(values, place);
    return copy;
  };
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", bytes.subarray(0, 8), /^expected a WAV file, found "RIFF"$/],
    ["another", new TextEncoder().encode("OggS........"), /^expected a WAV file, found "OggS"$/],
    ["no data", bytes.subarray(0, 36), /damaged WAV file: it has no data/],
    ["cut short", bytes.subarray(0, 900), /damaged WAV file: "data" has 3000 bytes, found 844/],
    ["more than there is", changed(52, 255, 255, 255, 255), /"data" has 4294967295 bytes, found/],
    ["no samples", changed(52, 1, 0, 0, 0), /found a WAV file without samples/],
    ["data first", changed(12, 0x64, 0x61, 0x74, 0x61), /its data come before their form/],
    ["A-law", changed(20, 6), /of plain numbers, found A-law; convert it first/],
    ["12 bits", changed(34, 12), /expected samples of 8, 16, 24 or 32 bits, found 12/],
    ["no rate", changed(24, 0, 0), /it says 1 channels, 0 Hz, 2 bytes of 16 bits/],
    ["no channels", changed(22, 0), /it says 0 channels/],
  ])("%s: one line", (_, damaged, message) => {
    expect(() => decodeWav(damaged)).toThrow(UnusableFileError);
    expect(() => decodeWav(damaged)).toThrow(message);
  });

  test("a number that is not finite", () => {
    const float = Uint8Array.from(readFileSync(formats("float32")));
    float.set([0, 0, 0xc0, 0x7f], float.length - 4);
    expect(() => decodeWav(float)).toThrow("damaged WAV file: sample 1499 is not finite");
  });

  test(
    "damaged anywhere: a sound of the file's length at most, or one clear line",
    () =>
      forCases("sound", (random) => {
        const file = readFileSync(pick(random, [formats("pcm8"), formats("float64"), files[0]]));
        const { samples, rate } = decodeWav(mutatedBytes(random, file));
        expect(samples.length).toBeLessThanOrEqual(file.length + 20);
        expect(resampled(samples, rate, 8000, 500).length).toBeLessThanOrEqual(500);
        return true;
      }),
    TIMEOUT,
  );
});

describe("another rate", () => {
  const tone = (hertz: number, rate: number, count: number) =>
    Float64Array.from({ length: count }, (_, k) => Math.sin((2 * Math.PI * hertz * k) / rate));
  /** The largest difference, without the ends, where there is silence outside. */
  const gap = (a: Float64Array, b: Float64Array, end: number) =>
    Math.max(...Array.from(a.subarray(end, -end), (x, k) => Math.abs(x - b[k + end])));

  test.each([
    [8000, 16000, 440],
    [44100, 8000, 440],
    [48000, 44100, 5000],
    [11025, 8000, 1000],
  ])("from %i to %i Hz a tone of %i Hz stays what it is", (from, to, hertz) => {
    const made = resampled(tone(hertz, from, from / 5), from, to, 1e9);
    expect(made.length).toBe(to / 5);
    expect(gap(made, tone(hertz, to, to / 5), 40)).toBeLessThan(2e-3);
  });

  test("what is too high for the new rate is gone, and does not come back as another tone", () => {
    const made = resampled(tone(7000, 44100, 8820), 44100, 8000, 1e9);
    expect(Math.max(...made.subarray(40, -40).map(Math.abs))).toBeLessThan(1e-2);
  });

  test("silence and a constant stay; the same rate is the same samples; no more than asked for", () => {
    const ones = new Float64Array(2000).fill(1);
    const made = resampled(ones, 22050, 8000, 1e9).subarray(40, -40);
    for (const x of made) expect(x).toBeCloseTo(1, 5);
    expect(resampled(ones, 8000, 8000, 5)).toEqual(ones.subarray(0, 5));
    expect(resampled(ones, 1, 8000, 100).length).toBe(100);
    expect(resampled(ones, 4e9, 1, 100).length).toBe(1);
  });

  test("the samples are the same on every machine", () => {
    const { samples } = readWav(files[0]);
    const made = Float32Array.from(resampled(samples, 8000, 11025, 1e9));
    expect(sha256(new Uint8Array(made.buffer)).slice(0, 16)).toMatchInlineSnapshot(
      `"bd59acb678d0a624"`,
    );
  });
});

describe("a folder of sounds", () => {
  test("cut at their end, or silent there; one mean and deviation for all", () => {
    const data = load();
    expect(data).toMatchObject({
      shape: [1, 1, 4000],
      labelNames: ["0", "1", "7"],
      train: { count: 30 },
      preparation: { sound: { rate: 8000, length: 4000 } },
    });
    expect([data.mean.length, data.std.length]).toEqual([1, 1]);
    for (const [k, file] of files.entries()) {
      const { samples } = readWav(file);
      const wanted = Float32Array.from({ length: 4000 }, (_, i) => samples[i] ?? 0);
      expect(data.train.inputs.subarray(4000 * k, 4000 * (k + 1))).toEqual(wanted);
    }
    const inputs = Array.from(data.train.inputs);
    const mean = inputs.reduce((sum, x) => sum + x, 0) / inputs.length;
    expect(data.mean[0]).toBeCloseTo(mean, 10);
  });

  test("at half the rate", () => {
    const data = load({ rate: 4000, length: 2000 });
    const wanted = resampled(readWav(files[3]).samples, 8000, 4000, 2000);
    const sample = data.train.inputs.subarray(6000, 8000);
    expect([...sample.subarray(0, wanted.length)]).toEqual([...Float32Array.from(wanted)]);
  });

  test("a limit reads no more than it uses, and gives the same samples", () => {
    const all = load();
    const few = loadData(
      { kind: "soundFolder", train: folder, rate: 8000, length: 4000 },
      { limit: 5, validation: 3 },
    );
    expect(few.train.count).toBe(8);
    const rows = new Set(
      Array.from({ length: 30 }, (_, k) =>
        all.train.inputs.subarray(4000 * k, 4000 * (k + 1)).join(),
      ),
    );
    for (let k = 0; k < 8; k++)
      expect(rows).toContain(few.train.inputs.subarray(4000 * k, 4000 * (k + 1)).join());
  });

  test("others are refused, by their name", () => {
    const other = temporaryFolder();
    mkdirSync(join(other, "a"));
    writeFileSync(join(other, "a", "b.mp3"), "");
    expect(() => load({ train: other })).toThrow(/a\/b\.mp3: expected a WAV file, found another/);
    mkdirSync(join(other, "c"));
    expect(() => load({ train: other })).toThrow(
      /c: expected WAV files of the class "c", found no/,
    );
    expect(() => load({ train: temporaryFolder() })).toThrow(
      /could not find sounds in .*: expected/,
    );
  });

  test("what a network has learned of is what it gets of new files", async () => {
    const data = load({ rate: 4000, length: 1000 });
    const model = mlp([1000, 3]);
    const optimizer = { weights: sgd({ tau: 0.01 }), biases: sgd({ tau: 0.01 }) };
    const result = await fit(model, data, { optimizer, epochs: 1, threads: 1, batchSize: 10 });
    const network = decodeModel(encodeModel({ model, ...result }));
    expect(network.normalization).toEqual({ mean: data.mean, std: data.std });
    const options = { input: [1000], piece: 7, sound: network.preparation?.sound };
    const all = [...unlabelled(folder, options).pieces];
    expect(all.flatMap(({ inputs }) => [...inputs])).toEqual([...data.train.inputs]);
    expect(all[0].names.slice(0, 2)).toEqual(["0/0_jackson_0.wav", "0/0_jackson_4.wav"]);
    const one = [...unlabelled(files[9], options).pieces];
    expect([...one[0].inputs]).toEqual([...data.train.inputs.subarray(9000, 10000)]);
    const bytes = { where: "standard input", bytes: readFileSync(files[9]) };
    expect([...unlabelled(bytes, options).pieces][0].inputs).toEqual(one[0].inputs);
    expect(() => unlabelled(files[0], { input: [1000], piece: 7 })).toThrow(
      /a sound, for a network that has not learned of sounds$/,
    );
    const text = Buffer.from(encodeModel({ model, ...result })).toString("latin1");
    const other = text.replace('\\"length\\":1000', '\\"length\\":1001');
    expect(() => decodeModel(Buffer.from(other, "latin1"))).toThrow(
      "preparation.sound.length must be 1000, as the network takes, found 1001",
    );
  });
});

describe("spoken digits", () => {
  /** All recordings in one folder, as the set has them. */
  function flat(): string {
    const root = temporaryFolder();
    mkdirSync(join(root, "recordings"));
    for (const file of files)
      copyFileSync(file, join(root, "recordings", file.split(/[\\/]/).pop()!));
    return root;
  }

  test("the recordings 0 to 4 of each speaker and digit are the test part", () => {
    const data = readSpokenDigits(join(flat(), "recordings"), { rate: 8000, length: 3000 }, 30);
    expect([data.train.count, data.test.count]).toEqual([18, 12]);
    expect([...data.test.labels]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 7, 7, 7, 7]);
    const { samples } = readWav(join(folder, "0", "0_jackson_5.wav"));
    expect([...data.train.inputs.subarray(0, 3000)]).toEqual(
      Array.from({ length: 3000 }, (_, k) => samples[k] ?? 0),
    );
    expect(data).toMatchObject({ classes: 10, shape: [1, 1, 3000], mean: [expect.any(Number)] });
  });

  test("some are missing, none is there, and keys that are for sounds only: one line", () => {
    const root = flat();
    expect(() => loadSpokenDigits({ dataDir: root })).toThrow(
      /recordings: expected 3000 recordings of spoken-digits, found 30$/,
    );
    expect(() => loadData({ name: "spoken-digits" }, { dataDir: temporaryFolder() })).toThrow(
      /could not find spoken-digits in .*`bregman data spoken-digits` downloads them$/,
    );
    expect(() => loadData({ name: "mnist", length: 5 })).toThrow(InputError);
    expect(() => loadData({ name: "mnist", length: 5 })).toThrow(/"length"/);
    expect(() => loadSpokenDigits({ length: 0.5 })).toThrow(
      "loadSpokenDigits: length must be a whole number above 0, found 0.5",
    );
  });

  test("a folder out of an archive comes as a whole, checked as one, or not at all", async () => {
    const root = flat();
    const names = readdirSync(join(root, "recordings")).sort();
    const content = (name: string) => readFileSync(join(root, "recordings", name));
    mkdirSync(join(root, "set-main", "more"), { recursive: true });
    writeFileSync(join(root, "set-main", "more", "README.md"), "beside it");
    mkdirSync(join(root, "set-main", "recordings"));
    for (const name of names)
      writeFileSync(join(root, "set-main", "recordings", name), content(name));
    await create({ cwd: root, file: join(root, "set.tar.gz"), gzip: true }, ["set-main"]);
    const server = await serve({ "set.tar.gz": readFileSync(join(root, "set.tar.gz")) });
    const joined = Buffer.concat(
      names.flatMap((name) => [Buffer.from(`${name}\n`), content(name)]),
    );
    const set: PublishedSet = {
      description: "",
      addresses: [server.url],
      downloads: [{ name: "set.tar.gz", bytes: 200_000 }],
      files: [],
      tree: {
        folder: "recordings",
        files: 30,
        bytes: names.reduce((sum, name) => sum + content(name).length, 0),
        sha256: sha256(joined),
      },
    };
    const out = join(temporaryFolder(), "out");
    await fetchDataset("spoken-digits", out, { set });
    expect(readdirSync(out)).toEqual(["recordings"]);
    expect(readdirSync(join(out, "recordings")).sort()).toEqual(names);
    expect(content(names[7])).toEqual(readFileSync(join(out, "recordings", names[7])));
    await fetchDataset("spoken-digits", out, { set });
    expect(server.requests.length).toBe(1);
    // A file more or a byte less is not what was published: it is fetched again.
    writeFileSync(join(out, "recordings", "another"), "");
    await fetchDataset("spoken-digits", out, { set });
    expect(server.requests.length).toBe(2);
    expect(existsSync(join(out, "recordings", "another"))).toBe(false);
    const other = { ...set, tree: { ...set.tree!, files: 29 } };
    const fresh = join(temporaryFolder(), "fresh");
    await expect(fetchDataset("spoken-digits", fresh, { set: other })).rejects.toThrow(
      /recordings is not what was published: expected 29 files of SHA-256 .*, found 29 of/,
    );
    expect(readdirSync(fresh)).toEqual([]);
  });
});
