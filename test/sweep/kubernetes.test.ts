/**
 * The manifest of an indexed Job, against the schema that Kubernetes publishes for it (batch/v1, by
 * the package kubernetes-models), rung by rung; and the example beside its Dockerfile.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jobManifest } from "#bregman/sweep/kubernetes.js";
import { openSweep, runSweep } from "#bregman/sweep/sweep.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";

const MODELS = "test/kubernetes/node_modules/kubernetes-models";
const isHere = existsSync(MODELS);
const name = isHere
  ? "the schema"
  : "the schema (skipped: `npm ci --prefix test/kubernetes --ignore-scripts` installs it)";
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const manifest = jobManifest({
  name: "bregman-My_Sweep--",
  image: "registry.example/bregman:1",
  tasks: 8,
  atOnce: 3,
  threads: 2,
  command: ["bregman", "sweep", "grid.json", "--out", "it's here"],
});

describe.skipIf(!isHere)(name, () => {
  interface Model {
    validate(): void;
  }
  const { Job } = (
    isHere ? createRequire(import.meta.url)(`../../${MODELS}/batch/v1/index.js`) : {}
  ) as { Job: new (data: object) => Model };
  const check = (value: object) => () => new Job(value).validate();

  it("takes our Job, and that of the examples", () => {
    expect(check(manifest)).not.toThrow();
    expect(check(json("examples/sweep/job.json"))).not.toThrow();
  });

  it("knows every key that we write: with a value of another kind it refuses each", () => {
    let keys = 0;
    /** Every manifest with one value that is of another kind. */
    const visit = (at: Record<string, unknown>, path: string) => {
      for (const [key, value] of Object.entries(at)) {
        at[key] = typeof value === "object" ? 5 : {};
        expect(check(whole), `${path}.${key}`).toThrow();
        at[key] = value;
        keys++;
        if (typeof value === "object") visit(value as Record<string, unknown>, `${path}.${key}`);
      }
    };
    const whole = structuredClone(manifest) as Record<string, unknown>;
    visit(whole, "");
    expect(whole).toEqual(manifest);
    expect(keys).toBeGreaterThan(40);
  });
});

it("hands a run the index of its pod, by a shell that the run takes the place of", () => {
  const { metadata, spec } = manifest as {
    metadata: { name: string };
    spec: {
      completions: number;
      parallelism: number;
      template: { spec: { containers: { command: string[] }[] } };
    };
  };
  expect(metadata.name).toBe("bregman-my-sweep");
  expect([spec.completions, spec.parallelism]).toEqual([8, 3]);
  const [{ command }] = spec.template.spec.containers;
  const words = command.map((word) => (word === "bregman" ? "printf" : word));
  words[words.indexOf("sweep")] = "%s|";
  expect(run(words, { JOB_COMPLETION_INDEX: "5" })).toBe("grid.json|--out|it's here|--task|5|");
});

/** What a command prints. */
function run([program, ...args]: string[], env: Record<string, string>): string {
  return execFileSync(program, args, { encoding: "utf8", env: { ...process.env, ...env } });
}

describe("bregman sweep --kubernetes", () => {
  const dataDir = tinyData(200, 60);
  const ranges = { "optimizer.weights.tau": [0.05, 0.1, 0.2, 0.3] };
  const gridFile = (folder: string) => {
    const file = join(folder, "taus.json");
    const strategy = { kind: "halving", factor: 4 };
    writeFileSync(file, JSON.stringify({ recipe: tinyRecipe(), ranges, strategy, epochs: 2 }));
    return file;
  };

  it("writes the next rung, and in the end the table", async () => {
    const cwd = temporaryFolder();
    const grid = gridFile(cwd);
    const args = ["sweep", grid, "--data-dir", dataDir, "--kubernetes", "bregman:1"];
    const first = await runCli(args, { cwd });
    expect([first.code, first.stderr, first.stdout]).toEqual([
      0,
      "",
      "runs/taus/job.json: 4 runs of rung 1 of 2\nkubectl apply -f runs/taus/job.json\n" +
        "The same command again when it has ended.\n",
    ]);
    const file = join(cwd, "runs/taus/job.json");
    expect(json(file)).toMatchObject({
      metadata: { name: "bregman-taus-rung-1" },
      spec: { completions: 4 },
    });
    const sweep = openSweep(grid, join(cwd, "runs/taus"));
    const controller = new AbortController();
    await runSweep(sweep, {
      dataDir,
      threads: 1,
      signal: controller.signal,
      // The first rung alone, as its Job does.
      onRung: (rung) => void (rung === 1 && controller.abort()),
    });
    expect((await runCli(args, { cwd })).stdout).toContain("1 run of rung 2 of 2");
    expect(json(file)).toMatchObject({ spec: { completions: 1 } });
    await runSweep(sweep, { dataDir, threads: 1 });
    expect((await runCli(args, { cwd })).stdout).toContain("The best: validation accuracy");
  }, 120_000);

  it("wants the runs in the working folder, and one cluster", async () => {
    const grid = gridFile(temporaryFolder());
    const args = ["sweep", grid, "--kubernetes", "bregman:1"];
    const out = await runCli([...args, "--out", "../elsewhere"]);
    expect([out.code, out.stderr]).toEqual([
      1,
      "bregman: --out must be within the working folder, which the pods have too, found ../elsewhere\n",
    ]);
    const both = await runCli([...args, "--slurm"]);
    expect([both.code, both.stderr]).toEqual([
      1,
      "bregman: expected either --slurm or --kubernetes, found both\n",
    ]);
  }, 120_000);

  it("writes the example", async () => {
    const root = process.cwd();
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "grid.json"), readFileSync(join(root, "examples/sweep/grid.json")));
    const image = "registry.example/bregman:0.1.0";
    const args = ["sweep", "grid.json", "--at-once", "4", "--kubernetes", image];
    expect((await runCli(args, { cwd })).code).toBe(0);
    expect(json(join(cwd, "runs/grid/job.json"))).toEqual(json("examples/sweep/job.json"));
  }, 120_000);
});
