/**
 * A run folder full of links, as a stranger may give it: nothing outside it is written, cut short
 * or deleted.
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeWritable } from "#bregman/cli/out-folder.js";
import { runCli, temporaryFolder } from "./run-cli.js";
import { tinyData, tinyRecipe } from "./tiny.js";
import { UnusableFileError } from "#bregman/errors.js";

const data = tinyData();
const flags = ["--data-dir", data, "--threads", "1"];
const recipe = tinyRecipe({ epochs: 4 });
const whole = join(temporaryFolder(), "whole");
const stopped = join(temporaryFolder(), "stopped");

/** The names of all files in a folder, without their folders. */
const names = (folder: string, below = "") =>
  readdirSync(join(folder, below)).filter((name) => lstatSync(join(folder, below, name)).isFile());
/** Every file of a folder with its content, as text. */
const contents = (folder: string) =>
  Object.fromEntries(
    names(folder).map((name) => [name, readFileSync(join(folder, name)).toString("latin1")]),
  );

beforeAll(async () => {
  expect((await runCli(["train", recipe, "--out", whole, ...flags])).code).toBe(0);
  for (const command of ["path", "simplify", "prune", "export"]) {
    const more = { prune: ["--density", "0.1"], export: ["--format", "onnx"] }[command] ?? [];
    const where = command === "export" || command === "path" ? [] : flags;
    expect(await runCli([command, whole, ...more, ...where])).toMatchObject({ code: 0 });
  }
  const { code } = await runCli(["train", recipe, "--out", stopped, "--json", ...flags], {
    onOutput: (text, kill) => /"type":"epoch".*"epoch":2,/.test(text) && kill("SIGKILL"),
  });
  expect(code).toBeNull();
}, 180_000);

/** The stopped run, and a folder outside that every file a run may write is a link into. */
function linked() {
  const folder = join(temporaryFolder(), "run");
  cpSync(stopped, folder, { recursive: true });
  const outside = temporaryFolder();
  const link = (path: string, name: string, content: string | Uint8Array) => {
    writeFileSync(join(outside, name), content);
    rmSync(path, { force: true });
    symlinkSync(join(outside, name), path);
  };
  mkdirSync(join(folder, "pictures"), { recursive: true });
  const real = new Set(names(folder).filter((name) => name.startsWith("checkpoint")));
  for (const name of names(whole)) {
    // What is read has its own content, all else is somebody's.
    const own = existsSync(join(folder, name));
    if (!real.has(name))
      link(join(folder, name), name, own ? readFileSync(join(folder, name)) : `my ${name}`);
  }
  for (const name of names(whole, "pictures"))
    link(join(folder, "pictures", name), name, `my ${name}`);
  return { folder, outside };
}

describe("every file of a run folder a link", () => {
  it("resume, report, path, simplify, prune and export write into the folder only", async () => {
    const { folder, outside } = linked();
    const before = contents(outside);
    expect(Object.keys(before).length).toBeGreaterThan(20);
    expect(await runCli(["resume", folder, ...flags, "--epochs", "5", "--json"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    for (const [command, ...more] of [
      ["report"],
      ["path"],
      ["simplify", ...flags],
      ["prune", "--density", "0.1", ...flags],
      ["export", "--format", "onnx"],
    ]) {
      expect(await runCli([command, folder, ...more])).toMatchObject({ code: 0 });
    }
    expect(contents(outside)).toEqual(before);
    // What the run wrote took the place of the links.
    for (const name of names(whole).filter((file) => !file.startsWith("checkpoint"))) {
      expect(lstatSync(join(folder, name)).isFile(), name).toBe(true);
    }
  }, 180_000);

  it.each(["a folder", "nothing", "a file"])(
    "pictures as a link to %s: one line, and all is as it was",
    async (to) => {
      const folder = join(temporaryFolder(), "run");
      cpSync(stopped, folder, { recursive: true });
      const outside = temporaryFolder();
      cpSync(join(whole, "pictures"), outside, { recursive: true });
      writeFileSync(join(outside, "epoch-001.png.1-1.tmp"), "mine");
      rmSync(join(folder, "pictures"), { recursive: true, force: true });
      const target = {
        "a folder": outside,
        nothing: join(outside, "none"),
        "a file": join(outside, "epoch-000.png"),
      };
      symlinkSync(target[to as keyof typeof target], join(folder, "pictures"));
      const before = [contents(outside), contents(folder)];
      const { code, stdout, stderr } = await runCli(["resume", folder, ...flags, "--json"]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toBe(
        `bregman: could not write into ${join(folder, "pictures")}: it is a link, which may lead out of ${folder}\n`,
      );
      expect([contents(outside), contents(folder)]).toEqual(before);
    },
    60_000,
  );

  it("a finished run's report reads no pictures through a link, and writes none", async () => {
    const folder = join(temporaryFolder(), "run");
    cpSync(whole, folder, { recursive: true });
    rmSync(join(folder, "pictures"), { recursive: true });
    const outside = temporaryFolder();
    copyFileSync(join(whole, "pictures", "epoch-001.png"), join(outside, "epoch-001.png"));
    symlinkSync(outside, join(folder, "pictures"));
    const before = contents(outside);
    expect((await runCli(["report", folder])).code).toBe(0);
    expect(readFileSync(join(folder, "report.html"), "utf8")).not.toContain("<img");
    expect((await runCli(["resume", folder])).stderr).toContain("it is a link");
    expect(contents(outside)).toEqual(before);
  }, 60_000);
});

it("a comparison does not go on with a run that a link leads to", async () => {
  const [out, elsewhere] = [temporaryFolder(), temporaryFolder()];
  cpSync(stopped, join(elsewhere, "seed-0"), { recursive: true });
  const before = contents(join(elsewhere, "seed-0"));
  const args = ["compare", recipe, "--seeds", "0", "--out", out, ...flags];
  symlinkSync(elsewhere, join(out, "tiny"));
  const first = await runCli(args);
  rmSync(join(out, "tiny"));
  mkdirSync(join(out, "tiny"));
  symlinkSync(join(elsewhere, "seed-0"), join(out, "tiny", "seed-0"));
  const second = await runCli(args);
  for (const { code, stderr } of [first, second]) {
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^bregman: .*could not write into \S+: it is a link, which may lead out of \S+\n$/,
    );
  }
  expect(contents(join(elsewhere, "seed-0"))).toEqual(before);
}, 60_000);

it("the check that a folder can be written touches nothing that is there", () => {
  const [folder, outside] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(outside, "mine"), "mine");
  for (const name of [".bregman-probe", `.bregman-probe-${process.pid}`]) {
    symlinkSync(join(outside, "mine"), join(folder, name));
  }
  expect(() => makeWritable(folder, "results folder")).toThrow(UnusableFileError);
  expect(contents(outside)).toEqual({ mine: "mine" });
  expect(readdirSync(folder)).toHaveLength(2);
});
