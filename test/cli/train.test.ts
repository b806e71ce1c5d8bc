import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TrainEvent } from "#bregman/measure/events.js";
import { recipeNames } from "#bregman/recipes/load.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData();
const train = (out: string, ...more: string[]) => [
  "train",
  tinyRecipe(),
  "--data-dir",
  data,
  "--out",
  out,
  ...more,
];
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
/**
 * Escape, backspace, carriage return and the like: everything below the space but the line feed.
 */
const hasControls = (text: string) =>
  [...text].some((character) => character < " " && character !== "\n");

describe("bregman train", () => {
  it("trains, leaves a whole run folder and says where it is", async () => {
    const out = join(temporaryFolder(), "deep", "run");
    const { code, stdout, stderr } = await runCli(train(out));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const pictures = ["epoch-000.png", "epoch-001.png", "epoch-002.png", "epoch-003.png"];
    expect(readdirSync(out).sort()).toEqual([
      "checkpoint-22.safetensors",
      "checkpoint-33.safetensors",
      "metrics.jsonl",
      "model.safetensors",
      "pictures",
      "recipe.json",
      "report.html",
      "result.json",
    ]);
    const files = readdirSync(join(out, "pictures"));
    expect(files.filter((name) => name.endsWith(".png")).sort()).toEqual(pictures);
    // What they were drawn from stays, for a run that goes on: the non-zeros only.
    for (const name of files.filter((file) => file.endsWith(".safetensors"))) {
      expect(statSync(join(out, "pictures", name)).size).toBeLessThan(0.6 * 4 * 20 * 784);
    }
    expect(files).toHaveLength(2 * pictures.length);
    expect(json(join(out, "result.json"))).toMatchObject({ interrupted: false, recipe: "tiny" });
    expect(stdout).toContain(out);
    expect(stdout).toMatch(/linear1 +20 × 784 +15,680/);
    expect(stdout).toContain("Test accuracy");
    // One line an epoch, the state before training included.
    expect(lines(stderr).filter((line) => /^ +[0-3] /.test(line))).toHaveLength(4);
  });

  it("writes no control characters where there is no terminal", async () => {
    const { stdout, stderr } = await runCli(train(join(temporaryFolder(), "run")));
    expect(lines(stderr).length).toBeGreaterThan(5);
    expect([hasControls(stdout), hasControls(stderr)]).toEqual([false, false]);
  });

  it("prints events as JSON and nothing else with --json", async () => {
    const out = join(temporaryFolder(), "run");
    const { code, stdout, stderr } = await runCli(
      train(out, "--json", "--epochs", "2", "--seed", "7"),
    );
    expect([code, stderr]).toEqual([0, ""]);
    const events = lines(stdout).map((line) => JSON.parse(line) as TrainEvent);
    const types = events.map(({ type }) => type).filter((type) => type !== "step");
    expect(types).toEqual(["start", "epoch", "epoch", "end"]);
    expect(events[0]).toMatchObject({
      recipe: { name: "tiny", epochs: 2, seed: 7 },
      samples: { train: 350, valid: 50, test: 100 },
    });
    // The metrics file holds the same lines.
    const metrics = lines(readFileSync(join(out, "metrics.jsonl"), "utf8")).map((line) =>
      JSON.parse(line),
    );
    expect(metrics).toEqual(
      events.flatMap((event) =>
        event.type === "start" ? [event.initial] : event.type === "epoch" ? [event.metrics] : [],
      ),
    );
    expect(json(join(out, "recipe.json"))).toMatchObject({ epochs: 2, seed: 7 });
  });

  it("names the run folder itself, and keeps the command that made it", async () => {
    const cwd = temporaryFolder();
    const { code } = await runCli(["train", tinyRecipe({ epochs: 1 }), "--seed", "5"], {
      cwd,
      env: { BREGMAN_DATA: data },
    });
    expect(code).toBe(0);
    const [name] = readdirSync(join(cwd, "runs"));
    expect(name).toMatch(/^tiny-seed5-\d{8}-\d{6}$/);
    expect(json(join(cwd, "runs", name, "result.json")).command).toMatch(
      /^bregman train \S+tiny\.json --seed 5$/,
    );
  });

  it("writes the result where --results says", async () => {
    const results = join(temporaryFolder(), "results");
    await runCli(train(join(temporaryFolder(), "run"), "--epochs", "1", "--results", results));
    expect(json(join(results, "tiny", "seed-0.json")).final.density).toBeGreaterThan(0);
  });

  it("trains on a given backend with a given number of threads", async () => {
    const { stdout } = await runCli(
      train(
        join(temporaryFolder(), "run"),
        "--json",
        "--epochs",
        "1",
        "--backend",
        "wasm",
        "--threads",
        "1",
      ),
    );
    expect(JSON.parse(lines(stdout)[0])).toMatchObject({ backend: "wasm", threads: 1 });
  });
});

