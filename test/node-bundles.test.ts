/** Programs for Node in one file: they work, or one line says to keep bregman external. */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "./cli/run-cli.js";
import { areBundlersHere, builtByWebpack, bundled, bundler } from "./support/bundlers.js";
import { installPackage } from "./support/installed-package.js";

/**
 * Trains on as many threads as it's told, with the kernels that it's told; prints who computed, and
 * the loss.
 */
const program = (first = "", wasm = "process.argv[3]") => `${first}
import { fit, fromArrays, linBreg, mlp } from "bregman";
const inputs = Float32Array.from({ length: 80 }, (_, k) => Math.sin(k * k));
const labels = Array.from({ length: 40 }, (_, k) => k % 2);
const data = fromArrays({ shape: [2], train: { inputs, labels } });
fit(mlp([2, 4, 2]), data, {
  optimizer: { weights: linBreg({ tau: 0.1 }), biases: linBreg({ tau: 0.1 }) },
  epochs: 1,
  threads: Number(process.argv[2]),
  wasm: ${wasm},
  onEvent: (event) => event.type === "start" && console.log(event.backend, event.reason),
}).then(
  ({ epochs }) => console.log(epochs.at(-1).trainLoss),
  (error) => {
    console.error(String(error));
    process.exitCode = 1;
  },
);`;

/** Prints how many samples the CSV file "two.csv" beside it has. */
const CSV_PROGRAM = `import { loadData } from "bregman";
const source = { kind: "csv", train: "two.csv", label: "label" };
console.log(loadData(source, { baseDir: process.argv[2] }).train.count);`;

const KEEP_EXTERNAL =
  "if bregman is in a bundle, keep it external to it (esbuild: --external:bregman)";

describe.skipIf(!areBundlersHere)(bundled, () => {
  const root = temporaryFolder();
  const kernels = join(root, "node_modules/bregman/kernels/kernels.wasm");
  let plain: string;

  const run = (file: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(root, file), ...args], { cwd: root, encoding: "utf8" });
  const works = (file: string, ...args: string[]) => {
    const { status, stdout, stderr } = run(file, ...args);
    expect([stderr, status]).toEqual(["", 0]);
    const [who, loss] = stdout.trimEnd().split("\n");
    expect([who.split(" ")[0], loss]).toEqual(["wasm", plain]);
    return who;
  };
  const says = (message: RegExp, file: string, ...args: string[]) => {
    const { status, stdout, stderr } = run(file, ...args);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toContain(KEEP_EXTERNAL);
    expect(stderr.trimEnd()).not.toContain("\n");
  };

  /** Where no package is installed, a bundle of CSV_PROGRAM has all that it needs. */
  const readsCsv = (file: string) => {
    const place = temporaryFolder();
    cpSync(join(root, dirname(file)), place, { recursive: true });
    writeFileSync(join(place, "two.csv"), "a,b,label\n1,2,0\n3,4,1\n");
    const args = [join(place, basename(file)), place];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([stderr, stdout]).toEqual(["", "2\n"]);
  };

  beforeAll(() => {
    installPackage(join(root, "node_modules"));
    writeFileSync(join(root, "package.json"), '{ "type": "module" }');
    writeFileSync(join(root, "program.js"), program());
    writeFileSync(join(root, "csv.js"), CSV_PROGRAM);
    plain = run("program.js", "2").stdout.trimEnd().split("\n")[1];
    expect(Number(plain)).toBeGreaterThan(0);
  });

  /** All that a bundle without its package can do: one thread, with kernels that it is given. */
  const alone = (file: string) => {
    says(
      /^UnusableFileError: cannot load kernels\.wasm: .*, or give the option wasm: its address or its bytes$/m,
      file,
      "1",
    );
    says(/^InputError: cannot start worker 1: /, file, "2", kernels);
    expect(works(file, "1", kernels)).toContain(KEEP_EXTERNAL);
  };

  describe.each([
    ["esm", "mjs"],
    ["cjs", "cjs"],
  ])("esbuild, %s", (format, ending) => {
    const build = async (name: string, code: string, options: object) => {
      writeFileSync(join(root, `${name}.js`), code);
      const { warnings } = await (
        await bundler("esbuild")
      ).build({
        absWorkingDir: root,
        entryPoints: [`${name}.js`],
        outfile: `out/${name}.${ending}`,
        bundle: true,
        platform: "node",
        target: "node20",
        format,
        ...options,
      });
      expect(warnings).toEqual([]);
      return `out/${name}.${ending}`;
    };

    test("with bregman in it", async () => {
      alone(await build("inside", program(), {}));
    });

    test("with the kernels in it too, in any place", async () => {
      const code = program(`import wasm from "bregman/kernels.wasm";`, "wasm");
      const file = await build("binary", code, { loader: { ".wasm": "binary" } });
      const place = join(temporaryFolder(), `moved.${ending}`);
      copyFileSync(join(root, file), place);
      const { stdout, stderr } = spawnSync(process.execPath, [place, "1"], { encoding: "utf8" });
      expect([stderr, stdout.trimEnd().split("\n")[1]]).toEqual(["", plain]);
    });

    test("with bregman external", async () => {
      works(await build("outside", program(), { external: ["bregman"] }), "2");
    });

    test("with the library that reads CSV in it", async () => {
      readsCsv(await build("csv", CSV_PROGRAM, {}));
    });
  });

  describe("rollup", () => {
    const build = async (name: string, external: readonly string[], entry = "program") => {
      const [rollup, resolve, commonjs] = await Promise.all(
        ["rollup", "@rollup/plugin-node-resolve", "@rollup/plugin-commonjs"].map(bundler),
      );
      const plugins = [resolve({ preferBuiltins: true }), commonjs()];
      const input = join(root, `${entry}.js`);
      const bundle = await rollup.rollup({
        input,
        external: [/^node:/, ...external],
        plugins,
        onwarn: () => {},
      });
      await bundle.write({ dir: join(root, "out", name), entryFileNames: "[name].mjs" });
      return `out/${name}/${entry}.mjs`;
    };

    test("with bregman in it", { timeout: 120_000 }, async () =>
      alone(await build("rollup-inside", [])),
    );

    test("with bregman external", async () =>
      void works(await build("rollup-outside", ["bregman"]), "2"));

    test("with the library that reads CSV in it", { timeout: 120_000 }, async () =>
      readsCsv(await build("rollup-csv", [], "csv")),
    );
  });

  describe("webpack", () => {
    const build = async (
      name: string,
      externals: Readonly<Record<string, string>>,
      entry = "program",
    ) => {
      const faults = await builtByWebpack({
        context: root,
        mode: "development",
        devtool: false,
        target: "node20",
        entry: `./${entry}.js`,
        externals,
        experiments: { outputModule: true },
        output: { path: join(root, "out", name), filename: `${entry}.mjs`, module: true },
      });
      expect(faults).toEqual([]);
      return `out/${name}/${entry}.mjs`;
    };

    test(
      "with bregman in it: it finds the package where it was built",
      { timeout: 120_000 },
      async () => {
        works(await build("webpack-inside", {}), "2");
      },
    );

    test("with bregman external", async () => {
      works(await build("webpack-outside", { bregman: "module bregman" }), "2");
    });

    test("with the library that reads CSV in it", { timeout: 120_000 }, async () =>
      readsCsv(await build("webpack-csv", {}, "csv")),
    );
  });
});
