/**
 * A folder of many files out of an archive: they are checked as one, and come to their place at
 * once, by a new name of their folder.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { UnusableFileError } from "../errors.js";
import { readBytes } from "../read-file.js";
import { readMembers } from "./archive-members.js";
import type { Finishing } from "./fetch-dataset.js";
import type { PublishedTree } from "./published.js";

/** Bytes of the archive, unpacked: each file has a header, and there are others beside them. */
export function treeAtMost({ files, bytes }: PublishedTree): number {
  return bytes + 2048 * files + 2 ** 24;
}

/** What becomes of the archive at `path`, of which the folder goes into `root`. */
export function treeTarget(tree: PublishedTree, path: string, root: string): Finishing {
  const folder = join(root, tree.folder);
  let members: Map<string, Uint8Array>;
  return {
    isPresent: async () => existsSync(folder) && sumOf(filesOf(folder)) === tree.sha256,
    async check(part) {
      members = await membersOf(tree, part);
      const found = sumOf(members);
      if (members.size === tree.files && found === tree.sha256) return;
      throw new UnusableFileError(
        `${tree.folder} is not what was published: expected ${tree.files} files of SHA-256 ` +
          `${tree.sha256.slice(0, 12)}..., found ${members.size} of ${found.slice(0, 12)}...`,
      );
    },
    async finish() {
      const fresh = `${folder}.part`;
      await rm(fresh, { recursive: true, force: true });
      mkdirSync(fresh);
      for (const [name, content] of members) writeFileSync(join(fresh, name), content);
      await rm(folder, { recursive: true, force: true });
      renameSync(fresh, folder);
      await rm(`${path}.part`, { force: true });
    },
  };
}

/** The files of the folder, and not more of them than there may be. */
function membersOf(tree: PublishedTree, part: string): Promise<Map<string, Uint8Array>> {
  const inside = new RegExp(`(?:^|/)${tree.folder}/([\\w.-]+)$`);
  let [files, bytes] = [0, 0];
  const nameOf = ({ path, size }: { path: string; size: number }) => {
    const name = inside.exec(path)?.[1];
    if (name === undefined || name.startsWith(".")) return undefined;
    files++;
    bytes += size;
    return files > tree.files || bytes > tree.bytes ? undefined : name;
  };
  return readMembers(part, nameOf, treeAtMost(tree));
}

function filesOf(folder: string): Map<string, Uint8Array> {
  return new Map(readdirSync(folder).map((name) => [name, readBytes(join(folder, name))]));
}

/** SHA-256 as {@link PublishedTree.sha256} has it. */
function sumOf(files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  const inOrder = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, content] of inOrder) hash.update(`${name}\n`).update(content);
  return hash.digest("hex");
}