describe("bregman train stopped by a signal", () => {
  const long = (out: string, ...more: string[]) => train(out, "--epochs", "100000", ...more);
  /** Sends the signal when some epochs are done. */
  const when = (pattern: RegExp, signal: NodeJS.Signals, times = 1) => {
    let sent = 0;
    return (text: string, kill: (signal: NodeJS.Signals) => void) => {
      if (sent < times && pattern.test(text)) {
        sent++;
        kill(signal);
      }
    };
  };

  it.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s keeps the run: exit code %i, every file readable, report there",
    async (signal, exitCode) => {
      const out = join(temporaryFolder(), "run");
      const { code, stdout, stderr } = await runCli(long(out), {
        onOutput: when(/\n +3 /, signal),
      });
      expect(code).toBe(exitCode);
      expect(stderr).toContain("Stopping after this step");
      expect(stdout).toContain("Interrupted");
      expect(json(join(out, "result.json"))).toMatchObject({ interrupted: true });
      const epochs = lines(readFileSync(join(out, "metrics.jsonl"), "utf8")).map(
        (line) => JSON.parse(line).epoch,
      );
      expect(epochs).toEqual(epochs.map((_, k) => k));
      expect(epochs.length).toBeGreaterThan(3);
      expect(existsSync(join(out, "model.safetensors"))).toBe(true);
      expect(readFileSync(join(out, "report.html"), "utf8")).toContain("Interrupted, after epoch");
      expect(readdirSync(join(out, "pictures"))).toContain(
        `epoch-${String(epochs.length - 1).padStart(3, "0")}.png`,
      );
      // No half-written file is left behind.
      expect(readdirSync(out).filter((name) => name.includes("tmp"))).toEqual([]);
    },
  );

  it("ends the JSON stream with an interrupted end", async () => {
    const out = join(temporaryFolder(), "run");
    const { code, stdout, stderr } = await runCli(long(out, "--json"), {
      onOutput: when(/"epoch":3/, "SIGINT"),
    });
    expect([code, stderr]).toEqual([130, ""]);
    expect(JSON.parse(lines(stdout).at(-1)!)).toMatchObject({ type: "end", interrupted: true });
  });

  it.each([
    ["stdout", ["--json"], /"epoch":3/],
    ["stderr", [], /\n +3 /],
  ] as const)(
    "stops too when nobody reads its %s any more, and keeps the run",
    async (_, more, readUntil) => {
      const out = join(temporaryFolder(), "run");
      const { code } = await runCli(long(out, ...more), { readUntil });
      expect(code).toBe(141);
      expect(json(join(out, "result.json"))).toMatchObject({ interrupted: true });
      expect(existsSync(join(out, "report.html"))).toBe(true);
    },
  );

  it("can be reported on after it was killed outright", async () => {
    const out = join(temporaryFolder(), "run");
    const { code } = await runCli(long(out), { onOutput: when(/\n +3 /, "SIGKILL") });
    expect(code).toBeNull();
    expect(existsSync(join(out, "report.html"))).toBe(false);
    const report = await runCli(["report", out]);
    expect([report.code, report.stdout]).toEqual([0, `${join(out, "report.html")}\n`]);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("this run is unfinished");
  });
});

