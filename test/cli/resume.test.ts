/**
 * `bregman resume`: killed at any moment, a run ends with the bits of one that never was
 * interrupted.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  watch,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "#bregman/random.js";
import { readPath } from "#bregman/report/path-report.js";
import { runCli, temporaryFolder, type CliOptions } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const KILLS = 20;

const data = tinyData();
const weights = { kind: "adaBreg", tau: 0.005, regularizer: { kind: "l1", lambda: 0.02 } };
/** A bit of everything that a careless resume would lose. */
const recipe = tinyRecipe({
  model: {
    kind: "layers",
    input: [784],
    layers: [
      { kind: "linear", out: 30 },
      { kind: "relu" },
      { kind: "dropout", p: 0.2 },
      { kind: "linear", out: 10 },
    ],
  },
  optimizer: { weights, biases: { kind: "linBreg", tau: 0.05, momentum: 0.5 } },
  schedule: { kind: "plateau", patience: 0, threshold: 0.3 },
  epochs: 16,
});
const flags = ["--data-dir", data, "--json"];
const train = (out: string, options?: CliOptions) =>
  runCli(["train", recipe, "--out", out, "--checkpoint-every", "0", ...flags], options);
const resume = (out: string, more: string[] = [], options?: CliOptions) =>
  runCli(["resume", out, ...flags, ...more], options);
/** Exit code, the texts of the notes on stdout, and stderr. */
const told = async (result: ReturnType<typeof runCli>) => {
  const { code, stdout, stderr } = await result;
  const events = stdout
    .split("\n")
    .flatMap((line) => (line ? [JSON.parse(line) as { type: string; text?: string }] : []));
  return {
    code,
    stderr,
    notes: events.flatMap(({ type, text }) => (type === "note" ? [text] : [])),
  };
};

const list = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
const checkpoints = (folder: string) =>
  list(folder).filter((name) => /^checkpoint-\d+\.safetensors$/.test(name));
/**
 * What must be equal: every byte but those that tell the time, and those of the command in
 * result.json.
 */
function contents(folder: string) {
  const bytes = (name: string) => readFileSync(join(folder, name));
  const lines = bytes("metrics.jsonl")
    .toString()
    .replaceAll(/"seconds":[\d.e-]+/g, '"seconds":0');
  const pictures = list(folder).filter((name) => name.endsWith(".png"));
  const { final, epochs } = JSON.parse(bytes("result.json").toString());
  return {
    files: list(folder),
    lines,
    model: bytes("model.safetensors").toString("hex"),
    births: JSON.stringify(readPath(folder)),
    pictures: pictures.map((name) => bytes(name).toString("hex")),
    final: { ...final, seconds: 0, saved: { ...final.saved, stepSeconds: 0, denseStepSeconds: 0 } },
    epochs: epochs.length,
  };
}

/**
 * Kills a child at a moment drawn by chance: some time after it began, or while or after it writes
 * its n-th checkpoint.
 */
function killSometime(folder: string, k: number, random: ReturnType<typeof stream>): CliOptions {
  const kind = ["time", "temporary", "checkpoint"][k % 3];
  const count = 1 + random.integer(16);
  const delay =
    kind === "time" ? random.integer(700) : kind === "checkpoint" ? random.integer(12) : 0;
  if (kind === "time") return { onStart: (kill) => void setTimeout(() => kill("SIGKILL"), delay) };
  const pattern =
    kind === "temporary" ? /^checkpoint-\d+.*\.tmp$/ : /^checkpoint-\d+\.safetensors$/;
  return killAtFile(folder, pattern, count, delay);
}

/**
 * Kills a child so many milliseconds after the n-th file with such a name has come to be in the
 * folder.
 */
function killAtFile(folder: string, pattern: RegExp, n = 1, delay = 0): CliOptions {
  return {
    onStart(kill) {
      const seen = new Set<string>();
      mkdirSync(folder, { recursive: true });
      const watcher = watch(folder, (_event, name) => {
        if (!name || !pattern.test(name) || seen.add(name).size < n) return;
        watcher.close();
        setTimeout(() => kill("SIGKILL"), delay);
      });
    },
  };
}

