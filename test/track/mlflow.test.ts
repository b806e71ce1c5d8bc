/** Runs as an MLflow server keeps them: a real one, and a small one that goes away. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { EpochMetrics } from "#bregman/measure/events.js";
import { fromArrays } from "#bregman/data/index.js";
import { linear, sequential } from "#bregman/nn/index.js";
import { sgd } from "#bregman/optim/index.js";
import { mlflow } from "#bregman/track/index.js";
import { createMlflowClient } from "#bregman/track/mlflow/client.js";
import { createOutbox } from "#bregman/track/mlflow/outbox.js";
import { nameOf, parametersOf } from "#bregman/track/mlflow/parameters.js";
import { fit } from "#bregman/train/index.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { fakeMlflow, type FakeMlflow } from "./fake-mlflow.js";
import { type KeptRun, missing, type MlflowServer, startMlflow } from "./mlflow-server.js";

const data = tinyData();
const recipe = tinyRecipe();
const linesOf = (run: string) =>
  readFileSync(join(run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as EpochMetrics);
/** As a kill leaves a run: its last epoch is told of, and has no checkpoint. */
function killed(run: string): void {
  const checkpoints = readdirSync(run).filter((name) => name.startsWith("checkpoint-"));
  const numbers = checkpoints.map((name) => Number(/\d+/.exec(name)));
  rmSync(join(run, checkpoints[numbers.indexOf(Math.max(...numbers))]));
  rmSync(join(run, "result.json"));
}

/** Runs a command and returns its warnings. */
async function command(args: readonly string[], onOutput?: Parameters<typeof runCli>[1]) {
  const env = { NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
  const { code, stderr, stdout } = await runCli([...args, "--data-dir", data, "--json"], {
    env,
    ...onOutput,
  });
  const events = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { type: string; text: string });
  const warnings = events.filter(({ type }) => type === "warning").map(({ text }) => text);
  return { code, stderr, warnings: warnings.filter((text) => text.startsWith("MLflow")) };
}
const OK = { code: 0, stderr: "", warnings: [] };

if (missing) test.skip(`kept by MLflow (skipped: ${missing})`, () => {});

describe.skipIf(missing)("a run that went on twice, kept by MLflow", () => {
  const run = join(temporaryFolder(), "first");
  let server: MlflowServer;
  let kept: KeptRun;

  beforeAll(async () => {
    server = await startMlflow(temporaryFolder());
    const more = ["--mlflow", server.url];
    expect(await command(["train", recipe, "--out", run, "--epochs", "2", ...more])).toEqual(OK);
    expect(await command(["resume", run, "--epochs", "4", ...more])).toEqual(OK);
    killed(run);
    expect(await command(["resume", run, "--epochs", "5", ...more])).toEqual(OK);
    // Nothing is missing, and nothing comes twice.
    expect(await command(["resume", run, ...more])).toMatchObject({ code: 0, warnings: [] });
    const runs = await server.runs("tiny");
    expect(runs).toHaveLength(1);
    [kept] = runs;
    return () => server.close();
  }, 600_000);

  test("has its name, its end and the recipe of its beginning", () => {
    expect(kept.info).toMatchObject({ run_name: "first", status: "FINISHED" });
    const params = Object.fromEntries(kept.data.params.map(({ key, value }) => [key, value]));
    expect(params).toMatchObject({
      name: "tiny",
      epochs: "2",
      batchSize: "32",
      "model.features": "[784,20,10]",
      "optimizer.weights.tau": "0.1",
      "optimizer.weights.regularizer.kind": "l1",
    });
    expect(Object.keys(params).length).toBeGreaterThan(15);
  });

  test("has each epoch once, with the numbers of metrics.jsonl", async () => {
    const lines = linesOf(run);
    const expected: Record<string, (line: EpochMetrics) => number | undefined> = {
      "loss/train": ({ trainLoss }) => trainLoss,
      "loss/validation": ({ validLoss }) => validLoss,
      "accuracy/validation": ({ validAccuracy }) => validAccuracy,
      "density/all": ({ density }) => density,
      "density/linear2": ({ layers }) => layers[1].density,
      "births/all": ({ births }) => births,
    };
    for (const [key, of] of Object.entries(expected)) {
      const history = await server.history(kept.info.run_id, key);
      const there = lines.filter((line) => of(line) !== undefined);
      expect(
        history.map(({ step }) => step),
        key,
      ).toEqual(there.map(({ epoch }) => epoch));
      expect(
        history.map(({ value }) => value),
        key,
      ).toEqual(there.map(of));
    }
    for (const { key } of kept.data.metrics) {
      const steps = (await server.history(kept.info.run_id, key)).map(({ step }) => step);
      expect(steps, key).toEqual([...new Set(steps)]);
    }
    const ends = await server.history(kept.info.run_id, "final/test_accuracy");
    expect(ends.map(({ step }) => step)).toEqual([2, 4, 5]);
  });

  test("has the network and the report, byte by byte", async () => {
    for (const name of ["model.safetensors", "report.html"]) {
      const bytes = await server.file(kept.info.run_id, name);
      expect(bytes.equals(readFileSync(join(run, name))), name).toBe(true);
    }
  });

  test("of many numbers and long texts takes what it is sent", async () => {
    const layers = Array.from({ length: 150 }, (_, k) => ({ units: k, name: `a*b ${k}` }));
    const parameters = { layers, long: "ä\n".repeat(9000), none: undefined, empty: "" };
    const told: string[] = [];
    const options = {
      experiment: "many",
      parameters,
      onWarning: (text: string) => told.push(text),
    };
    const many = await mlflow(server.url, options);
    await fit(net(), small, { optimizer, epochs: 1, ...many.listener });
    await many.end();
    expect(told).toEqual([]);
    const [{ info, data: values }] = await server.runs("many");
    expect(info.status).toBe("FINISHED");
    expect(values.params).toHaveLength(302);
  });
});

