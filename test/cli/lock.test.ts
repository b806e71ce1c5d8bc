/** Two processes for one run folder: one of them works in it, the other says so in one line. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCli, temporaryFolder, type CliOptions, type CliResult } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData();
const recipe = tinyRecipe({ epochs: 16 });
const flags = ["--data-dir", data, "--threads", "1", "--json"];
/** The epochs of metrics.jsonl, which must be whole and in order. */
const epochs = (out: string) =>
  readFileSync(join(out, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { epoch: number }).epoch);
const inOrder = (count: number) => Array.from({ length: count }, (_, k) => k);

/** Holds a run with Ctrl-Z once it has told of an epoch, until `work` is done. */
function held(epoch: number, work: () => unknown): CliOptions {
  let called = false;
  return {
    onOutput(text, kill) {
      if (called || !text.includes(`"epoch":${epoch},`)) return;
      called = true;
      kill("SIGSTOP");
      void Promise.resolve(work()).finally(() => kill("SIGCONT"));
    },
  };
}

it("two resumes of one run, and everything else that would write into a run that is going", async () => {
  const out = join(temporaryFolder(), "run");
  const killed = await runCli(["train", recipe, "--out", out, ...flags], {
    onOutput: (text, kill) => text.includes('"epoch":3,') && kill("SIGKILL"),
  });
  expect(killed.code).toBeNull();
  // The lock of the killed process is still there, and taken over.
  expect(existsSync(join(out, "lock.json"))).toBe(true);
  let others: Promise<CliResult[]> | undefined;
  const first = await runCli(
    ["resume", out, ...flags],
    held(5, () => {
      others = Promise.all([
        runCli(["resume", out, ...flags]),
        runCli(["resume", out, ...flags, "--epochs", "20"]),
        runCli(["train", recipe, "--out", out, ...flags]),
        runCli(["report", out]),
      ]);
      return others;
    }),
  );
  expect([first.code, first.stderr]).toEqual([0, ""]);
  const [second, longer, train, report] = await others!;
  for (const { code, stdout, stderr } of [second, longer]) {
    expect([code, stdout.length]).toEqual([1, 0]);
    expect(stderr).toMatch(
      /^bregman: \S+ is in use by process \d+, since 20\S+: wait for its end, or stop it\n$/,
    );
  }
  expect(train.stderr).toMatch(
    /^bregman: the run folder must be new or empty, found \d+ entries in .* would be free\n$/,
  );
  expect(report.code).toBe(0);
  expect(epochs(out)).toEqual(inOrder(17));
  expect(readdirSync(out).filter((name) => /lock|tmp/.test(name))).toEqual([]);
  expect(await runCli(["resume", out, ...flags])).toMatchObject({ code: 0, stderr: "" });
}, 120_000);

it("two trainings into one new folder: one of them trains, the other leaves nothing of its own", async () => {
  const out = join(temporaryFolder(), "deep", "run");
  const both = await Promise.all(
    [1, 2].map((seed) => runCli(["train", recipe, "--out", out, ...flags, "--seed", `${seed}`])),
  );
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  const loser = both.find(({ code }) => code === 1)!;
  expect(loser.stderr).toMatch(
    /^bregman: .*( is in use by process \d+, |must be new or empty|is not empty).*\n$/,
  );
  expect(epochs(out)).toEqual(inOrder(17));
  const { seed } = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8")) as { seed: number };
  expect(both[seed - 1].code).toBe(0);
}, 120_000);

it("a training whose folder is taken over by another host, as after a long sleep, stops and writes no more", async () => {
  const out = join(temporaryFolder(), "run");
  let before: string | undefined;
  const theirs = {
    process: 9,
    host: `not ${hostname()}`,
    since: "2026-01-01T00:00:00Z",
    token: "theirs",
  };
  const { code, stderr } = await runCli(
    ["train", recipe, "--out", out, ...flags],
    held(2, () => {
      writeFileSync(join(out, "lock.json"), JSON.stringify(theirs));
      before = readFileSync(join(out, "recipe.json"), "utf8");
      writeFileSync(join(out, "metrics.jsonl"), "theirs\n");
    }),
  );
  expect(code).toBe(1);
  expect(stderr).toBe(`bregman: stopped writing into ${out}: process 9 has taken it over\n`);
  expect(readFileSync(join(out, "recipe.json"), "utf8")).toBe(before);
  expect(JSON.parse(readFileSync(join(out, "lock.json"), "utf8"))).toEqual(theirs);
  expect(existsSync(join(out, "result.json"))).toBe(false);
  // A line may have been on its way.
  expect(readFileSync(join(out, "metrics.jsonl"), "utf8").split("\n").length).toBeLessThanOrEqual(
    3,
  );
  const resumed = await runCli(["resume", out, ...flags]);
  expect(resumed.stderr).toMatch(
    / is in use by process 9 on not, since .*; if it is dead, the folder is free in \d+ s\n$/,
  );
}, 120_000);

it("a lock that a killed training left in an otherwise empty folder is no content", async () => {
  const out = join(temporaryFolder(), "run");
  mkdirSync(out);
  writeFileSync(join(out, "lock.json"), "");
  expect(await runCli(["train", tinyRecipe({ epochs: 1 }), "--out", out, ...flags])).toMatchObject({
    code: 0,
  });
  expect(epochs(out)).toEqual([0, 1]);
}, 60_000);
