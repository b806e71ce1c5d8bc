/** The commands and code of docs/other-tools.md run, beside a small server in MLflow's place. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData } from "../cli/tiny.js";
import { inlineCode, shellWords } from "../support/doc-commands.js";
import { allBlocks, changed, runScript, SMALL_TRAINING } from "../support/doc-examples.js";
import { type FakeMlflow, fakeMlflow } from "../track/fake-mlflow.js";

// A busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const PAGE = "docs/other-tools.md";
const [board, boardCode, flow, flowCode] = allBlocks(PAGE, "bash js bash js");
const ADDRESS = "http://127.0.0.1:5000";
const cwd = temporaryFolder();
const options = ["--data-dir", tinyData(3200, 60), "--threads", "1"];

/** Runs a command of the page. */
async function bregman(line: string, ...more: string[]): Promise<void> {
  const { code, stderr } = await runCli([...shellWords(line).slice(1), ...more], { cwd });
  expect([line, code, stderr]).toEqual([line, 0, expect.not.stringMatching(/^bregman: /m)]);
}
/** The commands in the text that begin so. */
const inText = (begin: string) => {
  const found = inlineCode(PAGE).filter((code) => code.startsWith(begin));
  expect(found).not.toEqual([]);
  return found;
};
const trains = ({ code }: { code: string }) =>
  code.split("\n").find((line) => line.startsWith("bregman train"))!;

test("TensorBoard: a run, one that goes on, one that is over, and one in code", async () => {
  await bregman(trains(board), ...options, "--epochs", "1");
  for (const line of inText("bregman resume runs/first --tensorboard"))
    await bregman(line, ...options, "--epochs", "2");
  for (const line of inText("bregman export runs/first --format tensorboard")) await bregman(line);
  const [, folder] = /tensorboard --logdir (.*)/.exec(board.code)!;
  const events = (path: string) =>
    readdirSync(join(cwd, path)).filter((name) => name.startsWith("events.out.tfevents."));
  expect(events(join(folder, "first"))).toHaveLength(2);
  expect(events("runs/first/tensorboard")).toHaveLength(1);

  const own = temporaryFolder();
  await runScript(boardCode.code, { before: SMALL_TRAINING, cwd: own });
  expect(readdirSync(join(own, folder, "first"))).toHaveLength(1);
});

test("MLflow: a run, one that goes on, and one in code", async () => {
  const server: FakeMlflow = await fakeMlflow();
  try {
    const line = changed(trains(flow), [ADDRESS, server.url], ["runs/first", "runs/second"]);
    await bregman(line, ...options, "--epochs", "1");
    for (const text of inText("bregman resume runs/first --mlflow URL")) {
      const resume = changed(text, ["URL", server.url], ["runs/first", "runs/second"]);
      await bregman(resume, ...options, "--epochs", "2");
    }
    await runScript(changed(flowCode.code, [ADDRESS, server.url]), { before: SMALL_TRAINING });
  } finally {
    await server.close();
  }
  const steps = ({ metrics }: FakeMlflow["runs"][number]) => [
    ...new Set(metrics.map(({ step }) => step)),
  ];
  expect(server.runs.map(({ status }) => status)).toEqual(["FINISHED", "FINISHED"]);
  expect(server.runs.map(steps)).toEqual([
    [0, 1, 2],
    Array.from({ length: 11 }, (_, epoch) => epoch),
  ]);
});
