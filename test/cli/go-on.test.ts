/**
 * `bregman resume`: to more epochs, after recipe.json was edited, and after the folder or its data
 * were moved.
 */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "#bregman/random.js";
import { decodeCheckpoint, encodeCheckpoint } from "#bregman/runs/checkpoint-file.js";
import { runCli, temporaryFolder, type CliOptions } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const write = (path: string, content: object) =>
  writeFileSync(path, JSON.stringify(content, null, 1));

/** A project: a table of points, a recipe beside it, and the run. */
function project(epochs = 2): string {
  const folder = temporaryFolder();
  const random = stream(5, "points");
  const rows = Array.from({ length: 240 }, (_, k) => {
    const numbers = Array.from({ length: 9 }, (_one, i) =>
      (random.normal() + (i === k % 3 ? 3 : 0)).toFixed(3),
    );
    return [...numbers, "abc"[k % 3]].join(",");
  });
  mkdirSync(join(folder, "data"));
  const columns = Array.from({ length: 9 }, (_, k) => `x${k}`);
  writeFileSync(
    join(folder, "data", "points.csv"),
    [[...columns, "class"].join(","), ...rows].join("\n"),
  );
  const weights = { kind: "linBreg", tau: 0.1, regularizer: { kind: "l1", lambda: 0.02 } };
  write(join(folder, "mine.json"), {
    name: "mine",
    data: { kind: "csv", train: "data/points.csv", label: "class", validation: 40 },
    model: { kind: "mlp", features: [9, 16, 3] },
    optimizer: { weights, biases: { kind: "linBreg", tau: 0.1 } },
    batchSize: 20,
    epochs,
  });
  return folder;
}
const run = (args: string[], options?: CliOptions) => runCli([...args, "--threads", "1"], options);

describe("--epochs", () => {
  const data = tinyData();
  const recipe = tinyRecipe({ epochs: 4 });
  const flags = ["--data-dir", data, "--json"];
  const [whole, finished] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "finished")];
  beforeAll(async () => {
    expect((await run(["train", recipe, "--out", whole, ...flags, "--epochs", "12"])).code).toBe(0);
    expect((await run(["train", recipe, "--out", finished, ...flags])).code).toBe(0);
  }, 120_000);
  const copy = () => {
    const folder = join(temporaryFolder(), "run");
    cpSync(finished, folder, { recursive: true });
    return folder;
  };
  const lines = (folder: string) =>
    readFileSync(join(folder, "metrics.jsonl"), "utf8").replaceAll(/"seconds":[\d.e-]+/g, "");

  it("a finished run goes on to more, with the bits of one that was begun for them", async () => {
    const out = copy();
    const { code, stdout, stderr } = await run(["resume", out, ...flags, "--epochs", "12"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("The run was begun for 4 epochs and now has 12.");
    const file = (folder: string, name: string) => readFileSync(join(folder, name)).toString("hex");
    expect(file(out, "model.safetensors")).toBe(file(whole, "model.safetensors"));
    expect(lines(out)).toBe(lines(whole));
    expect(json(out, "recipe.json")).toEqual({ ...json(finished, "recipe.json"), epochs: 12 });
    const command = "&& bregman resume <run> --epochs 12";
    expect(json(out, "result.json")).toMatchObject({
      interrupted: false,
      command: expect.stringContaining(command),
    });
    // The pictures of the first epochs are still there, and in the colours of all.
    const pictures = readdirSync(join(out, "pictures")).filter((name) => name.endsWith(".png"));
    for (const epoch of [0, 1, 2, 3, 4, 12]) {
      const name = `epoch-${String(epoch).padStart(3, "0")}.png`;
      expect(pictures).toContain(name);
      if (epoch === 2 || epoch === 12)
        expect(file(join(out, "pictures"), name)).toBe(file(join(whole, "pictures"), name));
    }
    const again = await run(["resume", out, ...flags]);
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining("This run is finished"),
    ]);
  }, 120_000);

  it("killed at any moment of it, the run goes on to them without being told", async () => {
    const out = copy();
    // As after a kill between the first checkpoint of the longer run and everything else.
    const result = readFileSync(join(out, "result.json"));
    const killed = await run(["resume", out, ...flags, "--epochs", "12"], {
      onOutput: (text, kill) => text.includes('"type":"start"') && kill("SIGKILL"),
    });
    expect(killed.code).toBeNull();
    writeFileSync(join(out, "result.json"), result);
    write(join(out, "recipe.json"), { ...json(out, "recipe.json"), epochs: 4 });
    const { code, stderr } = await run(["resume", out, ...flags]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines(out)).toBe(lines(whole));
    expect(json(out, "recipe.json").epochs).toBe(12);
  }, 120_000);

  it("fewer than are done, and a run without checkpoints, are one line", async () => {
    const few = await run(["resume", finished, ...flags, "--epochs", "3"]);
    expect(few.stderr).toBe(
      `bregman: --epochs must be at least 4 for ${finished}, as many as are done or under way, found 3\n`,
    );
    const same = await run(["resume", finished, ...flags, "--epochs", "4"]);
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining("This run is finished")]);
    const out = copy();
    for (const name of readdirSync(out)) if (name.startsWith("checkpoint")) rmSync(join(out, name));
    const none = await run(["resume", out, ...flags, "--epochs", "6"]);
    expect(none.stderr).toBe(
      `bregman: could not go on with ${out} to 6 epochs: it has no checkpoint that is usable\n`,
    );
    const damaged = copy();
    for (const name of readdirSync(damaged))
      if (name.startsWith("checkpoint")) writeFileSync(join(damaged, name), "");
    const useless = await run(["resume", damaged, ...flags, "--epochs", "6"]);
    expect(useless.stderr).toMatch(
      /^bregman: could not go on with \S+ to 6 epochs: it has no checkpoint that is usable(; checkpoint-\d+\.safetensors is damaged: [^;]+){2}\n$/,
    );
    expect([few.code, none.code, useless.code]).toEqual([1, 1, 1]);
  }, 60_000);

  it("an edited recipe.json is refused, with what differs, of a finished run too", async () => {
    const out = copy();
    const before = json(out, "recipe.json");
    const edited = async (change: object) => {
      write(join(out, "recipe.json"), { ...before, ...change });
      const { code, stderr } = await run(["resume", out, ...flags]);
      return { code, said: stderr };
    };
    const refused = (what: string) => ({
      code: 1,
      said: `bregman: could not resume ${out}: its recipe.json has changed since the run began; what differs: ${what}\n`,
    });
    const weights = { ...before.optimizer.weights, tau: 0.2 };
    expect(await edited({ optimizer: { ...before.optimizer, weights } })).toEqual(
      refused("optimizer.weights.tau (0.1, now 0.2)"),
    );
    expect(await edited({ batchSize: 64, average: { decay: 0.9 } })).toEqual(
      refused('batchSize (32, now 64), average (none, now {"decay":0.9})'),
    );
    expect(await edited({ epochs: 9 })).toEqual(
      refused(`epochs (4, now 9; to go on to them: bregman resume ${out} --epochs 9)`),
    );
    // A checkpoint that was changed and signed anew.
    for (const name of readdirSync(out).filter((one) => one.startsWith("checkpoint"))) {
      const saved = decodeCheckpoint(readFileSync(join(out, name)));
      const identity = { ...saved.identity, "recipe.json": '{"seed":' };
      writeFileSync(join(out, name), encodeCheckpoint({ ...saved, identity }));
    }
    expect(await edited({})).toEqual(refused("all of it"));
    cpSync(finished, out, { recursive: true });
    // What has no part in the bits may change.
    expect(await edited({ description: "mine" })).toEqual({ code: 0, said: "" });
    // What it says of epochs does not count where the option does.
    write(join(out, "recipe.json"), { ...before, epochs: 9 });
    const { code } = await run(["resume", out, ...flags, "--epochs", "6"]);
    expect([code, json(out, "recipe.json").epochs]).toEqual([0, 6]);
  }, 120_000);
});

