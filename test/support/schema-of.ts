import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The JSON schema that an editor finds for a recipe, by its `"$schema"`, from its folder. */
export function schemaOf(file: string): { readonly properties: object } {
  const [, path] = /^ {2}"\$schema": "(.*)",$/m.exec(readFileSync(file, "utf8")) ?? [];
  if (path === undefined) throw new Error(`${file} has no "$schema"`);
  return JSON.parse(readFileSync(resolve(dirname(file), path), "utf8")) as { properties: object };
}
