/**
 * Sweeps of tiny runs: what is run, to the bits of runs by themselves; going on after a stop; what
 * diverges; the table and the report.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parallelCoordinates, sweepScatter } from "#bregman/report/sweep-figures.js";
import { sweepColumns, writeSweepReport } from "#bregman/report/sweep-report.js";
import { readRecipe } from "#bregman/recipes/load.js";
import { runRecipe } from "#bregman/runs/run.js";
import { missingTasks, openSweep, runOfTask, runSweep } from "#bregman/sweep/sweep.js";
import type { Sweep, SweepOptions } from "#bregman/sweep/sweep.js";
import { tableOf, writeTable } from "#bregman/sweep/table.js";
import { schemaOf } from "../support/schema-of.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";

const TAU = "optimizer.weights.tau";
const dataDir = tinyData(200, 60);
/** What follows the number of epochs is in it: a run that was begun shorter would differ. */
const base = {
  schedule: { kind: "cosine" },
  targetDensity: { targets: { weights: 0.2 }, ramp: 0.5 },
};
const recipe = tinyRecipe(base);
const open = (grid: object, out = join(temporaryFolder(), "out")): Sweep => {
  const file = join(temporaryFolder(), "grid.json");
  writeFileSync(file, JSON.stringify({ recipe, ...grid }));
  return openSweep(file, out);
};
const run = (sweep: Sweep, options: Partial<SweepOptions> = {}) =>
  runSweep(sweep, { dataDir, threads: 1, ...options });
/** The runs that were carried out, and those that were finished before. */
async function counted(sweep: Sweep) {
  const found = { run: 0, kept: 0 };
  await run(sweep, {
    onRun: (_, event) => {
      if (event.type === "done") found[event.kept ? "kept" : "run"]++;
    },
  });
  return found;
}
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const model = (folder: string) => readFileSync(join(folder, "model.safetensors"));
const halving = {
  ranges: { [TAU]: [0.02, 0.05, 0.1, 0.2] },
  strategy: { kind: "halving", factor: 2 },
  epochs: 4,
};

test("halving goes on with the best, to the bits of runs that never stopped", async () => {
  const sweep = open(halving);
  expect(await counted(sweep)).toEqual({ run: 7, kept: 0 });
  const table = tableOf(sweep, "bregman sweep grid.json")!;
  expect(table.rows.map(({ rung, epochs }) => [rung, epochs])).toEqual([
    [3, 4],
    [2, 2],
    [1, 1],
    [1, 1],
  ]);
  expect([table.by, table.missing]).toEqual(["validAccuracy", 0]);
  // Who goes on was best in its rung.
  const at = (place: string, epoch: number) =>
    json(join(sweep.out, place, "seed-0", `rung-${epoch}.json`)).validAccuracy;
  const [best, second, ...others] = table.rows.map(({ place }) => place);
  expect(at(best, 2)).toBeGreaterThanOrEqual(at(second, 2));
  for (const place of others) expect(at(second, 1)).toBeGreaterThanOrEqual(at(place, 1));

  writeTable(sweep, table);
  const alone = join(temporaryFolder(), "alone");
  const { recipe: whole, baseDir } = readRecipe(join(sweep.out, "best.json"));
  expect(whole).toMatchObject({
    epochs: 4,
    optimizer: { weights: { tau: table.rows[0].values[TAU] } },
  });
  await runRecipe(whole, {
    out: alone,
    baseDir,
    dataDir,
    threads: 1,
    command: "",
    onWarning: () => {},
  });
  expect(model(alone).equals(model(join(sweep.out, best, "seed-0")))).toBe(true);
  for (const file of [join(sweep.out, "best.json"), join(alone, "recipe.json")])
    expect(Object.keys(schemaOf(file).properties)).toContain("optimizer");
  const lines = (folder: string) =>
    readFileSync(join(folder, "metrics.jsonl"), "utf8").replace(/"seconds":[\d.e-]+/g, "");
  expect(lines(alone)).toBe(lines(join(sweep.out, best, "seed-0")));

  // The second time there is nothing to do; what is lost is run again.
  expect(await counted(sweep)).toEqual({ run: 0, kept: 7 });
  const before = model(join(sweep.out, best, "seed-0"));
  rmSync(join(sweep.out, best), { recursive: true });
  expect(await counted(sweep)).toEqual({ run: 3, kept: 4 });
  expect(model(join(sweep.out, best, "seed-0")).equals(before)).toBe(true);
});

