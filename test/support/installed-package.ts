/** The package as npm puts it into a project of somebody else's, with what it depends on. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Puts it into a folder `node_modules`. Not as a link: bundlers treat linked packages as one's own
 * code. The addon is not built.
 */
export function installPackage(modules: string): void {
  for (const part of ["package.json", "dist", "kernels/kernels.wasm", "kernels/predict.wasm"]) {
    cpSync(join(ROOT, part), join(modules, "bregman", part), { recursive: true });
  }
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) linkPackage(modules, name);
}

/** Packs it as it would be published; returns the file, in this folder. */
export function packPackage(folder: string): string {
  const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  return join(folder, execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim());
}

/** Unpacks such a file into a folder `node_modules`, without what it depends on. */
export function unpackPackage(modules: string, tarball: string): void {
  const folder = join(modules, "bregman");
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["xf", tarball, "-C", folder, "--strip-components=1"]);
}

/** Links another package of ours beside it. */
export function linkPackage(modules: string, name: string): void {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}
