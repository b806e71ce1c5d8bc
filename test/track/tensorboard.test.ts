/** Events for TensorBoard, as its own reader finds them. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, test } from "vitest";
import { fromArrays } from "#bregman/data/index.js";
import type { EpochMetrics } from "#bregman/measure/events.js";
import { conv2d, flatten, linear, sequential } from "#bregman/nn/index.js";
import { linBreg, sgd } from "#bregman/optim/index.js";
import { l1 } from "#bregman/regularizers/index.js";
import { eventFiles, record } from "#bregman/track/tensorboard/event-file.js";
import { histogramValue } from "#bregman/track/tensorboard/summaries.js";
import { tensorBoard } from "#bregman/track/index.js";
import { fit } from "#bregman/train/index.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { missing, readEvents, type ReadEvents } from "./tensorboard-reader.js";

const data = tinyData();
const recipe = tinyRecipe();
const metricsOf = (run: string) =>
  readFileSync(join(run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as EpochMetrics);
const steps = (list: readonly { step: number }[] | undefined) => list?.map(({ step }) => step);
const checkpoints = (run: string) =>
  readdirSync(run)
    .filter((name) => name.startsWith("checkpoint-"))
    .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)));

/** Trains, and goes on, with more arguments. */
async function command(args: readonly string[]) {
  const { code, stderr } = await runCli([...args, "--data-dir", data, "--json"]);
  return { code, stderr };
}

if (missing) test.skip(`read by TensorBoard (skipped: ${missing})`, () => {});