test("a sweep that was stopped in an epoch goes on to the same bits", async () => {
  const whole = open(halving);
  await run(whole);
  const sweep = open(halving);
  const controller = new AbortController();
  let events = 0;
  const stopped = await run(sweep, {
    signal: controller.signal,
    onRun(_, event) {
      // Of the second run nothing but its beginning is there.
      if (event.type === "start" && ++events === 2) controller.abort();
    },
  });
  expect(stopped).toBe(false);
  expect(tableOf(sweep, "")!.missing).toBe(3);
  expect(missingTasks(sweep, 0)).toEqual([1, 2, 3]);
  expect(() => missingTasks(sweep, 1)).toThrow(
    `rung 2 of ${sweep.out} can't begin: 3 runs are missing of rung 1`,
  );
  expect(await run(sweep)).toBe(true);
  const places = tableOf(whole, "")!.rows.map(({ place }) => place);
  expect(tableOf(sweep, "")!.rows.map(({ place }) => place)).toEqual(places);
  for (const place of places)
    expect(
      model(join(sweep.out, place, "seed-0")).equals(model(join(whole.out, place, "seed-0"))),
    ).toBe(true);
});

test("an epoch cut short at the end of a rung does not count as its end", async () => {
  const sweep = open({
    ...halving,
    ranges: { [TAU]: [0.001, 0.002] },
    strategy: { kind: "halving", factor: 2, firstEpochs: 1 },
  });
  const controller = new AbortController();
  // After the first step: the line of the epoch cut short says 1, too.
  const observed = run(sweep, {
    signal: controller.signal,
    onRun(_, event) {
      if (event.type === "start") queueMicrotask(() => controller.abort());
    },
  });
  expect(await observed).toBe(false);
  const [first] = sweep.trials;
  const folder = join(sweep.out, first.place, "seed-0");
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
  expect(JSON.parse(lines.at(-1)!).epoch).toBe(1);
  expect(readdirSync(folder).filter((name) => name.startsWith("rung-"))).toEqual([]);
  expect(await run(sweep)).toBe(true);
  const metrics = json(join(folder, "rung-1.json"));
  expect(metrics.epoch).toBe(1);
  expect(metrics.trainLoss).not.toBe(JSON.parse(lines.at(-1)!).trainLoss);
});

test("runs that diverge come last, and are not run again; the others go on", async () => {
  const sweep = open({
    recipe: tinyRecipe({
      optimizer: { weights: { kind: "sgd", tau: 0.1 }, biases: { kind: "sgd", tau: 0.1 } },
    }),
    ranges: { [TAU]: [1e30, 0.1] },
    seeds: [0, 1],
    epochs: 1,
  });
  expect(await counted(sweep)).toEqual({ run: 4, kept: 0 });
  const table = tableOf(sweep, "")!;
  expect(table.rows.map(({ values, diverged }) => [values[TAU], diverged])).toEqual([
    [0.1, undefined],
    [1e30, true],
  ]);
  expect(await counted(sweep)).toEqual({ run: 0, kept: 4 });
  writeTable(sweep, table);
  expect(json(join(sweep.out, "best.json")).optimizer.weights.tau).toBe(0.1);
  const page = readFileSync(writeSweepReport(sweep.out, table), "utf8");
  expect(page).toContain("diverged");
});

