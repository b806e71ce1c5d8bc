// Compiles kernels/kernels.c to kernels/kernels.wasm and, with the kernels that predict one sample,
// kernels/predict.wasm. With --check it compiles to a temporary folder and fails if the bytes
// differ from the committed ones. The bytes depend on the sources and the clang version only, not
// on paths or time.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const kernels = fileURLToPath(new URL("../kernels/", import.meta.url));

/** Each with what it is compiled with besides. */
const FILES = {
  "kernels.wasm": ["-O3", "-Wl,--export=trains"],
  // As fast as with -O3, and a tenth smaller.
  "predict.wasm": ["-O2", "-DSINGLE_ONLY"],
};

// The committed files are made with clang 19; another version makes a file that works but has other
// bytes.
const WANTED = 19;

const FLAGS = [
  "--target=wasm32",
  "-std=gnu11",
  "-msimd128",
  "-mbulk-memory",
  "-matomics",
  "-mmutable-globals",
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-trapping-math",
  // Memory starts at address 0, and offsets are added to it.
  "-fno-delete-null-pointer-checks",
  "-ffreestanding",
  "-nostdlib",
  "-Wno-unknown-pragmas",
  "-Wl,--no-entry",
  "-Wl,--import-memory",
  "-Wl,--shared-memory",
  // All of 4 GiB; the memory given at run time may be smaller.
  "-Wl,--max-memory=4294967296",
  // The first page belongs to the module (its data, if it ever has any; src/runtime/memory.ts hands
  // out what comes after); the linker fails if it needs more. Stacks are not in it: each thread
  // brings its own.
  "-Wl,--initial-memory=65536",
  "-Wl,-z,stack-size=16384",
  "-Wl,--export=run",
  "-Wl,--export=linger",
  "-Wl,--export=predicts",
  "-Wl,--export=__stack_pointer",
  "-Wl,--strip-all",
];

function clang() {
  for (const command of [`clang-${WANTED}`, "clang"]) {
    const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
    const version = Number(/version (\d+)/.exec(stdout ?? "")?.[1] ?? 0);
    if (version >= 16) return { command, version };
  }
  return fail(
    `cannot build the kernels for wasm: no clang-${WANTED}, nor a clang of version 16 or later, is on the PATH`,
  );
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const check = process.argv.includes("--check");
const { command, version } = clang();
const folder = mkdtempSync(join(check ? tmpdir() : kernels, ".wasm-"));
try {
  for (const [name, more] of Object.entries(FILES)) {
    const [built, target] = [join(folder, name), join(kernels, name)];
    const { status, stderr, error } = spawnSync(
      command,
      [...FLAGS, ...more, "-o", built, "kernels.c"],
      { cwd: kernels, encoding: "utf8" },
    );
    if (status !== 0) fail(`cannot build ${name} with ${command}:\n${stderr || error?.message}`);
    if (!check) {
      renameSync(built, target);
      console.log(`${name}: ${readFileSync(target).length} bytes, clang ${version}`);
    } else if (!existsSync(target) || !readFileSync(built).equals(readFileSync(target))) {
      const why =
        version === WANTED
          ? "run npm run build:wasm and commit it"
          : `but this is clang ${version}, it is made with ${WANTED}`;
      fail(`kernels/${name} is not what the sources give: ${why}`);
    } else console.log(`${name}: up to date`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
