/** The grid of docs/sweeps.md runs by the command that stands there. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SweepTable } from "#bregman/sweep/table.js";
import { codeBlocks } from "../support/doc-examples.js";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData } from "../cli/tiny.js";

const blocks = codeBlocks("docs/sweeps.md");

test("the first grid runs as it is, on data of the same shape", async () => {
  const cwd = temporaryFolder();
  const grid = blocks.find(({ title }) => title === "taus.json")!;
  // With few more samples than are held out.
  writeFileSync(join(cwd, "taus.json"), grid.code);
  const command = blocks.find(({ code }) => code.startsWith("bregman sweep"))!.code.trim();
  const args = command.split(" ").slice(1);
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
