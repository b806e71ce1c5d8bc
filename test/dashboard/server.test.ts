/** What the dashboard's server tells of the runs of a folder. */
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { decode } from "fast-png";
import { expect, test } from "vitest";
import { lockFolder } from "#bregman/folder-lock.js";
import { writeWeight } from "#bregman/report/film-weight.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { sampleEpoch, sampleFinal } from "../report/sample-run.js";
import { dashboardOf, listen } from "./dashboard.js";

const line = (epoch: number) => `${JSON.stringify(sampleEpoch(epoch))}\n`;
const byId = (runs: any[]): Record<string, any> =>
  Object.fromEntries(runs.map((run) => [run.id, run]));

test("runs are found in folders of folders, each with its state and its figures", async () => {
  const { root, get, add, errors } = await dashboardOf({
    done: { recipe: { optimizer: { weights: { kind: "adaBreg" } } } },
    "sweep/lambda-1/seed 0": { result: { interrupted: true } },
    killed: { result: false, epochs: 2 },
    diverged: { result: false },
    failed: { result: false },
    "went on": { result: false },
    "resumed elsewhere": { result: false },
  });
  writeFileSync(join(root, "diverged/diverged.json"), "{}");
  writeFileSync(join(root, "failed.log"), "epoch 1\nbregman: could not read x\n");
  writeFileSync(join(root, "went on.log"), "bregman: could not read x\nepoch 1\n");
  writeFileSync(join(root, "resumed elsewhere.log"), "bregman: could not read x\n");
  utimesSync(join(root, "resumed elsewhere.log"), 1, 1);
  for (const id of ["failed", "went on", "resumed elsewhere"])
    writeFileSync(join(root, id, "touched"), "");
  mkdirSync(join(root, "recipes"));
  writeFileSync(join(root, "recipes/recipe.json"), "{}");
  const lock = lockFolder(add("going", { result: false, epochs: 3, recipe: { epochs: 9 } }));
  writeFileSync(join(add("broken"), "result.json"), "{");
  const runs = byId((await get("/api/runs")).json.runs);
  lock.release();
  expect(Object.fromEntries(Object.values(runs).map(({ id, state }) => [id, state]))).toEqual({
    done: "finished",
    "sweep/lambda-1/seed 0": "stopped",
    killed: "stopped",
    diverged: "failed",
    failed: "failed",
    "went on": "stopped",
    "resumed elsewhere": "stopped",
    going: "running",
    broken: "stopped",
  });
  expect(runs["done"]).toEqual({
    id: "done",
    recipe: "sample",
    state: "finished",
    seed: 1,
    epochs: 4,
    optimizer: "adaBreg",
    epoch: 4,
    density: sampleFinal.density,
    trainAccuracy: sampleFinal.trainAccuracy,
    validAccuracy: sampleFinal.validAccuracy,
    testAccuracy: sampleFinal.testAccuracy,
    validLoss: sampleEpoch(4).validLoss,
    seconds: sampleFinal.seconds,
    multiplications: sampleFinal.flopDensity,
    changed: expect.any(Number),
  });
  expect(runs["going"]).toMatchObject({ epoch: 3, epochs: 9, isHere: true });
  expect(runs["going"].density).toBe(sampleEpoch(3).density);
  expect(runs["failed"].fault).toBe("could not read x");
  expect(runs["broken"].fault).toContain("broken/result.json: not valid JSON");
  expect(errors).toEqual([]);
});

test("the end of long metrics is read, however long the last line is", async () => {
  const { root, get, add } = await dashboardOf({});
  const layers = Array.from({ length: 800 }, (_, k) => ({
    ...sampleEpoch(1).layers[0],
    name: `layer${k}`,
  }));
  const long = `${JSON.stringify({ ...sampleEpoch(5), layers })}\n`;
  expect(long.length).toBeGreaterThan(60_000);
  add("long", { result: false, epochs: 4 });
  // What is before the end is not looked at, be it as damaged as it will.
  writeFileSync(join(root, "long/metrics.jsonl"), `damaged\n${line(4)}`);
  appendFileSync(join(root, "long/metrics.jsonl"), long);
  // A line that is being written counts when it is whole.
  appendFileSync(join(root, "long/metrics.jsonl"), line(6).slice(0, 50));
  add("one line", { result: false, epochs: 0 });
  writeFileSync(join(add("none", { result: false }), "metrics.jsonl"), "");
  const runs = byId((await get("/api/runs")).json.runs);
  expect(runs["long"]).not.toHaveProperty("fault");
  expect([runs["long"].epoch, runs["one line"].epoch, runs["none"].epoch]).toEqual([
    5,
    0,
    undefined,
  ]);
});