describe("bregman told wrong", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const full = join(temporaryFolder(), "full");
  mkdirSync(full);
  writeFileSync(join(full, "thesis.tex"), "");

  it.each([
    [["trian"], "unknown command 'trian' (did you mean train?)"],
    [["train"], "missing required argument 'recipe'"],
    [
      ["train", "mnist-quick", "extra"],
      "too many arguments for 'train'. Expected 1 argument but got 2.",
    ],
    [["train", "mnist-quick", "--epoch", "3"], "unknown option '--epoch' (did you mean --epochs?)"],
    [["train", "mnist-quik"], `there is no recipe "mnist-quik" (did you mean "mnist-quick"?)`],
    [["train", "missing.json"], "there is no recipe file missing.json"],
    [
      ["train", "mnist-quick", "--epochs", "0"],
      `--epochs must be an integer of at least 1, found "0"`,
    ],
    [
      ["train", "mnist-quick", "--epochs", "2.5"],
      `--epochs must be an integer of at least 1, found "2.5"`,
    ],
    [
      ["train", "mnist-quick", "--epochs", ""],
      `--epochs must be an integer of at least 1, found ""`,
    ],
    [
      ["train", "mnist-quick", "--seed", "-1"],
      `--seed must be an integer from 0 to 4294967295, found "-1"`,
    ],
    [
      ["train", "mnist-quick", "--seed", "4294967296"],
      `--seed must be an integer from 0 to 4294967295, found "4294967296"`,
    ],
    [
      ["train", "mnist-quick", "--threads", "many"],
      `--threads must be an integer from 1 to 256, found "many"`,
    ],
    [
      ["train", "mnist-quick", "--backend", "cuda"],
      `--backend must be native or wasm, found "cuda"`,
    ],
    [
      ["train", "mnist-quick", "--out", "--json"],
      `--out must be a folder, found "--json"; or is it ./--json?`,
    ],
    [["train", "mnist-quick", "--data-dir", ""], `--data-dir must be a folder, found ""`],
    [
      ["train", "mnist-quick", "--out", join(file, "run")],
      `could not make the run folder ${join(file, "run")}: a part of the path is a file, not a folder`,
    ],
    [
      ["train", "mnist-quick", "--out", file],
      `could not make the run folder ${file}: a part of the path is a file, not a folder`,
    ],
    [
      ["train", "mnist-quick", "--out", full],
      `the run folder must be new or empty, found 1 entry in ${full}; ${full}-2 would be free`,
    ],
    [
      ["train", "mnist-quick", "--results", join(file, "results")],
      `could not make the results folder ${join(file, "results")}: a part of the path is a file, not a folder`,
    ],
    [["train", "mnist-quick", "--data-dir", join(file, "data")], join(file, "data")],
    [
      ["report", full],
      `cannot read a run from ${full}: it has no recipe.json (is it a run folder?)`,
    ],
    [["recipes", "mnist-quik"], `there is no recipe "mnist-quik"`],
  ])("%j: one line, exit code 1", async (args, message) => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect(stderr.startsWith("bregman: ")).toBe(true);
    expect(stderr).toContain(message);
    expect(lines(stderr)).toHaveLength(1);
    expect([code, stdout]).toEqual([1, ""]);
    // Nothing is left of a run that did not begin.
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("names the key of a faulty recipe", async () => {
    const { code, stderr } = await runCli([
      "train",
      tinyRecipe({ batchSize: -1 }),
      "--data-dir",
      data,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("batchSize");
    expect(lines(stderr)).toHaveLength(1);
  });

  it.each(["train", "compare"])(
    "%s: a number of epochs that does not fit is the option's fault",
    async (command) => {
      const recipe = tinyRecipe({ schedule: { kind: "cosine", warmupEpochs: 2 } });
      const cwd = temporaryFolder();
      const { code, stderr } = await runCli(
        [command, recipe, "--epochs", "2", "--data-dir", data],
        { cwd },
      );
      expect(stderr).toBe(
        'bregman: --epochs 2 does not fit the recipe "tiny": schedule: cosine: warmupEpochs must be less than epochs (2), found 2\n',
      );
      expect(code).toBe(1);
      expect(readdirSync(cwd)).toEqual([]);
    },
  );

  it("takes no more threads than there are cores, and says so", async () => {
    const out = join(temporaryFolder(), "run");
    const { code, stdout, stderr } = await runCli(
      train(out, "--json", "--epochs", "1", "--threads", "256"),
    );
    const cores = availableParallelism();
    const these =
      cores === 1
        ? "1 core, so that 1 thread computes"
        : `${cores} cores, so that ${cores} threads compute`;
    expect(stderr).toBe(`--threads 256: this machine has ${these}\n`);
    expect(code).toBe(0);
    expect(JSON.parse(lines(stdout)[0])).toMatchObject({ type: "start", threads: cores });
  });

  it("leaves nothing of a run whose recipe does not fit its data: the folder can be used again", async () => {
    const cwd = temporaryFolder();
    const recipe = tinyRecipe({ model: { kind: "mlp", features: [100, 10] } });
    const { code, stderr } = await runCli(["train", recipe, "--data-dir", data, "--out", "run"], {
      cwd,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("the model takes 100 features");
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("tells where training blew up, and reports on the run up to there", async () => {
    const out = join(temporaryFolder(), "run");
    const weights = { kind: "sgd", tau: 1e30 };
    const recipe = tinyRecipe({ optimizer: { weights, biases: weights } });
    const { code, stderr } = await runCli(["train", recipe, "--data-dir", data, "--out", out]);
    expect(code).toBe(1);
    expect(lines(stderr).filter((line) => line.startsWith("bregman: "))).toHaveLength(1);
    expect(stderr).not.toMatch(/internal error|^ +at /m);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("No result yet");
  });

  it("shows the stack with BREGMAN_DEBUG=1", async () => {
    const { stderr } = await runCli(["train", "mnist-quik"], { env: { BREGMAN_DEBUG: "1" } });
    expect(stderr).toMatch(/^bregman: there is no recipe.*\n(.*\n)*\s+at /);
  });
});

describe("bregman's other commands", () => {
  it("lists the recipes by their data, and prints one as JSON that can be trained from", async () => {
    const list = await runCli(["recipes"]);
    const [heading, first] = lines(list.stdout);
    expect([heading, first]).toEqual([
      "mnist",
      expect.stringMatching(/^mnist-quick +A sparse MLP/),
    ]);
    expect(Math.max(...lines(list.stdout).map(({ length }) => length))).toBeLessThanOrEqual(80);
    for (const name of recipeNames()) expect(list.stdout).toContain(`\n${name} `);
    expect(hasControls(list.stdout)).toBe(false);
    const one = await runCli(["recipes", "mnist-quick"]);
    expect(JSON.parse(one.stdout)).toMatchObject({ name: "mnist-quick", model: { kind: "mlp" } });
  });

  it("shows help and version on stdout", async () => {
    const help = await runCli(["--help"]);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    for (const name of ["train", "recipes", "report"]) expect(help.stdout).toContain(name);
    const { stdout } = await runCli(["train", "--help"]);
    for (const flag of [
      "--data-dir",
      "--out",
      "--seed",
      "--epochs",
      "--threads",
      "--backend",
      "--json",
      "--results",
    ]) {
      expect(stdout).toContain(flag);
    }
    const version = await runCli(["--version"]);
    expect(version.stdout.trim()).toBe(
      json(new URL("../../package.json", import.meta.url).pathname).version,
    );
  });
});
