/** What docs/start.md has a newcomer do works, one after the other. */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData } from "../cli/tiny.js";
import { codeBlocks, runnable } from "../support/doc-examples.js";

const blocks = codeBlocks("docs/start.md");
const commands = blocks
  .filter(({ language }) => language === "sh")
  .flatMap(({ code }) => [...code.matchAll(/^npm run bregman -- (.*)$/gm)])
  .map(([, args]) => args.split(" "));

test("a network is trained, its report is there, and it is asked", async () => {
  const cwd = temporaryFolder();
  const [train, path] = commands;
  expect(commands).toHaveLength(2);
  // With few more samples than are held out.
  const done = await runCli([...train, "--data-dir", tinyData(3200, 60)], { cwd });
  expect(done.code).toBe(0);
  // The line of heads that the page shows.
  const [heads] = blocks.find(({ language }) => language === "text")!.code.split("\n");
  expect(done.stderr).toContain(heads);
  expect(existsSync(join(cwd, "runs/first/report.html"))).toBe(true);
  expect((await runCli(path, { cwd })).code).toBe(0);

  const { title, code } = blocks.find(({ language }) => language === "js")!;
  writeFileSync(join(cwd, title!), runnable(code));
  const said = execFileSync(process.execPath, [title!], { cwd, encoding: "utf8" });
  expect(said).toMatch(/^\[\n( +\{ class: \d, probability: \d\.[\de-]+ \},?\n){3}\]\n$/);
});