test("what has not been touched is not read again", async () => {
  const { root, get } = await dashboardOf({ a: {}, b: {} });
  await get("/api/runs");
  // Within a file that stays: a folder is touched by what is made or replaced in it.
  truncateSync(join(root, "a/metrics.jsonl"), 0);
  truncateSync(join(root, "b/metrics.jsonl"), 0);
  writeFileSync(join(root, "b/another"), "");
  const runs = byId((await get("/api/runs")).json.runs);
  expect([runs["a"].epoch, runs["b"].epoch]).toEqual([4, undefined]);
});

test("metrics come from where they ended before, and anew when a run goes on", async () => {
  const { root, get } = await dashboardOf({ a: { result: false, epochs: 2 } });
  const path = join(root, "a/metrics.jsonl");
  const more = async (since?: string) => {
    const query = new URLSearchParams({ run: "a", ...(since !== undefined && { since }) });
    const { json } = await get(`/api/curve?${query}`);
    const lines = json.lines as { epoch: number; multiplications: number }[];
    return { ...json, epochs: lines.map(({ epoch }) => epoch) };
  };
  const first = await more();
  expect([first.again, first.epochs]).toEqual([true, [0, 1, 2]]);
  const [, { layers }] = [0, sampleEpoch(2)];
  expect(first.lines[2].multiplications).toBe(layers[0].nonZeros + layers[1].nonZeros);
  expect(first.lines[2]).not.toHaveProperty("layers");
  expect(await more(first.next)).toMatchObject({ again: false, epochs: [], next: first.next });
  appendFileSync(path, line(3) + line(4).slice(0, 20));
  const second = await more(first.next);
  expect([second.again, second.epochs]).toEqual([false, [3]]);
  appendFileSync(path, line(4).slice(20));
  const third = await more(second.next);
  expect([third.again, third.epochs]).toEqual([false, [4]]);
  // As a run that is resumed writes its file.
  writeFileSync(`${path}.tmp`, line(0) + line(1));
  renameSync(`${path}.tmp`, path);
  const anew = await more(third.next);
  expect([anew.again, anew.epochs]).toEqual([true, [0, 1]]);
  for (const odd of ["", "x", "1-2:3", `${anew.next}9`, "-:-1"])
    expect((await more(odd)).epochs).toEqual([0, 1]);
});

test("a convolution's weights multiply at each place of its output", async () => {
  const recipe = {
    data: { name: "mnist" },
    model: {
      kind: "layers",
      input: [1, 28, 28],
      layers: [
        { kind: "conv2d", out: 2, kernel: 3 },
        { kind: "flatten" },
        { kind: "linear", out: 10 },
      ],
    },
    optimizer: {
      weights: { kind: "linBreg", tau: 0.1, regularizer: { kind: "l1", lambda: 0.1 } },
      biases: { kind: "linBreg", tau: 0.1 },
    },
    batchSize: 8,
  };
  const { root, get, add } = await dashboardOf({});
  add("conv", { result: false, recipe });
  const [conv, linear] = sampleEpoch(1).layers;
  const layers = [
    { ...conv, name: "conv2d1", shape: [2, 1, 3, 3], nonZeros: 5 },
    { ...linear, name: "linear1", nonZeros: 7 },
  ];
  writeFileSync(
    join(root, "conv/metrics.jsonl"),
    `${JSON.stringify({ ...sampleEpoch(1), layers })}\n`,
  );
  await get("/api/runs");
  const { json } = await get("/api/curve?run=conv");
  expect(json.lines[0].multiplications).toBe(5 * 26 * 26 + 7);
  // Of a stranger's file the path of a model is not followed.
  add("onnx", { result: false, recipe: { ...recipe, model: { kind: "onnx", file: "/x.onnx" } } });
  writeFileSync(
    join(root, "onnx/metrics.jsonl"),
    `${JSON.stringify({ ...sampleEpoch(1), layers })}\n`,
  );
  await get("/api/runs");
  const onnx = await get("/api/curve?run=onnx");
  expect([onnx.status, onnx.json.lines[0].multiplications]).toEqual([200, undefined]);
});

