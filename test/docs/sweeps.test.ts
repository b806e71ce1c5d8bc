/**
 * The grid of docs/sweeps.md runs by the command that stands there; its schema and the manifest are
 * written. Those of Slurm are run by test/sweep/slurm.test.ts.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SweepTable } from "#bregman/sweep/table.js";
import { shellWords } from "../support/doc-commands.js";
import { allBlocks, runScript } from "../support/doc-examples.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData } from "../cli/tiny.js";

const [grid, local, schema, , kubernetes] = allBlocks("docs/sweeps.md", "json sh sh sh sh");

test("the first grid runs as it is, on data of the same shape", async () => {
  const cwd = temporaryFolder();
  // With few more samples than are held out.
  writeFileSync(join(cwd, "taus.json"), grid.code);
  const args = shellWords(local.code).slice(1);
  const { code, stderr } = await runCli([...args, "--data-dir", tinyData(3200, 60)], { cwd });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const out = join(cwd, "runs/taus");
  const table = JSON.parse(readFileSync(join(out, "table.json"), "utf8")) as SweepTable;
  expect(table.rows.map(({ rung, epochs }) => [rung, epochs])).toEqual([
    ...Array.from({ length: 2 }, () => [2, 3]),
    ...Array.from({ length: 4 }, () => [1, 1]),
  ]);
  for (const name of ["table.csv", "sweep.html", "best.json", "grid.json", "mnist-quick"])
    expect(readdirSync(out)).toContain(name);
}, 300_000);

test("its schema for editors is written", async () => {
  const [program, option, code, more, file] = shellWords(schema.code);
  expect([program, option, more, file]).toEqual(["node", "-e", ">", "grid.schema.json"]);
  const said = await runScript(code);
  expect(JSON.parse(said).properties).toHaveProperty("strategy");
});

test("a manifest for Kubernetes is written, and is the one that is applied", async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "taus.json"), grid.code);
  const [sweep, apply] = kubernetes.code.trim().split("\n").map(shellWords);
  const { code, stderr } = await runCli(sweep.slice(1), { cwd });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(apply.slice(0, 3)).toEqual(["kubectl", "apply", "-f"]);
  const { kind, spec } = JSON.parse(readFileSync(join(cwd, apply[3]), "utf8"));
  expect([kind, spec.template.spec.containers[0].image]).toEqual(["Job", sweep.at(-1)]);
});
