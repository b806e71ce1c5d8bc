/** What docs/start.md has a newcomer do works, one after the other. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData } from "../cli/tiny.js";
import { allBlocks, runScript } from "../support/doc-examples.js";

const blocks = allBlocks("docs/start.md", "sh text sh js");
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

  const said = await runScript(blocks[3].code, { cwd });
  expect(said).toMatch(/^\[\n( +\{ class: \d, probability: \d\.[\de-]+ \},?\n){3}\]\n$/);
});
