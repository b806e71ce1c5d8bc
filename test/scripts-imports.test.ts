/** Scripts and benchmarks are no TypeScript: what they take from the library is checked here. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const files = ["scripts", "bench", "bench/lib", "bench/peers"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => join(folder, name)),
);

/** The names that a script takes from each module of dist/, in a list or by a namespace. */
function taken(file: string): [module: string, name: string][] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return source.statements.flatMap((statement): [string, string][] => {
    if (!ts.isImportDeclaration(statement)) return [];
    const from = (statement.moduleSpecifier as ts.StringLiteral).text;
    const module = relative(join(ROOT, "dist"), resolve(ROOT, file, "..", from));
    const bindings = statement.importClause?.namedBindings;
    if (!from.startsWith(".") || module.startsWith("..") || !bindings) return [];
    const names = ts.isNamespaceImport(bindings)
      ? [...text.matchAll(new RegExp(`(?<![.\\w])${bindings.name.text}\\.(\\w+)`, "g"))].map(
          ([, name]) => name,
        )
      : bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
    return names.map((name) => [module, name]);
  });
}

test("scripts and benchmarks import what is there", async () => {
  const all = files.flatMap((file) => taken(file).map((one) => [file, ...one] as const));
  expect(all.length).toBeGreaterThan(60);
  const missing: string[] = [];
  for (const [file, module, name] of all) {
    const exported = (await import(join(ROOT, "dist", module))) as object;
    if (!(name in exported)) missing.push(`${file}: ${name} of ${module}`);
  }
  expect(missing).toEqual([]);
});
