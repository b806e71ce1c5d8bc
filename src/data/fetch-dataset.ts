/**
 * Downloads a published data set into a folder: each file comes in, is unpacked where it is an
 * archive, and is put in its place only when its content has the right SHA-256. Files that are
 * there and right are not fetched again. What is known of the content's size bounds what is fetched
 * and what is unpacked.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { writeFileAtomic } from "../atomic-file.js";
import { InputError, UnusableFileError } from "../errors.js";
import { readBytes } from "../read-file.js";
import { sha256 } from "./checksum.js";
import { downloadPart, type DownloadOptions } from "./download.js";
import { type Member, readMembers } from "./archive-members.js";
import { treeAtMost, treeTarget } from "./fetch-tree.js";
import type { DatasetName } from "./names.js";
import { PUBLISHED, type PublishedFile, type PublishedSet } from "./published.js";

export type FetchEvent =
  /** A download begins; `bytes` is the size to expect. */
  | { readonly type: "begin"; readonly name: string; readonly url: string; readonly bytes: number }
  | {
      readonly type: "progress";
      readonly name: string;
      readonly received: number;
      readonly total: number | undefined;
    }
  /** It goes on after a fault, or from another address. */
  | { readonly type: "retry"; readonly name: string; readonly reason: string }
  | { readonly type: "done"; readonly name: string }
  /** The files of this download are there and right already. */
  | { readonly type: "present"; readonly name: string };

export interface FetchOptions extends Omit<DownloadOptions, "onProgress" | "onRetry" | "most"> {
  /**
   * Base address of a mirror to use instead of the known ones: the files are below it under their
   * usual names.
   */
  readonly from?: string | undefined;
  readonly onEvent?: ((event: FetchEvent) => void) | undefined;
  /** What to fetch, instead of what is published under the name. For tests. */
  readonly set?: PublishedSet | undefined;
}

/**
 * Downloads the data set into `folder`, which is made if it is not there.
 *
 * @throws InputError if `from` is no http or https address; UnusableFileError with one line if a
 * file can't be downloaded from any address, has the wrong content, or can't be written
 */
export async function fetchDataset(
  name: DatasetName,
  folder: string,
  options: FetchOptions = {},
): Promise<void> {
  const { from, onEvent, set = PUBLISHED[name], ...download } = options;
  const addresses = from === undefined ? set.addresses : [baseAddress(from)];
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new UnusableFileError(
      `could not make the folder ${folder}: ${(cause as Error).message}`,
      { cause },
    );
  }
  for (const { name: file, bytes } of set.downloads) {
    const target = targetOf(file, folder, set);
    if (await target.isPresent()) {
      onEvent?.({ type: "present", name: file });
      continue;
    }
    await fromFirst(addresses, async (base) => {
      const url = new URL(file, base).href;
      onEvent?.({ type: "begin", name: file, url, bytes });
      await downloadPart(url, join(folder, file), target.check, {
        ...download,
        most: target.most,
        onProgress: (received, total) =>
          onEvent?.({ type: "progress", name: file, received, total }),
        onRetry: (reason) => onEvent?.({ type: "retry", name: file, reason }),
      });
    });
    await target.finish();
    onEvent?.({ type: "done", name: file });
  }
}

/** What becomes of one download. */
interface Target extends Finishing {
  /** Bytes that the download may have. */
  readonly most: number;
}

/** How a download is known, checked and put in its place. */
export interface Finishing {
  isPresent(): Promise<boolean>;
  /** Throws unless the part holds the right content. */
  check(part: string): Promise<void>;
  /** Puts the files in their place, after `check`. */
  finish(): Promise<void>;
}

function targetOf(file: string, folder: string, { files, tree }: PublishedSet): Target {
  const path = join(folder, file);
  if (tree) return { ...treeTarget(tree, path, folder), most: packedAtMost(treeAtMost(tree)) };
  if (file.endsWith(".tar.gz")) return archive(path, folder, files);
  const wanted = files.find(({ name }) => `${name}.gz` === file)!;
  return {
    most: packedAtMost(wanted.bytes),
    isPresent: () => fits(path, wanted),
    check: async (part) =>
      checkContent(file, await unpacked(readBytes(part), file, wanted.bytes), wanted),
    finish: () => rename(`${path}.part`, path),
  };
}

function archive(path: string, folder: string, files: readonly PublishedFile[]): Target {
  let members: Map<string, Uint8Array>;
  const most = archiveAtMost(files);
  return {
    most: packedAtMost(most),
    async isPresent() {
      for (const file of files) if (!(await fits(join(folder, file.name), file))) return false;
      return true;
    },
    async check(part) {
      const nameOf = ({ path: member, size }: Member) => {
        const name = member.replace(/^.*\//, "");
        return files.some((file) => file.name === name && file.bytes === size) ? name : undefined;
      };
      members = await readMembers(part, nameOf, most);
      for (const file of files) checkContent(file.name, members.get(file.name), file);
    },
    async finish() {
      for (const { name } of files) writeFileAtomic(join(folder, name), members.get(name)!);
      await rm(`${path}.part`, { force: true });
    },
  };
}

/** gzip makes what can't be packed a little longer, and has room for a name and a comment. */
function packedAtMost(bytes: number): number {
  return Math.ceil(1.01 * bytes) + 2 ** 16;
}

/**
 * Members with their headers, and as much again of what comes with them: a page, a list of names.
 */
function archiveAtMost(files: readonly PublishedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes + 2048, 2 ** 20);
}

/** The content, unpacked if it is packed; not more of it than there may be. */
async function unpacked(bytes: Uint8Array, name: string, most: number): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: most + 1 });
  } catch (cause) {
    throw new UnusableFileError(`${name} is damaged (${(cause as Error).message})`, { cause });
  }
}

function checkContent(
  name: string,
  content: Uint8Array | undefined,
  { bytes, sha256: wanted }: PublishedFile,
): void {
  if (content === undefined)
    throw new UnusableFileError(`${name} of ${bytes} bytes is not in the archive`);
  if (content.length !== bytes) {
    throw new UnusableFileError(
      `${name} is not what was published: expected ${bytes} bytes of content, found ${content.length}`,
    );
  }
  const found = sha256(content);
  if (found !== wanted) {
    const short = (sum: string) => `${sum.slice(0, 12)}...`;
    throw new UnusableFileError(
      `${name} is not what was published: expected content of SHA-256 ${short(wanted)}, found ${short(found)}`,
    );
  }
}

async function fits(path: string, wanted: PublishedFile): Promise<boolean> {
  try {
    checkContent(path, await unpacked(readBytes(path), path, wanted.bytes), wanted);
    return true;
  } catch {
    return false;
  }
}

/** Tries one address after the other; the first one's fault is told if none works. */
async function fromFirst(
  addresses: readonly string[],
  work: (base: string) => Promise<void>,
): Promise<void> {
  let first: unknown;
  for (const base of addresses) {
    try {
      await work(base);
      return;
    } catch (fault) {
      if ((fault as Error).name === "AbortError") throw fault;
      first ??= fault;
    }
  }
  throw first;
}

function baseAddress(from: string): string {
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InputError(`--from must be an http or https address, found "${from}"`);
  }
  return url.pathname.endsWith("/") ? url.href : `${url.href}/`;
}
