/**
 * `bregman/predict` elsewhere than in Node: in Deno and in Bun, by its published name, and on
 * servers that have no files, as one file with the kernels in it. The answers are those of Node.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeModel } from "#bregman/export/model-format.js";
import { mlp } from "#bregman/models/mlp.js";
import { createPredictor as createFull } from "#bregman/predict/predictor.js";
import { createPredictor as createLight } from "#bregman/predict/light.js";
import type { Predictor } from "#bregman/predict/predictor-with.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { areBundlersHere, bundled, bundler } from "../support/bundlers.js";
import { MODELS } from "../support/graph-models.js";
import { codeBlocks } from "../support/doc-examples.js";
import { installPackage } from "../support/installed-package.js";
import { randomInputs, randomNetwork } from "../support/random-network.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = join(ROOT, "test/runtimes/node_modules");
const areHere = existsSync(MODULES);
const suite = areHere
  ? "elsewhere"
  : "elsewhere (skipped: `npm ci --prefix test/runtimes --ignore-scripts` installs Deno and Bun)";

/** The program that npm has installed for this machine; without its script it is where it came. */
function installed(scope: string, ...path: string[]): string {
  const [name] = existsSync(join(MODULES, scope)) ? readdirSync(join(MODULES, scope)) : [""];
  return join(MODULES, scope, name, ...path);
}

/** Runs a program: with all that it may ask for, or with nothing but itself. */
const RUNTIMES: Readonly<Record<string, (file: string, alone: boolean) => readonly string[]>> = {
  Deno: (file, alone) => [
    installed("@deno", "deno"),
    "run",
    "--no-prompt",
    ...(alone ? [] : ["--allow-all"]),
    file,
  ],
  Bun: (file) => [installed("@oven", "bin/bun"), file],
};

const networks = {
  flat: randomNetwork(mlp([20, 30, 7]), { density: 0.2 }),
  images: randomNetwork(MODELS["convolutions with padding, batch norm"]),
};
const COUNTS = [1, 40];

/** What a predictor answers of each network. */
async function answersOf(create: (file: Uint8Array) => Promise<Predictor>): Promise<string> {
  const all: number[][] = [];
  for (const network of Object.values(networks)) {
    const inputs = randomInputs(network, Math.max(...COUNTS));
    await using net = await create(encodeModel(network, {}, { sparse: true }));
    const features = inputs.length / Math.max(...COUNTS);
    for (const count of COUNTS)
      all.push([...(await net.predict(inputs.subarray(0, count * features)))]);
  }
  return JSON.stringify(all);
}

/** The same as a program, which prints who computes and the answers. */
function program(head: string, options: string): string {
  const given = Object.values(networks).map((network) => ({
    file: Buffer.from(encodeModel(network, {}, { sparse: true })).toString("base64"),
    inputs: [...randomInputs(network, Math.max(...COUNTS))],
  }));
  return `${head}
    const all = [];
    const how = [];
    for (const { file, inputs } of ${JSON.stringify(given)}) {
      const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
      const net = await createPredictor(bytes, ${options});
      how.push(net.backend, net.threads);
      const features = inputs.length / ${Math.max(...COUNTS)};
      for (const count of ${JSON.stringify(COUNTS)})
        all.push([...(await net.predict(Float32Array.from(inputs.slice(0, count * features))))]);
      await net.close();
    }
    console.log(how.join(" "));
    console.log(JSON.stringify(all));`;
}

function run([command, ...args]: readonly string[], cwd: string): string[] {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  expect([error, stderr, status]).toEqual([undefined, "", 0]);
  return stdout.trimEnd().split("\n");
}

describe.skipIf(!areHere).each(Object.keys(RUNTIMES))(`${suite}: %s`, (name) => {
  test.each([
    ["without the addon", "{ threads: 1 }", "wasm 1 wasm 1"],
    ["with the addon, which it leaves alone", "{ threads: 1 }", "wasm 1 wasm 1"],
    ["on two threads", "{ threads: 2 }", "wasm 2 wasm 2"],
  ])("%s", async (what, options, how) => {
    const folder = temporaryFolder();
    installPackage(join(folder, "node_modules"));
    if (what.startsWith("with the addon")) {
      for (const part of ["build/Release", "kernels"])
        cpSync(join(ROOT, part), join(folder, "node_modules/bregman", part), { recursive: true });
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const head = 'import { createPredictor } from "bregman/predict";';
    writeFileSync(join(folder, "program.js"), program(head, options));
    const [who, answers] = run(RUNTIMES[name]("program.js", false), folder);
    expect(who).toBe(how);
    expect(answers).toBe(await answersOf((file) => createFull(file, { backend: "wasm" })));
  });
});

describe.skipIf(!areBundlersHere)(`${bundled}, in one file without files`, () => {
  const folder = temporaryFolder();
  beforeAll(async () => {
    const { code } = codeBlocks("docs/browser.md").find((block) =>
      block.code.includes("bregman/predict.wasm"),
    )!;
    const [head, call] = code.split("\n\n");
    expect(call).toContain("createPredictor(bytes, { wasm })");
    const esbuild = await bundler("esbuild");
    const { warnings } = await esbuild.build({
      absWorkingDir: ROOT,
      stdin: { contents: program(head, "{ wasm }"), resolveDir: ROOT },
      bundle: true,
      format: "esm",
      target: "es2023",
      loader: { ".wasm": "binary" },
      outfile: join(folder, "server.mjs"),
    });
    expect(warnings).toEqual([]);
  });

  test("it imports nothing", () => {
    const code = readFileSync(join(folder, "server.mjs"), "utf8");
    expect(/^import\b|\bimport\(|\brequire\(/m.exec(code)).toBeNull();
  });

  const everywhere: typeof RUNTIMES = {
    Node: (file: string) => [process.execPath, file],
    ...(areHere ? RUNTIMES : {}),
  };
  test.each(Object.entries(everywhere))("%s runs it", async (_name, command) => {
    const [who, answers] = run(command("server.mjs", true), folder);
    expect(who).toBe("wasm 1 wasm 1");
    expect(answers).toBe(await answersOf((file) => createLight(file)));
  });

  // What such servers lack: neither `process` nor what it gives.
  test("it asks for no module of Node", async () => {
    const code = readFileSync(join(folder, "server.mjs"), "utf8");
    writeFileSync(join(folder, "edge.mjs"), `delete globalThis.process;\n${code}`);
    const [, answers] = run([process.execPath, "edge.mjs"], folder);
    expect(answers).toBe(await answersOf((file) => createLight(file)));
  });
});
