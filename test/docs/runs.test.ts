/** The commands and the code of docs/runs.md run, on a small network. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { shellWords } from "../support/doc-commands.js";
import {
  allBlocks,
  changed,
  pythonHere,
  readByPython,
  runScript,
  SMALL_TRAINING,
} from "../support/doc-examples.js";

// A busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const [resume, longer, start, python, onnx, path, lines, dashboard, inCode] = allBlocks(
  "docs/runs.md",
  "sh sh json python json sh text sh ts",
);
const cwd = temporaryFolder();
const options = ["--data-dir", tinyData(), "--threads", "1"];

/** Runs a command of the page, or another one; what it prints. */
async function bregman(line: string, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli([...shellWords(line).slice(1), ...more], { cwd });
  expect([line, code, stderr.match(/^bregman: .*/m)?.[0]]).toEqual([line, 0, undefined]);
  return stdout;
}
const epochsOf = (run: string) =>
  readFileSync(join(cwd, run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n").length - 1;

// A run that Ctrl-C has stopped.
beforeAll(async () => {
  const recipe = tinyRecipe({ epochs: 8 });
  let sent = false;
  const { code } = await runCli(["train", recipe, "--out", "runs/first", ...options, "--json"], {
    cwd,
    onOutput: (text, kill) => {
      if (sent || !text.includes('"epoch":2,')) return;
      sent = true;
      kill("SIGINT");
    },
  });
  expect(code).toBe(130);
});

test("a run that was stopped goes on to its end, and to more epochs", async () => {
  await bregman(resume.code, ...options);
  expect(epochsOf("runs/first")).toBe(8);
  expect(await bregman(resume.code, ...options)).toContain("finished");
  await bregman(longer.code, ...options);
  expect(epochsOf("runs/first")).toBe(20);
});

test("the path has the columns that the page shows", async () => {
  const [heads] = lines.code.split("\n");
  const said = await bregman(path.code);
  expect(said.replace(/ +/g, " ")).toContain(heads.replace(/ +/g, " "));
  for (const name of ["path.svg", "path.html", "path.json"])
    expect(existsSync(join(cwd, "runs/first", name))).toBe(true);
});

test("recipes begin with a network of ours, and with one of an ONNX file", async () => {
  await bregman("bregman export runs/first --format onnx");
  renameSync(join(cwd, "runs/first/model.onnx"), join(cwd, "net.onnx"));
  const recipe = JSON.parse(readFileSync(tinyRecipe({ epochs: 1 }), "utf8"));
  for (const [name, { code }] of Object.entries({ start, onnx })) {
    const more = JSON.parse(`{ ${code} }`);
    writeFileSync(join(cwd, `${name}.json`), JSON.stringify({ ...recipe, ...more }));
    await bregman(`bregman train ${name}.json --out runs/${name}`, ...options);
    const [first] = readFileSync(join(cwd, "runs", name, "metrics.jsonl"), "utf8").split("\n");
    // Before its first step it can what it had learned.
    expect(JSON.parse(first).validAccuracy).toBeGreaterThan(0.5);
  }
});

test("the dashboard says its address, and ends at Ctrl-C", async () => {
  const { code, stdout } = await runCli([...shellWords(dashboard.code).slice(1), "--port", "0"], {
    cwd,
    onOutput: (text, kill) => text.includes("http://") && kill("SIGINT"),
  });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Runs of runs: http:\/\/127\.0/)]);
});

test("a script goes on where it was stopped", async () => {
  const before = `import { fit } from "bregman";${SMALL_TRAINING}`;
  const after = "console.log(result.epochs.length);";
  for (const epochs of ["3", "5"]) {
    const code = changed(inCode.code, ["epochs: 100", `epochs: ${epochs}`]);
    const said = await runScript(code, { before, after, cwd });
    expect(Number(said)).toBe(Number(epochs) + 1);
  }
});

test.skipIf(pythonHere === undefined)("the lines of Python can be read", () => {
  expect(readByPython(python.code)).toBe(true);
});