describe("a project that was moved", () => {
  let first: string;
  let stopped: string;
  beforeAll(async () => {
    first = project(6);
    const { code, stderr } = await run(
      ["train", join(first, "mine.json"), "--out", join(first, "runs", "first")],
      {
        // The line of an epoch is told before its checkpoint is written: the second shows that of
        // the first.
        onOutput: (text, kill) => / {6}2 /.test(text) && kill("SIGKILL"),
      },
    );
    expect([code, stderr.includes("bregman:")]).toEqual([null, false]);
    stopped = temporaryFolder();
    renameSync(first, join(stopped, "moved"));
  }, 60_000);
  const copy = () => {
    const folder = temporaryFolder();
    cpSync(join(stopped, "moved"), join(folder, "moved"), { recursive: true });
    return join(folder, "moved");
  };

  it("has no path of where it was, and goes on where it is", async () => {
    const folder = copy();
    const text = readFileSync(join(folder, "runs", "first", "recipe.json"), "utf8");
    expect(text).toContain('"../../data/points.csv"');
    expect(text).not.toContain(dirname(first));
    expect(await run(["resume", join(folder, "runs", "first"), "--json"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    // From another working folder, by other words for it, and after it has moved further down.
    mkdirSync(join(folder, "runs", "archive"));
    renameSync(join(folder, "runs", "first"), join(folder, "runs", "archive", "first"));
    const options = { cwd: join(folder, "runs") };
    expect(
      await run(["resume", "archive/first", "--epochs", "7", "--json"], options),
    ).toMatchObject({ code: 0 });
    expect((await run(["simplify", "archive/first"], options)).code).toBe(0);
  }, 120_000);

  it("whose data lie elsewhere says so, and takes --data-dir", async () => {
    const folder = copy();
    const elsewhere = temporaryFolder();
    renameSync(join(folder, "data"), join(elsewhere, "tables"));
    const out = join(folder, "runs", "first");
    const lost = await run(["resume", out, "--json"]);
    expect(lost.code).toBe(1);
    expect(lost.stderr).toMatch(
      /^bregman: .*points\.csv: .*; if the data have moved, --data-dir names their folder\n$/,
    );
    const wrong = await run(["resume", out, "--json", "--data-dir", folder]);
    expect(wrong.stderr).toBe(`bregman: could not find points.csv in ${folder} (--data-dir)\n`);
    const dataDir = ["--data-dir", join(elsewhere, "tables")];
    expect(await run(["resume", out, "--json", ...dataDir])).toMatchObject({ code: 0, stderr: "" });
    expect((await run(["prune", out, "--density", "0.2", ...dataDir])).code).toBe(0);
    const again = [
      "train",
      join(folder, "mine.json"),
      "--epochs",
      "1",
      "--out",
      join(folder, "again"),
      ...dataDir,
    ];
    expect((await run(again)).code).toBe(0);
  }, 120_000);

  it("whose data have changed is refused, wherever in the file", async () => {
    const folder = copy();
    const file = join(folder, "data", "points.csv");
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace(/(\d),([abc])$/, (_, digit, label) => `${(Number(digit) + 1) % 10},${label}`),
    );
    const { code, stderr } = await run(["resume", join(folder, "runs", "first"), "--json"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/its checkpoint is of another run; what differs: data\n$/);
  }, 60_000);
});
