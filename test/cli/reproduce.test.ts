/**
 * `bregman reproduce` on a small data set: the list, the table, what is left behind, going on after
 * a stop, bad input in one line.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadRecipe } from "#bregman/recipes/load.js";
import { PAPER_ROWS, paperRow } from "#bregman/sweep/paper-rows.js";
import { publishedFigures } from "#bregman/sweep/published-figures.js";
import type { Reproduction } from "#bregman/sweep/reproduce.js";
import { rowText } from "#bregman/sweep/row-figures.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData } from "./tiny.js";

// The recipes hold 3000 images out. The files of Fashion-MNIST are called as those of MNIST.
const data = tinyData(3400, 60);
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const read = (folder: string, name = "reproduce.json") =>
  JSON.parse(readFileSync(join(folder, name), "utf8"));
const ROW = "mnist-mlp-linbreg";
const common = ["--data-dir", data, "--threads", "1"];
const reproduce = (row: string, ...more: string[]) =>
  runCli(["reproduce", row, ...common, ...more]);
const cells = (text: string, source: string) =>
  lines(text)
    .map((line) => line.split("│").map((cell) => cell.trim()))
    .find(([, first]) => first === source)
    ?.slice(2, -1);

describe("bregman reproduce", () => {
  it("lists every row with the paper's figure and ours, and runs nothing", async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(["reproduce"], { cwd });
    expect([code, stderr, readdirSync(cwd)]).toEqual([0, "", []]);
    const published = publishedFigures();
    for (const { experiment, method, recipe, paper = "–", measure } of PAPER_ROWS) {
      const { seeds, epochs } = published[recipe];
      const seed = seeds.length === 1 ? "seed" : "seeds";
      expect(lines(stdout)).toContain(experiment);
      expect(stdout).toContain(
        `  ${recipe}  ${method}\n    paper  ${paper}\n    ours   ` +
          `${rowText(measure, published[recipe])} (${seed} ${seeds.join(", ")} for ${epochs} epochs, `,
      );
      // So a run by the recipe, without --epochs, is as long as ours, or it says so.
      const now = loadRecipe(recipe).epochs;
      expect(stdout.includes(`its recipe takes ${now} epochs now; add --epochs ${epochs}\n`)).toBe(
        now !== epochs,
      );
    }
    expect(stdout).toContain(`  ${ROW}  LinBreg, lambda 0.1\n    paper  97.5 % at 11 %`);
    expect(lines(stdout).at(-1)).toContain("bregman reproduce NAME runs a row");
  });

  it("runs a row, shows three figures, says what is not as in ours, repeats nothing", async () => {
    const cwd = temporaryFolder();
    const args = ["reproduce", ROW, ...common, "--seeds", "4,3", "--epochs", "2"];
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect([code, lines(stderr).length]).toEqual([0, 2]);
    const out = join("runs", "reproduce", `${ROW}-epochs-2`);
    expect(lines(stdout).at(-1)).toBe(join(out, "reproduce.json"));
    const folder = join(cwd, out);
    expect(readdirSync(folder).sort()).toEqual(["reproduce.json", "seed-3", "seed-4"]);
    expect(existsSync(join(folder, "seed-3", "report.html"))).toBe(true);
    const { run, published, command, ...facts } = read(folder) as Reproduction;
    const finals = [4, 3].map((seed) => read(join(folder, `seed-${seed}`), "result.json").final);
    expect([run.seeds, run.epochs]).toEqual([[4, 3], 2]);
    expect(run.figure.values).toEqual(finals.map((final) => final.validAccuracy));
    expect(run.densities.map(({ values }) => values)).toEqual([finals.map((one) => one.density)]);
    expect(published).toEqual(publishedFigures()[ROW]);
    expect(facts).toMatchObject({ ...paperRow(ROW), threads: 1 });
    expect(command).toBe(`bregman reproduce ${ROW} --threads 1 --seeds 4,3 --epochs 2`);
    const mean = (100 * (finals[0].validAccuracy + finals[1].validAccuracy)) / 2;
    const density = (100 * (finals[0].density + finals[1].density)) / 2;
    expect(cells(stdout, "paper")).toEqual([paperRow(ROW).paper, "", ""]);
    expect(cells(stdout, "ours")).toEqual(["97.3 ± 0.3 % at 10.6 %", "0, 1, 2", "100"]);
    expect(cells(stdout, "this run")).toEqual([
      `${mean.toFixed(1).replace("100.0", "100")} % at ${density.toFixed(1)} %`,
      "4, 3",
      "2",
    ]);
    expect(stdout).toContain("Not the row as it stands: that is seeds 0, 1, 2 for 100 epochs.");

    const model = join(folder, "seed-3", "model.safetensors");
    const before = statSync(model).mtimeMs;
    const again = await runCli(args, { cwd });
    expect([again.code, again.stdout]).toEqual([0, stdout]);
    expect(again.stderr.match(/finished before/g)).toHaveLength(2);
    expect(statSync(model).mtimeMs).toBe(before);
  });

  it("measures as the row says: by kinds of weights, in the best epoch", async () => {
    const out = join(temporaryFolder(), "groups");
    const row = "fashion-convnet-groups-adabreg";
    const { code } = await reproduce(row, "--seeds", "0", "--epochs", "2", "--out", out);
    expect(code).toBe(0);
    const { best } = read(join(out, "seed-0"), "result.json").final;
    const { run } = read(out) as Reproduction;
    expect([run.figure.mean, ...run.densities.map(({ mean }) => mean)]).toEqual([
      best.testAccuracy,
      best.linearDensity,
      best.kernelDensity,
    ]);
  });

  it("goes on after a stop, and has the figures of a row that was never stopped", async () => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "stopped")];
    const args = ["--seeds", "0,1", "--epochs", "40"];
    await reproduce(ROW, ...args, "--out", whole);
    let sent = false;
    const stopped = await runCli(["reproduce", ROW, ...common, ...args, "--out", out], {
      onOutput(text, kill) {
        // The first run is done: the second is under way, or about to be.
        if (sent || !text.includes("1/2")) return;
        sent = true;
        kill("SIGINT");
      },
    });
    expect([stopped.code, stopped.stdout]).toEqual([130, ""]);
    expect(stopped.stderr).toContain("the same command goes on");
    expect(existsSync(join(out, "reproduce.json"))).toBe(false);
    const resumed = await reproduce(ROW, ...args, "--out", out);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr.match(/finished before/g)).toHaveLength(1);
    const figures = (folder: string) => ({ ...(read(folder) as Reproduction).run, seconds: 0 });
    expect(figures(out)).toEqual(figures(whole));
  });
});

describe("bregman reproduce told wrong", () => {
  it.each([
    [
      ["mnist-mlp-linbrg"],
      `the paper's table has no row "mnist-mlp-linbrg" (did you mean "${ROW}"?); ` +
        `\`bregman reproduce\` lists all ${PAPER_ROWS.length}`,
    ],
    [["mnist-quick"], `the paper's table has no row "mnist-quick"`],
    [[ROW, "--seeds", "1,1"], "reproduce: expected every seed once, found 1 twice"],
    [[ROW, "--seeds", "x"], "--seeds must be integers from 0 to 4294967295 with commas"],
    [[ROW, "--epochs", "0"], `--epochs must be an integer of at least 1, found "0"`],
    [
      ["cifar10-resnet18", "--epochs", "1"],
      '--epochs 1 does not fit the recipe "cifar10-resnet18": schedule: cosine: warmupEpochs',
    ],
    [[ROW, "--out", ""], `--out must be a folder, found ""`],
    [[ROW, "--data-dir", "nowhere"], "seed 0: could not find mnist"],
  ])("%j: one line, exit code 1, nothing left", async (args, message) => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(["reproduce", ...args], { cwd });
    expect(stderr).toContain(message);
    expect([code, stdout, lines(stderr).length]).toEqual([1, "", 1]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("refuses a folder with runs of another length before anything runs", async () => {
    const out = join(temporaryFolder(), "row");
    await reproduce(ROW, "--seeds", "0", "--epochs", "1", "--out", out);
    const before = readFileSync(join(out, "reproduce.json"), "utf8");
    const { code, stderr } = await reproduce(ROW, "--seeds", "1,0", "--epochs", "2", "--out", out);
    expect([code, lines(stderr)]).toEqual([
      1,
      [
        `bregman: reproduce: ${join(out, "seed-0")} holds a run of another recipe; what differs: ` +
          "epochs; name another folder with --out",
      ],
    ]);
    expect(readdirSync(out).sort()).toEqual(["reproduce.json", "seed-0"]);
    expect(readFileSync(join(out, "reproduce.json"), "utf8")).toBe(before);
  });
});
