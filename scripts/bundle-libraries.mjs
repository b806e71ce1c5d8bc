/**
 * Puts libraries into dist/bundled/: each file there (src/bundled/) names what is used of one
 * library, and becomes a file that holds it. So whoever installs bregman does not install them:
 * they are large, and little of each is needed. `npm run build` does so last.
 *
 *     dist/bundled/<name>.js       with the library in it
 *     dist/bundled/<name>-types/   types of a library that stand in ours, as they are
 *     dist/bundled/uplot.css       the style sheet that uplot.js needs
 *     dist/bundled/LICENSES.txt    of all that is in these files
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const bundled = join(root, "dist/bundled");
/** Libraries whose types stand in ours that others see: a recipe is what its schema says. */
const TYPED = ["zod"];

/** Node's own modules, and what linkedom uses only if it is there: a canvas to paint on. */
const external = [/^node:/, ...builtinModules, "canvas"];

/** The folder of the package that a file in node_modules is of. */
function packageOf(file) {
  const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file.replaceAll("\\", "/"));
  return folder?.[0];
}

/** Replaces a file by itself with all that it imports; returns the packages that are in it. */
async function bundle(file) {
  // What a library does when it is loaded counts, whatever it says: zod sets its language so.
  const treeshake = { moduleSideEffects: true };
  const build = await rolldown({ input: file, external, platform: "node", treeshake });
  const minify = { compress: false, mangle: true, codegen: { removeWhitespace: true } };
  const { output } = await build.generate({ format: "esm", minify });
  await build.close();
  const [{ code, moduleIds }, ...others] = output;
  if (others.length > 0) throw new Error(`${file} must become one file`);
  writeFileSync(file, code);
  return moduleIds.flatMap((id) => packageOf(id.replace(/^\0/, "")) ?? []);
}

/**
 * Copies the types of a library, and what they import, into dist/bundled/, and has ours name them
 * there: tsc writes the library's own name also where a type was inferred.
 */
function copyTypes(name) {
  const from = join(root, "node_modules", name);
  const to = join(bundled, `${name}-types`);
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    cpSync(file, join(to, relative(from, file)));
    for (const [, path] of readFileSync(file, "utf8").matchAll(/from "(\.[^"]*)\.js"/g))
      visit(join(dirname(file), `${path}.d.ts`));
  };
  visit(join(from, "index.d.ts"));
  for (const path of readdirSync(join(root, "dist"), { recursive: true })) {
    const file = join(root, "dist", path);
    if (!path.endsWith(".d.ts") || file.startsWith(to)) continue;
    const text = readFileSync(file, "utf8");
    const there = relative(dirname(file), join(to, "index.js")).replaceAll("\\", "/");
    const own = there.startsWith(".") ? there : `./${there}`;
    const moved = text.replaceAll(new RegExp(`(from |import\\()"${name}"`, "g"), `$1"${own}"`);
    if (moved !== text) writeFileSync(file, moved);
  }
}

/** The text of a package's licence, or its name where the text is not with the package. */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? license : readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${version}\n\n${text}\n`;
}

/** Of Apache's licence a copy must come along; TypeScript has one. */
const apache = `Apache-2.0\n\n${readFileSync(join(root, "node_modules/typescript/LICENSE.txt"), "utf8").trim()}\n`;

const packages = new Set();
for (const name of readdirSync(bundled).filter((file) => file.endsWith(".js")))
  for (const found of await bundle(join(bundled, name))) packages.add(found);
for (const name of TYPED) copyTypes(name);
cpSync(join(root, "node_modules/uplot/dist/uPlot.min.css"), join(bundled, "uplot.css"));
const licenses = [...[...packages].toSorted().map(licenseOf), apache];
writeFileSync(join(bundled, "LICENSES.txt"), licenses.join(`\n${"-".repeat(80)}\n\n`));
