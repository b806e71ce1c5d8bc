/** Runs a script beside a copy of the built package, with no addon or with a broken one. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * What the module `script` prints; it imports from "./dist/runtime/". `addon`: contents of the
 * addon file.
 */
export function nodeInCopy(script: string, { addon }: { readonly addon?: string } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "bregman-"));
  try {
    cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    for (const name of ["kernels.wasm", "predict.wasm"])
      cpSync(join(root, "kernels", name), join(folder, "kernels", name));
    if (addon !== undefined) {
      mkdirSync(join(folder, "build/Release"), { recursive: true });
      writeFileSync(join(folder, "build/Release/bregman_native.node"), addon);
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "script.js"), script);
    return execFileSync(process.execPath, ["script.js"], { cwd: folder, encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
