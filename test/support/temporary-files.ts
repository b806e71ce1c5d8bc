/** Gives all tests one folder for their temporary files, and removes it after the last one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "bregman-tests-"));
  // Workers and the command lines they start inherit it, and os.tmpdir() reads it.
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