const inputs = Float32Array.from({ length: 40 * 4 }, (_, k) => Math.sin(k * k));
const small = fromArrays({
  shape: [4],
  train: { inputs, labels: Uint8Array.from({ length: 40 }, (_, k) => k % 2) },
});
const net = () => sequential([4], [linear(2)]);
const optimizer = { weights: sgd({ tau: 0.1 }), biases: sgd({ tau: 0.1 }) };

describe("a server that comes and goes", () => {
  let fake: FakeMlflow;
  afterEach(() => fake?.close());
  const epochs = ({ runs: [{ metrics }] }: FakeMlflow) =>
    metrics.filter(({ key }) => key === "density/all").map(({ step }) => step);

  test("is told later what it missed while it was away, and training goes on", async () => {
    fake = await fakeMlflow();
    let requests = 0;
    // The first after the parameters and the state before training.
    fake.mood = (path) => (path.endsWith("log-batch") && ++requests === 3 ? "away" : "answer");
    const out = join(temporaryFolder(), "a");
    const { code, warnings } = await command([
      "train",
      recipe,
      "--out",
      out,
      "--epochs",
      "6",
      "--mlflow",
      fake.url,
    ]);
    expect([code, warnings.length]).toEqual([0, 1]);
    expect(warnings[0]).toBe(
      `MLflow at ${fake.url}: the connection broke off; what it misses is kept and sent later`,
    );
    expect(epochs(fake)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(fake.runs[0].status).toBe("FINISHED");
    expect([...fake.files.keys()]).toEqual([
      "7/run0/artifacts/model.safetensors",
      "7/run0/artifacts/report.html",
    ]);
  });

  test("whose answers are lost has no run and no number twice", async () => {
    fake = await fakeMlflow();
    // Of each request once, of numbers after parameters once more.
    const left = new Map<string, number>();
    fake.mood = (path) => {
      const count = left.get(path) ?? (path.endsWith("log-batch") ? 2 : 1);
      left.set(path, count - 1);
      return count > 0 ? "lost" : "answer";
    };
    const client = await createMlflowClient(fake.url);
    const names = { experiment: "x", name: "y", id: "z", began: 1 };
    const outbox = createOutbox(client, names, [{ key: "tau", value: "0.1" }]);
    for (const epoch of [0, 1, 2])
      outbox.add(
        "epoch",
        epoch,
        [
          ["density/all", 0.5],
          ["loss/train", 1],
        ],
        epoch,
      );
    let faults = 0;
    while (
      await outbox.send().then(
        () => false,
        () => true,
      )
    )
      faults++;
    expect(faults).toBe(7);
    expect(await outbox.end("FINISHED", 9, [])).toBeUndefined();
    expect(fake.runs).toHaveLength(1);
    expect(fake.runs[0]).toMatchObject({ status: "FINISHED", params: [{ key: "tau" }] });
    expect(epochs(fake)).toEqual([0, 1, 2]);
    // A number comes before the one that says that all are there.
    expect(fake.runs[0].metrics.map(({ key }) => key).slice(0, 2)).toEqual([
      "loss/train",
      "density/all",
    ]);
  });

  test("stays away: one line at the end, and the run is told when it is asked for again", async () => {
    fake = await fakeMlflow();
    fake.mood = (path) => (path.endsWith("get-by-name") ? "answer" : "full");
    const out = join(temporaryFolder(), "a");
    const more = ["--mlflow", fake.url];
    const { code, warnings } = await command(["train", recipe, "--out", out, ...more]);
    expect(code).toBe(0);
    expect(warnings).toEqual([
      expect.stringMatching(/: the server answered 507 .*; what it misses is kept and sent later$/),
      expect.stringMatching(
        /: could not be sent: epochs 0 to 3, model\.safetensors, report\.html, that it is FINISHED \(the server answered 507 [^\n]*\)$/,
      ),
    ]);
    expect(fake.runs).toEqual([]);
    fake.mood = () => "answer";
    expect(await command(["resume", out, ...more])).toMatchObject({ code: 0, warnings: [] });
    expect(epochs(fake)).toEqual([0, 1, 2, 3]);
    expect(fake.runs).toMatchObject([{ status: "FINISHED" }]);
    expect(fake.files.size).toBe(2);
  });

  test("hears of a run that is stopped, and of its epochs when they are whole", async () => {
    fake = await fakeMlflow();
    const [out, more] = [join(temporaryFolder(), "a"), ["--mlflow", fake.url]];
    const long = tinyRecipe({ batchSize: 1, epochs: 40 });
    let isAsked = false;
    const stopped = await command(["train", long, "--out", out, ...more], {
      onOutput(text, kill) {
        if (isAsked || !text.includes('"type":"step"')) return;
        isAsked = true;
        kill("SIGINT");
      },
    });
    expect(stopped).toMatchObject({ code: 130, warnings: [] });
    expect(fake.runs).toMatchObject([{ status: "KILLED" }]);
    const [stoppedAt, told] = [linesOf(out), epochs(fake)];
    expect(await command(["resume", out, ...more])).toEqual(OK);
    // The last may be whole, or of fewer samples than it has in the end.
    const whole = stoppedAt.filter(({ trainLoss }, k) => trainLoss === linesOf(out)[k].trainLoss);
    expect(told).toEqual(whole.map(({ epoch }) => epoch));
    expect(told.length).toBeGreaterThanOrEqual(stoppedAt.length - 1);
    expect(epochs(fake)).toEqual(Array.from({ length: 41 }, (_, k) => k));
    expect(fake.runs).toMatchObject([{ status: "FINISHED" }]);
    const of = (key: string) => fake.runs[0].metrics.filter((metric) => metric.key === key);
    expect(of("loss/train").map(({ value }) => value)).toEqual(
      linesOf(out).flatMap(({ trainLoss }) => trainLoss ?? []),
    );
  });

  test("hears of a run that broke off", async () => {
    fake = await fakeMlflow();
    const weights = { kind: "sgd", tau: 1e30 };
    const wild = tinyRecipe({ optimizer: { weights, biases: weights } });
    const out = join(temporaryFolder(), "a");
    const { code, warnings } = await command(["train", wild, "--out", out, "--mlflow", fake.url]);
    expect([code, warnings]).toEqual([1, []]);
    expect(fake.runs).toMatchObject([{ status: "FAILED" }]);
  });

  test("that keeps its files elsewhere is told all but them", async () => {
    fake = await fakeMlflow("s3://bucket/");
    const out = join(temporaryFolder(), "a");
    const { warnings } = await command(["train", recipe, "--out", out, "--mlflow", fake.url]);
    expect(warnings).toEqual([
      `MLflow at ${fake.url}: could not be sent: model.safetensors, report.html (its files are at ` +
        "s3://bucket/run0/artifacts, and are taken only by a server with --serve-artifacts)",
    ]);
    expect(fake.runs).toMatchObject([{ status: "FINISHED" }]);
  });

  test("is not there at the start: one line, and nothing is written", async () => {
    fake = await fakeMlflow();
    const { url } = fake;
    await fake.close();
    const base = temporaryFolder();
    const { code, stderr } = await command([
      "train",
      recipe,
      "--out",
      join(base, "a"),
      "--mlflow",
      url,
    ]);
    expect([code, stderr]).toEqual([
      1,
      `bregman: mlflow: expected an MLflow server at ${url}, found: the server refused the connection\n`,
    ]);
    expect(readdirSync(base)).toEqual([]);
  });

  test("is asked by whom its variables name", async () => {
    fake = await fakeMlflow();
    process.env.MLFLOW_TRACKING_USERNAME = "me";
    process.env.MLFLOW_TRACKING_PASSWORD = "secret";
    try {
      await (await mlflow(fake.url)).end();
    } finally {
      delete process.env.MLFLOW_TRACKING_USERNAME;
      delete process.env.MLFLOW_TRACKING_PASSWORD;
    }
    expect(fake.asked.map(({ authorization }) => authorization)).toEqual(["Basic bWU6c2VjcmV0"]);
  });
});

test.each(["127.0.0.1:5000", "ftp://here", "", "logs"])("%j is no address", async (url) => {
  await expect(mlflow(url)).rejects.toThrow(
    `mlflow: the server must be an http or https address such as http://127.0.0.1:5000, found "${url}"`,
  );
});

test("an address with a password is refused, and the password not told", async () => {
  const refused = await mlflow("http://me:secret@127.0.0.1:1").catch((error: Error) => error);
  expect((refused as Error).message).toMatch(/no password in it: set MLFLOW_TRACKING_USERNAME/);
  expect((refused as Error).message).not.toContain("secret");
});

test("parameters have their places as names", () => {
  expect(parametersOf({ a: { b: 1, c: [1, 2] }, d: [{ e: true }], f: null, g: "x" })).toEqual([
    { key: "a.b", value: "1" },
    { key: "a.c", value: "[1,2]" },
    { key: "d.0.e", value: "true" },
    { key: "g", value: "x" },
  ]);
  expect(nameOf("density/a*b (1)")).toBe("density/a_b _1_");
});
