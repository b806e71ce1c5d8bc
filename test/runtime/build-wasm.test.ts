import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const hasClang = spawnSync("clang-19", ["--version"]).status === 0;
if (!hasClang) console.log("the wasm files are not rebuilt and compared: there is no clang-19");

test.skipIf(!hasClang)("the wasm files are what the sources give", () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["scripts/build-wasm.mjs", "--check"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  expect(stdout + stderr).toBe("kernels.wasm: up to date\npredict.wasm: up to date\n");
  expect(status).toBe(0);
});