test("table, CSV and report: mean and spread over the seeds, the front, both figures, no script", async () => {
  const sweep = open({
    ranges: { [TAU]: [0.05, 0.2], "model.features[1]": [8, 20], schedule: [{ kind: "constant" }] },
    seeds: [3, 5],
    epochs: 2,
  });
  await run(sweep);
  const table = tableOf(sweep, "bregman sweep grid.json")!;
  expect(table.rows.length).toBe(4);
  for (const row of table.rows) {
    const finals = [3, 5].map(
      (seed) => json(join(sweep.out, row.place, `seed-${seed}`, "result.json")).final,
    );
    expect(row.validAccuracy!.values).toEqual(finals.map((final) => final.validAccuracy));
    expect(row.density!.mean).toBeCloseTo((finals[0].density + finals[1].density) / 2, 12);
  }
  const merits = table.rows.map((row) => row.validAccuracy!.mean);
  expect(merits).toEqual([...merits].sort((a, b) => b - a));
  // A trial is of the front if no other beats it both ways.
  for (const row of table.rows) {
    const beaten = table.rows.some(
      (other) =>
        other.validAccuracy!.mean >= row.validAccuracy!.mean &&
        other.density!.mean <= row.density!.mean &&
        (other.validAccuracy!.mean > row.validAccuracy!.mean ||
          other.density!.mean < row.density!.mean),
    );
    expect(row.front ?? false).toBe(!beaten);
  }
  writeTable(sweep, table);
  expect(json(join(sweep.out, "table.json"))).toEqual(JSON.parse(JSON.stringify(table)));
  const [head, ...lines] = readFileSync(join(sweep.out, "table.csv"), "utf8").trim().split("\n");
  expect(head).toContain(`place,recipe,${TAU},model.features[1],schedule,seeds,rung,epochs`);
  expect(lines.length).toBe(4);
  expect(sweepColumns(table).map(({ head: name }) => name)).toEqual(
    expect.arrayContaining([
      "weights.tau",
      "model.features[1]",
      "schedule",
      "validation %",
      "density %",
    ]),
  );
  const page = readFileSync(writeSweepReport(sweep.out, table), "utf8");
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).not.toMatch(/<script|src="http|href="http|url\(/);
  const lower = parallelCoordinates(table);
  // A line a trial across what differs: the schedule does not.
  expect(lower).toContain(
    "values of weights.tau, model.features[1], density, validation, a line a trial",
  );
  expect(lower.match(/<path/g)!.length).toBe(4);
  expect(sweepScatter(table).match(/<circle/g)!.length).toBe(4);
});

test("a task carries out its run alone, and there is none beyond the last", () => {
  const sweep = open(halving);
  expect(runOfTask(sweep, { rung: 0, task: 2 }).run.trial).toBe(sweep.trials[2]);
  expect(runOfTask(sweep, { rung: 0, task: 2 }).until).toBe(1);
  expect(() => runOfTask(sweep, { rung: 0, task: 4 })).toThrow(
    "--task must be an integer from 0 to 3 for rung 1 of this grid, found 4",
  );
  expect(() => runOfTask(sweep, { rung: 3, task: 0 })).toThrow(
    "--rung must be an integer from 1 to 3 for this grid, found 4",
  );
  expect(() => runOfTask(sweep, { rung: 1, task: 0 })).toThrow(
    "can't begin: 4 runs are missing of rung 1",
  );
});

test("a folder with runs of another recipe is refused before anything runs", async () => {
  const out = join(temporaryFolder(), "out");
  const grid = { ranges: { [TAU]: [0.1] }, epochs: 1 };
  await run(open(grid, out));
  const sweep = open({ ...grid, epochs: 2 }, out);
  await expect(run(sweep)).rejects.toThrow(
    /^sweep: .* holds a run of another recipe; what differs: epochs;/,
  );
  expect(existsSync(join(out, "table.json"))).toBe(false);
  expect(statSync(join(out, sweep.trials[0].place)).isDirectory()).toBe(true);
});
