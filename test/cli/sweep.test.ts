/**
 * `bregman sweep` with tiny runs: several at a time, going on after a kill, one task alone, bad
 * input in one line.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SweepTable } from "#bregman/sweep/table.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";

const data = tinyData(200, 60);
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const TAU = "optimizer.weights.tau";
const recipe = tinyRecipe();
function gridFile(changes: object = {}): string {
  const path = join(temporaryFolder(), "taus.json");
  const grid = { recipe, ranges: { [TAU]: [0.02, 0.05, 0.1, 0.2] }, ...changes };
  writeFileSync(path, JSON.stringify(grid));
  return path;
}
const sweep = (grid: string, out: string, ...more: string[]) => [
  "sweep",
  grid,
  "--data-dir",
  data,
  "--out",
  out,
  "--threads",
  "1",
  ...more,
];
/** What does not depend on the time. */
const figures = (out: string) =>
  (json(join(out, "table.json")) as SweepTable).rows.map((row) => ({ ...row, seconds: 0 }));

describe("bregman sweep", () => {
  it("halves several at a time, and goes on after a kill to the same figures", async () => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "killed")];
    const grid = gridFile({ epochs: 4, strategy: { kind: "halving", factor: 4 } });
    const first = await runCli(sweep(grid, whole));
    expect([first.code, lines(first.stderr).length]).toEqual([0, 7]);
    expect(first.stderr).toMatch(
      /^Rung 1 of 2: 4 trials to epoch 1\n1\/4 {2}tau 0.02 {2}seed 0 {2}validation/,
    );
    expect(first.stdout).toContain("The best: validation accuracy");
    expect(readdirSync(whole).sort()).toEqual([
      "best.json",
      "grid.json",
      "sweep.html",
      "table.csv",
      "table.json",
      "tiny",
    ]);

    let sent = false;
    const killed = await runCli(sweep(grid, out, "--at-once", "2"), {
      onOutput(text, kill) {
        // The processes of the runs find nobody who reads, and stop.
        if (!sent && text.includes("1/4")) kill("SIGKILL");
        sent ||= text.includes("1/4");
      },
    });
    expect([killed.code, existsSync(join(out, "table.json"))]).toEqual([null, false]);
    const again = await runCli(sweep(grid, out, "--at-once", "2"));
    expect([again.code, again.stdout.replaceAll(out, whole).length]).toEqual([
      0,
      first.stdout.length,
    ]);
    expect(again.stderr).toContain("finished before");
    expect(figures(out)).toEqual(figures(whole));
    const model = (folder: string) =>
      readFileSync(join(folder, figures(whole)[0].place, "seed-0", "model.safetensors"));
    expect(model(out).equals(model(whole))).toBe(true);
    expect(existsSync(join(out, figures(whole)[3].place, "seed-0", "report.html"))).toBe(true);
  }, 240_000);

  it("stops by a signal with what is there, and carries out a task alone", async () => {
    const out = join(temporaryFolder(), "tasks");
    const grid = gridFile({ epochs: 30 });
    let sent = false;
    const stopped = await runCli(sweep(grid, out, "--at-once", "2"), {
      onOutput(text, kill) {
        if (!sent && text.includes("1/4")) kill("SIGINT");
        sent ||= text.includes("1/4");
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain("the same command goes on");
    expect(stopped.stdout).toContain("not finished yet.");
    const last = await runCli(sweep(grid, out, "--task", "3"));
    expect([last.code, lines(last.stderr).length, last.stdout]).toEqual([0, 1, ""]);
    const collected = await runCli(["sweep", grid, "--out", out, "--collect"]);
    expect(collected.code).toBe(0);
    expect(figures(out).map(({ values }) => values[TAU])).toContain(0.2);
  }, 240_000);
});

describe("bregman sweep told wrong", () => {
  it.each<[object, string[], string]>([
    [{ ranges: { "optimizer.weights.tua": [1] } }, [], `not a valid grid: 1 problem: 1:`],
    [{}, ["--task", "4"], "--task must be an integer from 0 to 3 for this grid, found 4"],
    [{}, ["--rung", "1"], "--rung is for one run: expected --task beside it, found none"],
    [{}, ["--at-once", "0"], `--at-once must be an integer from 1 to 1000, found "0"`],
    [{}, ["--collect"], "--collect: no run of this grid is finished in runs/taus"],
  ])("%j %j: one line, exit code 1, nothing left", async (changes, more, message) => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(["sweep", gridFile(changes), ...more], { cwd });
    expect(stderr).toContain(message);
    expect([code, stdout, lines(stderr).length]).toEqual([1, "", 1]);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
