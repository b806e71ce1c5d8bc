/** Looks through the dashboard's folder for run folders, by names: nothing is read. */
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathInside } from "./inside.js";

/** Folders within each other that are looked through. */
const DEEPEST = 8;

/**
 * Calls `work` with each run folder.
 *
 * @param root - as rootOf has it
 * @param isKnown - whether a folder is known to be a run still, so that it need not be looked into
 */
export function findRuns(
  root: string,
  work: (id: string) => void,
  isKnown: (id: string, path: string) => boolean,
): void {
  const visit = (place: string, depth: number): void => {
    const path = pathInside(root, place);
    if (path === undefined) return;
    const entries = entriesOf(path);
    if (isRun(entries)) return work(place);
    for (const entry of entries) {
      if (!entry.isDirectory() || /^\.|^node_modules$/.test(entry.name)) continue;
      const inner = place === "." ? entry.name : `${place}/${entry.name}`;
      if (isKnown(inner, join(path, entry.name))) work(inner);
      else if (depth < DEEPEST) visit(inner, depth + 1);
    }
  };
  visit(".", 0);
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** A run has its recipe from the start, and its metrics or its lock a moment later. */
function isRun(entries: readonly Dirent[]): boolean {
  const names = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  return names.has("recipe.json") && (names.has("metrics.jsonl") || names.has("lock.json"));
}
