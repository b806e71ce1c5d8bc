/** A regression on the command line: trained, shown, predicted, simplified, exported. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { beforeAll, describe, expect, it } from "vitest";
import { runCli, temporaryFolder } from "./run-cli.js";

const TABLE = fileURLToPath(new URL("../fixtures/data/tables/diabetes.csv", import.meta.url));
const folder = temporaryFolder();
const run = join(folder, "run");
const json = (name: string) => JSON.parse(readFileSync(join(run, name), "utf8"));
const adaBreg = { kind: "adaBreg", tau: 0.01, regularizer: { kind: "l1", lambda: 0.05 } };
const recipe = {
  name: "diabetes",
  data: {
    kind: "csv",
    train: "diabetes.csv",
    test: "diabetes.csv",
    targets: ["progression", "bmi"],
    validation: 0.2,
  },
  model: { kind: "mlp", features: [9, 24, 2] },
  optimizer: { weights: adaBreg, biases: { kind: "adaBreg", tau: 0.01 } },
  init: { weights: { density: 0.1 } },
  keep: "best",
  batchSize: 32,
  epochs: 25,
};

describe("a table with two targets", () => {
  let stdout: string;
  beforeAll(async () => {
    copyFileSync(TABLE, join(folder, "diabetes.csv"));
    writeFileSync(join(folder, "recipe.json"), JSON.stringify(recipe));
    const args = ["train", join(folder, "recipe.json"), "--out", run, "--threads", "1"];
    const done = await runCli(args);
    expect([done.code, done.stderr.includes("R²")]).toEqual([0, true]);
    ({ stdout } = done);
  });

  it("is told in its units, each target by itself", () => {
    const { final, epochs } = json("result.json");
    expect(json("recipe.json").loss).toBe("meanSquaredError");
    expect(final.targets.map(({ name }: { name: string }) => name)).toEqual(["progression", "bmi"]);
    expect(final.testR2).toBeGreaterThan(0.3);
    expect(final.targets[0].mae).toBeGreaterThan(30);
    expect(final.targets[1].mae).toBeLessThan(4);
    expect(epochs.at(-1).validR2).toBeTypeOf("number");
    expect(stdout).toMatch(/Test MAE +[0-9.]+ +validation [0-9.]+/);
    expect(stdout).toMatch(/Test R² +0\.\d+/);
    expect(stdout).toMatch(/MAE of bmi, R² 0\.\d+/);
    const report = readFileSync(join(run, "report.html"), "utf8");
    expect(report).toMatch(/Comes to an R² of 0\.\d+ on the test samples/);
    expect(report).toContain("R² over epochs");
  });

  it("predict leaves the targets' columns out, and names the outputs", async () => {
    const args = ["predict", run, join(folder, "diabetes.csv")];
    const csv = await runCli([...args, "--csv"]);
    expect(csv).toMatchObject({ code: 0, stderr: "" });
    const [head, ...rows] = Papa.parse<string[]>(csv.stdout.trim()).data;
    expect(head).toEqual(["name", "progression", "bmi"]);
    const patients = Papa.parse<Record<string, string>>(readFileSync(TABLE, "utf8").trim(), {
      header: true,
    }).data;
    const errors = rows.map(([, y], k) => Math.abs(Number(y) - Number(patients[k].progression)));
    const mae = errors.reduce((sum, error) => sum + error, 0) / rows.length;
    expect(mae).toBeCloseTo(json("result.json").final.targets[0].mae, 2);
    const [first] = JSON.parse((await runCli([...args, "--json"])).stdout);
    expect(Object.keys(first.targets)).toEqual(["progression", "bmi"]);
    expect(first.outputs[0]).toBe(first.targets.progression);
  });

  it("simplify and prune compare in the same figures", async () => {
    for (const args of [["simplify"], ["prune", "--density", "0.5"]]) {
      const [command, ...flags] = args;
      const done = await runCli([command, run, ...flags, "--threads", "1"]);
      expect(done.code).toBe(0);
      expect(done.stdout).toMatch(/test R² +0\.\d+ +0\.\d+/);
    }
  });
});