describe.skipIf(missing)("a run that went on twice, read by TensorBoard", () => {
  const base = temporaryFolder();
  const [run, logs] = [join(base, "first"), join(base, "logs")];
  const began = Date.now() / 1000;
  let read: ReadEvents;
  let lines: EpochMetrics[];

  beforeAll(async () => {
    const more = ["--tensorboard", logs];
    const ok = { code: 0, stderr: "" };
    expect(await command(["train", recipe, "--out", run, "--epochs", "2", ...more])).toEqual(ok);
    expect(await command(["resume", run, "--epochs", "4", ...more])).toEqual(ok);
    // As a kill leaves it: the last epoch is told of, and has no checkpoint.
    rmSync(join(run, checkpoints(run).at(-1)!));
    rmSync(join(run, "result.json"));
    const resumed = await command(["resume", run, "--epochs", "5", ...more]);
    expect(resumed).toEqual(ok);
    const folder = join(logs, basename(run));
    expect(eventFiles(folder)).toHaveLength(3);
    read = readEvents(folder);
    lines = metricsOf(run);
  }, 120_000);

  test("has each epoch once, with the numbers of metrics.jsonl", () => {
    const of = (tag: string) => read.scalars[tag].map(({ value }) => value);
    const f32 = (values: readonly (number | undefined)[]) => values.map((x) => Math.fround(x!));
    const [, ...trained] = lines;
    expect(steps(read.scalars["density/all"])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(of("density/all")).toEqual(f32(lines.map(({ density }) => density)));
    expect(of("loss/train")).toEqual(f32(trained.map(({ trainLoss }) => trainLoss)));
    expect(of("loss/validation")).toEqual(f32(lines.map(({ validLoss }) => validLoss)));
    expect(of("accuracy/train")).toEqual(f32(trained.map((line) => line.trainAccuracy)));
    expect(of("accuracy/validation")).toEqual(f32(lines.map((line) => line.validAccuracy)));
    expect(of("tau/weights")).toEqual(f32(lines.map(({ tau }) => tau)));
    expect(of("births/all")).toEqual(lines.map(({ births }) => births));
    lines[0].layers.forEach(({ name }, k) => {
      expect(of(`density/${name}`)).toEqual(f32(lines.map(({ layers }) => layers[k].density)));
      expect(of(`births/${name}`)).toEqual(lines.map(({ layers }) => layers[k].births));
      expect(of(`lambda/${name}`)).toEqual(f32(lines.map(() => 0.02)));
    });
    const result = JSON.parse(readFileSync(join(run, "result.json"), "utf8")) as {
      final: { testAccuracy: number; best: { testAccuracy: number } };
    };
    expect(of("final/test_accuracy").at(-1)).toBe(Math.fround(result.final.testAccuracy));
    const best = Math.fround(result.final.best.testAccuracy);
    expect(of("final/best_test_accuracy").at(-1)).toBe(best);
  });

  test("has weights and v after each epoch", () => {
    lines[0].layers.forEach(({ name, weights }, k) => {
      const born = lines.map(({ layers }) => layers[k].nonZeros);
      const histograms = read.histograms[`weights/${name}.weight`];
      const shown = histograms.map(({ step, num }) => [step, num]);
      expect(shown).toEqual(born.flatMap((num, epoch) => (num ? [[epoch, num]] : [])));
      const v = read.histograms[`v/${name}.weight`];
      expect(steps(v)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(v.map(({ num }) => num)).toEqual(lines.map(() => weights));
      // Beyond lambda a weight is born.
      expect(v.at(-1)!.max).toBeGreaterThan(0.02);
      for (const { counts, limits, num, max } of [...histograms, ...v]) {
        expect(counts.reduce((sum, n) => sum + n, 0)).toBe(num);
        expect(limits).toEqual([...limits].sort((a, b) => a - b));
        expect(limits.at(-1)).toBe(max);
      }
    });
  });

  test("has pictures of the first layer", () => {
    const pictures = read.images["pictures/linear1.weight"];
    expect(steps(pictures)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const { width, height, png } of pictures) {
      expect(decode(Buffer.from(png, "hex"))).toMatchObject({ width, height });
    }
  });

  test("has one kind of value for each tag: the page shows no more of it", () => {
    const tags = [read.scalars, read.histograms, read.images].flatMap((kind) => Object.keys(kind));
    expect(tags.toSorted()).toEqual([...new Set(tags)].sort());
  });

  test("says when it was", () => {
    const times = read.scalars["density/all"].map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(began);
    expect(times.at(-1)).toBeLessThan(Date.now() / 1000);
  });

  test("is exported with the same numbers, from what its folder keeps", async () => {
    const { code, stdout, stderr } = await runCli(["export", run, "--format", "tensorboard"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect((await runCli(["export", run, "--format", "tensorboard"])).code).toBe(0);
    const folder = join(run, "tensorboard");
    expect(stdout.trim()).toMatch(new RegExp(`^${folder}/events\\.out\\.tfevents\\.\\d{10}\\.`));
    expect(eventFiles(folder)).toHaveLength(1);
    const exported = readEvents(folder);
    const values = ({ scalars }: ReadEvents, tag: string) =>
      scalars[tag].map(({ step, value }) => [step, value]);
    for (const tag of Object.keys(exported.scalars).filter((name) => !name.startsWith("final/"))) {
      expect(values(exported, tag), tag).toEqual(values(read, tag));
    }
    const withoutTime = ({ histograms }: ReadEvents, tag: string) =>
      histograms[tag].map((histogram) => ({ ...histogram, time: 0 }));
    for (const tag of ["v/linear1.weight", "weights/linear2.weight", "weights/linear1.weight"]) {
      expect(withoutTime(exported, tag).at(-1), tag).toEqual(withoutTime(read, tag).at(-1));
    }
    expect(steps(exported.histograms["v/linear1.weight"])).toEqual([5]);
    expect(steps(exported.images["pictures/linear1.weight"])).toEqual([0, 1, 2, 3, 4, 5]);
    const [first, last] = [0, -1].map((k) => exported.scalars["density/all"].at(k)!.time);
    expect(last - first).toBeCloseTo(lines.at(-1)!.seconds - lines[0].seconds, 3);
  });
});

describe.skipIf(missing)("fit tells TensorBoard", () => {
  const inputs = Float32Array.from({ length: 40 * 36 }, (_, k) => Math.sin(k * k));
  const labels = Uint8Array.from({ length: 40 }, (_, k) => k % 2);
  const images = fromArrays({ shape: [1, 6, 6], train: { inputs, labels } });

  test("of a convolution, with the kernels as pictures and no v where there is none", async () => {
    const folder = join(temporaryFolder(), "logs/conv");
    const net = sequential([1, 6, 6], [conv2d(3, { kernel: 3 }), flatten(), linear(2)]);
    const optimizer = {
      convs: linBreg({ tau: 0.1, regularizer: l1(0.01) }),
      weights: sgd({ tau: 0.1 }),
      biases: sgd({ tau: 0.1 }),
    };
    await fit(net, images, { optimizer, epochs: 2, threads: 1, ...tensorBoard(folder) });
    const { histograms, images: pictures, scalars } = readEvents(folder);
    expect(Object.keys(histograms).filter((tag) => tag.startsWith("v/"))).toEqual([
      "v/conv2d1.weight",
    ]);
    // Three kernels of 3 x 3 in a line, 14 pixels a weight, and their borders and gaps.
    const [{ width, height }] = pictures["pictures/conv2d1.weight"];
    expect([width, height]).toEqual([3 * (3 * 14 + 2) + 2 * 6, 3 * 14 + 2]);
    expect(Object.keys(scalars)).not.toContain("lambda/linear1");
    expect(steps(scalars["loss/train"])).toEqual([1, 2]);
  });
});

describe("what can't be", () => {
  test("events of another run in the folder: one line, and no training", async () => {
    const base = temporaryFolder();
    const logs = join(base, "logs");
    const more = ["--epochs", "1", "--tensorboard", logs];
    expect((await command(["train", recipe, "--out", join(base, "a"), ...more])).code).toBe(0);
    const again = await command(["train", recipe, "--out", join(base, "b/a"), ...more]);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(
      /^bregman: .*the folder must have no events of another run yet, found events\S+ in \S+logs\/a\n$/,
    );
    expect(readdirSync(base).sort()).toEqual(["a", "logs"]);
  });

  test("a file in the folder's place: one line, and no training", async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "logs"), "");
    const out = join(base, "a");
    const { code, stderr } = await command([
      "train",
      recipe,
      "--out",
      out,
      "--tensorboard",
      join(base, "logs"),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bregman: could not make the folder of events .*\n$/);
    expect(readdirSync(base)).toEqual(["logs"]);
  });

  test("a network's file has no events", async () => {
    const base = temporaryFolder();
    const file = join(base, "model.safetensors");
    writeFileSync(file, "");
    const { code, stderr } = await runCli(["export", file, "--format", "tensorboard"]);
    expect([code, stderr]).toEqual([
      1,
      `bregman: --format tensorboard is for a run folder, found the file ${file}\n`,
    ]);
  });
});

test("the record of an event, byte by byte", () => {
  // Of an event at step 7: length 2, its checksum, tag and varint, their checksum.
  const bytes = record({ step: 7 });
  expect(Buffer.from(bytes.subarray(0, 8)).toString("hex")).toBe("0200000000000000");
  expect(Buffer.from(bytes.subarray(12, 14)).toString("hex")).toBe("1007");
  expect(bytes).toHaveLength(18);
});

test("a histogram leaves out what is not finite, and zeros where it is asked to", () => {
  const values = Float32Array.of(0, 1, 2, Infinity, Number.NaN, 0);
  const [{ histogram }] = histogramValue("x", values) as [{ histogram: object }];
  expect(histogram).toMatchObject({ num: 4, min: 0, max: 2, sum: 3, sumSquares: 5 });
  expect(histogramValue("x", values, { skipZeros: true })).toMatchObject([
    { histogram: { num: 2, min: 1, max: 2 } },
  ]);
  expect(histogramValue("x", new Float32Array(3), { skipZeros: true })).toEqual([]);
  expect(histogramValue("x", Float32Array.of(5, 5))).toMatchObject([
    { histogram: { bucket: [2], bucketLimit: [5] } },
  ]);
});