describe("bregman resume", () => {
  const whole = join(temporaryFolder(), "whole");
  /** A run that was stopped in the middle, for others to copy. */
  const stopped = join(temporaryFolder(), "stopped");

  beforeAll(async () => {
    expect((await runCli(["train", recipe, "--out", whole, ...flags])).code).toBe(0);
    const kill = killAtFile(stopped, /^checkpoint-30\.safetensors$/);
    expect((await train(stopped, kill)).code).toBeNull();
    expect(checkpoints(stopped)).toHaveLength(2);
  });
  const copyOfStopped = () => {
    const folder = join(temporaryFolder(), "run");
    cpSync(stopped, folder, { recursive: true });
    return folder;
  };

  it(`after ${KILLS} kills has the bits of a run that was never interrupted`, async () => {
    let out = join(temporaryFolder(), "run");
    const random = stream(7, "kills");
    for (let k = 0; k < KILLS; k++) {
      const kill = killSometime(out, k, random);
      const { code, stderr } = existsSync(join(out, "recipe.json"))
        ? await resume(out, ["--checkpoint-every", "0"], kill)
        : await train(out, kill);
      expect(stderr, `kill ${k}`).toBe("");
      if (code === 0) {
        // It came to its end before the kill did: once more from the start.
        expect(contents(out).model).toEqual(contents(whole).model);
        out = join(temporaryFolder(), "run");
        k--;
      } else if (!existsSync(join(out, "recipe.json")))
        rmSync(out, { recursive: true, force: true });
      else {
        expect(checkpoints(out).length).toBeLessThanOrEqual(2);
        expect(
          list(out).filter((name) => /^checkpoint.*\.tmp$/.test(name)).length,
        ).toBeLessThanOrEqual(1);
      }
    }
    expect(await told(resume(out))).toEqual({ code: 0, stderr: "", notes: [] });
    expect(contents(out)).toEqual(contents(whole));
  }, 240_000);

  it.each(["model.safetensors", "result.json"])(
    "killed just after it has written %s, it ends as it should",
    async (name) => {
      const out = copyOfStopped();
      const kill = killAtFile(out, new RegExp(`^${name}$`));
      expect((await resume(out, [], kill)).code).toBeNull();
      expect((await resume(out)).code).toBe(0);
      expect(contents(out)).toEqual(contents(whole));
    },
  );

  it("after Ctrl-C too, and the report is that of the whole run", async () => {
    const out = join(temporaryFolder(), "run");
    let sent = false;
    const onOutput: CliOptions["onOutput"] = (text, kill) => {
      if (!sent && /"epoch":3,/.test(text)) kill("SIGINT");
      sent ||= /"epoch":3,/.test(text);
    };
    expect((await train(out, { onOutput })).code).toBe(130);
    expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).toMatchObject({
      interrupted: true,
    });
    const { code, stdout, stderr } = await runCli(["resume", out, "--data-dir", data]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/\n {2}resumed {2}after [\d,]+ steps, in epoch \d+ of 16\n/);
    expect(stdout).toContain("Test accuracy");
    expect(contents(out)).toEqual(contents(whole));
    expect(readFileSync(join(out, "report.html"), "utf8")).not.toContain("Interrupted");
    expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8")).command).toMatch(
      /^bregman train \S+tiny\.json --json$/,
    );
  });

  it("uses the checkpoint before a damaged one, and says so", async () => {
    const out = copyOfStopped();
    const [newest] = checkpoints(out).sort((a, b) => Number(/\d+/.exec(b)) - Number(/\d+/.exec(a)));
    truncateSync(join(out, newest), 5000);
    const fault = `${newest} is damaged: its content does not have its checksum; the one before it is used.`;
    expect(await told(resume(out))).toEqual({ code: 0, stderr: "", notes: [fault] });
    expect(contents(out).model).toBe(contents(whole).model);
    expect(contents(out).lines).toBe(contents(whole).lines);
  });

  it("says in one line when no checkpoint is usable, and leaves the folder alone", async () => {
    const out = copyOfStopped();
    for (const name of checkpoints(out)) truncateSync(join(out, name), 5000);
    const before = list(out);
    const { code, stderr, notes } = await told(resume(out));
    expect({ code, notes }).toEqual({ code: 1, notes: [] });
    expect(stderr).toMatch(
      /^bregman: could not resume from \S+: no checkpoint is usable; (checkpoint-\d+\.\S+ is damaged: [^;]+(; |\n)){2}$/,
    );
    // The lock of the killed process has been taken over, and given back.
    expect(list(out)).toEqual(
      before.filter((name) => !name.endsWith(".tmp") && name !== "lock.json"),
    );
  });

  it("starts from the beginning where there is no checkpoint yet", async () => {
    const out = copyOfStopped();
    for (const name of checkpoints(out)) rmSync(join(out, name));
    const note = "There is no checkpoint yet: the run starts from the beginning.";
    expect(await told(resume(out))).toEqual({ code: 0, stderr: "", notes: [note] });
    expect(contents(out)).toEqual(contents(whole));
  });

  it("has nothing to do for a finished run, and nothing it can do elsewhere", async () => {
    const report = join(whole, "report.html");
    const before = readFileSync(report, "utf8");
    expect(await told(resume(whole))).toEqual({
      code: 0,
      stderr: "",
      notes: [`This run is finished; its report is ${report}`],
    });
    expect(readFileSync(report, "utf8")).toBe(before);
    const results = join(temporaryFolder(), "results");
    await runCli(["resume", whole, "--results", results]);
    const copies = readdirSync(results, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".json"),
    );
    expect(copies).toHaveLength(1);
    expect(readFileSync(join(results, copies[0]), "utf8")).toBe(
      readFileSync(join(whole, "result.json"), "utf8"),
    );
    const { code, stdout, stderr } = await runCli(["resume", data]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      `bregman: cannot resume ${data}: it has no recipe.json (is it a run folder?)\n`,
    );
  });
});
