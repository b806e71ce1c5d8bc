/**
 * A sweep as a job array of a real Slurm: killed, told of its time limit, requeued, and in the end
 * to the bits of the same sweep without it. Where Slurm is missing that one is skipped, and its
 * name says why.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { numberRanges } from "#bregman/sweep/slurm.js";
import { openSweep, runSweep, type Sweep } from "#bregman/sweep/sweep.js";
import { tableOf, type SweepTable } from "#bregman/sweep/table.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { startSlurm, whyNoSlurm, type Slurm } from "../support/slurm.js";

const TAU = "optimizer.weights.tau";
const dataDir = tinyData(400, 60);
const grid = join(temporaryFolder(), "taus.json");
const taus = [0.02, 0.03, 0.05, 0.07, 0.1, 0.13, 0.17, 0.2];
writeFileSync(grid, JSON.stringify({ recipe: tinyRecipe(), ranges: { [TAU]: taus }, epochs: 60 }));

test("numbers of tasks are written as ranges", () => {
  expect(numberRanges([0, 1, 2, 3])).toBe("0-3");
  expect(numberRanges([0, 3, 5, 6, 7, 9])).toBe("0,3,5-7,9");
  expect(numberRanges([4])).toBe("4");
});

describe("without a Slurm", () => {
  const bin = join(temporaryFolder(), "bin");
  mkdirSync(bin);

  it("says so, and leaves the scripts", async () => {
    const cwd = temporaryFolder();
    const args = ["sweep", grid, "--data-dir", dataDir, "--slurm=--time=10 --partition=long"];
    const { code, stderr } = await runCli([...args, "--at-once", "3", "--threads", "1"], {
      cwd,
      env: { PATH: bin },
    });
    const script = join(cwd, "runs/taus/slurm/rung-1.sh");
    expect([code, stderr]).toEqual([
      1,
      `bregman: could not submit ${script}: there is no sbatch on this machine\n`,
    ]);
    const lines = readFileSync(script, "utf8").split("\n");
    expect(lines).toContain("#SBATCH --array=0-7%3");
    expect(lines).toContain("#SBATCH --time=10 --partition=long");
    expect(lines).toContain("#SBATCH --cpus-per-task=1");
    expect(spawnSync("bash", ["-n", script]).status).toBe(0);
  });

  it("wants options of sbatch, and nothing else", async () => {
    const { code, stderr } = await runCli(["sweep", "--slurm", grid]);
    expect([code, stderr]).toEqual([
      1,
      `bregman: --slurm must be options of sbatch such as --slurm="--time=02:00:00", found "${grid}"\n`,
    ]);
  });
});

const why = whyNoSlurm();

describe.skipIf(why !== undefined)(`with a Slurm${why === undefined ? "" : ` (${why})`}`, () => {
  let slurm: Slurm | undefined;
  beforeAll(async () => {
    slurm = await startSlurm(temporaryFolder());
  }, 180_000);
  afterAll(() => slurm?.stop(), 180_000);
  const isEmpty = () => (slurm!.call("squeue", "-h") === "" ? true : undefined);
  /** Whether all models of a sweep have the bits of those of another. */
  const expectSameBits = (one: Sweep, out: string) => {
    for (const { place } of one.trials) {
      const model = (of: string) => readFileSync(join(of, place, "seed-0", "model.safetensors"));
      expect(model(out).equals(model(one.out)), place).toBe(true);
    }
  };

  it("eight runs as an array: one is killed, one told of its time limit; the bits are the same", async () => {
    const here = openSweep(grid, join(temporaryFolder(), "here"));
    expect(await runSweep(here, { dataDir, threads: 1 })).toBe(true);

    const { call, until } = slurm!;
    const cwd = temporaryFolder();
    const out = join(cwd, "there");
    const args = ["sweep", grid, "--data-dir", dataDir, "--out", out, "--threads", "1", "--slurm"];
    const submit = () => runCli(args, { cwd, env: slurm!.env });
    const { code, stdout, stderr } = await submit();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [, array, table] = /^job (\d+): 8 runs\njob (\d+): table and report\n$/.exec(stdout)!;
    // A second time while the jobs are there would do all twice.
    expect((await submit()).stderr).toContain(
      `jobs of this sweep are in the queue still: ${array}`,
    );

    const folders = openSweep(grid, out).trials.map(({ place }) => join(out, place, "seed-0"));
    /** The process of a task, halted in the middle of its run. */
    const middle = (task: number) =>
      until(`task ${task} to be in its middle`, () => {
        const metrics = join(folders[task], "metrics.jsonl");
        const lock = join(folders[task], "lock.json");
        if (!existsSync(metrics) || !existsSync(lock)) return undefined;
        if (readFileSync(metrics, "utf8").split("\n").length < 5) return undefined;
        const { process: id } = JSON.parse(readFileSync(lock, "utf8")) as { process: number };
        process.kill(id, "SIGSTOP");
        expect(existsSync(join(folders[task], "result.json")), "still in its middle").toBe(false);
        return id;
      });
    /**
     * Waits until a task is requeued, and does not wait two minutes more, as Slurm does. Slurm's
     * clock for withdrawn credentials has seconds: begun anew in the same one, a task is refused.
     */
    const requeued = async (task: number) => {
      const id = `${array}_${task}`;
      await until(`task ${task} to be requeued`, () => {
        const state = call("squeue", "-h", "-r", "-o", "%i %t %r").split("\n");
        return state.find((line) => line.startsWith(`${id} PD BeginTime`));
      });
      call("scontrol", "update", `JobId=${id}`, "StartTime=now+2");
    };
    const [killed, told] = await Promise.all([middle(0), middle(1)]);
    process.kill(killed, "SIGKILL");
    // As Slurm does before the time limit, which is a minute at least.
    call("scancel", "--batch", "--signal=USR1", `${array}_1`);
    process.kill(told, "SIGCONT");
    await Promise.all([requeued(0), requeued(1)]);
    await until("the jobs to end", isEmpty);

    expectSameBits(here, out);
    const rows = ({ rows: all }: Pick<SweepTable, "rows">) =>
      all.map((row) => ({ ...row, seconds: 0 }));
    const written = JSON.parse(readFileSync(join(out, "table.json"), "utf8")) as SweepTable;
    expect(rows(written)).toEqual(JSON.parse(JSON.stringify(rows(tableOf(here, "")!))));
    expect(existsSync(join(out, "sweep.html"))).toBe(true);
    const log = (task: number) => readFileSync(join(out, "slurm", `${array}_${task}.log`), "utf8");
    expect(log(0)).toContain("Killed");
    expect(log(1)).toContain("Stopping after this step");
    expect(readdirSync(join(out, "slurm"))).toContain(`${table}.log`);
    // There is nothing left to submit.
    expect((await submit()).stdout).toContain("The best: validation accuracy");
  }, 240_000);

  it("halving is an array a rung, each after the one before", async () => {
    const cwd = temporaryFolder();
    const file = join(cwd, "halving.json");
    const strategy = { kind: "halving", factor: 2 };
    const ranges = { [TAU]: [0.05, 0.1] };
    writeFileSync(file, JSON.stringify({ recipe: tinyRecipe(), ranges, strategy, epochs: 2 }));
    const here = openSweep(file, join(temporaryFolder(), "here"));
    expect(await runSweep(here, { dataDir, threads: 1 })).toBe(true);
    const out = join(cwd, "there");
    const args = ["sweep", file, "--data-dir", dataDir, "--out", out, "--threads", "1", "--slurm"];
    const { stdout } = await runCli(args, { cwd, env: slurm!.env });
    expect(stdout).toMatch(
      /^job \d+: 2 runs of rung 1\njob \d+: 1 run of rung 2\njob \d+: table and report\n$/,
    );
    await slurm!.until("the jobs to end", isEmpty);
    expectSameBits(here, out);
    const table = JSON.parse(readFileSync(join(out, "table.json"), "utf8")) as SweepTable;
    expect(table.rows.map(({ rung, epochs }) => [rung, epochs])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  }, 240_000);
});
