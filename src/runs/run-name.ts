/** Names of new run folders. */
import { existsSync } from "node:fs";

/** `<recipe>-seed<n>-<date>-<time>`, with nothing a file system could mind. */
export function runName(recipe: string, seed: number, now: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${recipe.replace(/[^\w.-]+/g, "-")}-seed${seed}-${date}-${time}`;
}

/** The name itself, or the first of name-2, name-3, ... that nothing has. */
export function freeName(folder: string): string {
  const base = folder.replace(/[\\/]+$/, "");
  let name = base;
  for (let k = 2; existsSync(name); k++) name = `${base}-${k}`;
  return name;
}