test("a run by itself: its recipe, layers, births, classes and pictures", async () => {
  const byClass = {
    of: "test",
    samples: 3,
    classes: [
      { name: "cat", count: 2 },
      { name: "dog", count: 1 },
    ],
    confusion: [
      [1, 1],
      [0, 1],
    ],
  };
  const { root, get } = await dashboardOf({
    drawn: { pictures: true, result: { final: { ...sampleFinal, byClass } } },
    other: { recipe: { seed: 2, extra: { deep: [1, 2] } } },
  });
  const { json } = await get("/api/run?run=drawn");
  expect(JSON.parse(json.recipe)).toEqual({ name: "sample", epochs: 4, seed: 1 });
  expect(json.layers).toEqual(sampleEpoch(4).layers);
  expect(json.births.map((one: any) => one.births)).toEqual([0, 7, 7, 7, 7]);
  expect(json.byClass).toEqual(byClass);
  expect(json.pictures).toEqual([0, 1, 2, 3, 4]);
  const picture = await get("/api/picture?run=drawn&epoch=2");
  expect(picture.headers["content-type"]).toBe("image/png");
  expect(picture.bytes).toEqual(readFileSync(join(root, "drawn/pictures/epoch-002.png")));
  // Before its end a run has weights, from which the picture is drawn.
  mkdirSync(join(root, "other/pictures"), { recursive: true });
  const theta = Float32Array.from({ length: 18 }, (_, k) => (k % 4 === 0 ? 0 : k - 9));
  writeWeight(join(root, "other/pictures/epoch-001.safetensors"), [2, 9], theta);
  const drawn = await get("/api/picture?run=other&epoch=1");
  const { width, height } = decode(drawn.bytes);
  expect([width, height]).toEqual([2 * (2 * 3 + 2) + 6, 2 * 3 + 2]);
  for (const epoch of ["7", "-1", "", "1.5", "../recipe"])
    expect((await get(`/api/picture?run=drawn&epoch=${epoch}`)).status).toBe(404);

  const { json: differences } = await get("/api/difference?run=drawn&with=other");
  expect(differences).toEqual([
    { place: "seed", before: "1", now: "2" },
    { place: "extra", now: '{"deep":[1,2]}' },
  ]);
});

test("changes are told as they come, and after a drop those that were missed", async () => {
  const { root, port, add } = await dashboardOf({ a: {}, b: {} });
  const first = await listen(port);
  const whole = await first.next();
  expect([whole.data.all, whole.data.runs.length]).toEqual([true, 2]);
  const going = add("c", { result: false, epochs: 1 });
  const lock = lockFolder(going);
  const added = await first.next();
  expect(added.data).toMatchObject({ all: false, runs: [{ id: "c", state: "running", epoch: 1 }] });
  // Told by the folder itself, at once.
  appendFileSync(join(going, "metrics.jsonl"), line(2));
  const grown = await first.next();
  expect(grown.data).toMatchObject({ all: false, runs: [{ id: "c", epoch: 2 }], removed: [] });
  first.close();

  rmSync(join(root, "a"), { recursive: true });
  lock.release();
  const again = await listen(port, grown.id);
  const missed = await again.next();
  expect(missed.data).toMatchObject({ all: false, removed: ["a"] });
  expect(missed.data.runs.map((run: any) => [run.id, run.state])).toEqual([["c", "stopped"]]);
  again.close();
  // Of another server, or of one that was started anew.
  for (const odd of ["x:1", "", `${grown.id!.split(":")[0]}:999`]) {
    const anew = await listen(port, odd);
    expect((await anew.next()).data).toMatchObject({ all: true, removed: [] });
    anew.close();
  }
});

test("a port that is in use, and a folder that is not there, are one line", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, "runs"));
  const busy = await runCli(["dashboard", "--port", String(port)], { cwd });
  other.close();
  expect(busy).toEqual({
    code: 1,
    stdout: "",
    stderr: `bregman: could not listen at 127.0.0.1: port ${port} is in use: --port names another\n`,
  });
  const none = await runCli(["dashboard", "none"], { cwd });
  expect(none.stderr).toBe("bregman: cannot show the runs of none: there is no such folder\n");
  const short = await runCli(["dashboard", "--token", "abc"], { cwd });
  expect(short.stderr).toMatch(
    /^bregman: --token must be 8 to 200 letters, .* found another text\n$/,
  );
});

test("the command says one line with its address, and ends at Ctrl-C", async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, "runs"));
  const answers: Promise<number>[] = [];
  const { code, stdout, stderr } = await runCli(["dashboard", "--host", "0.0.0.0", "--port", "0"], {
    cwd,
    onOutput(text, kill) {
      const [, port, token] = /:(\d+)\/\?token=([\w-]+)\n/.exec(text)!;
      const own = `http://127.0.0.1:${port}/`;
      const status = async (url: string) => (await fetch(url)).status;
      answers.push(status(own), status(`${own}?token=${token}`));
      void Promise.all(answers).then(() => kill("SIGINT"));
    },
  });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Runs of runs: http:\/\/0\.0\.0\.0:\d+\/\?token=[\w-]{24}\n$/);
  expect(await Promise.all(answers)).toEqual([401, 200]);
});
