/** Makes small idx files for tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";

/** An empty folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bregman-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Bytes of an idx file of unsigned bytes. */
export function idxBytes(shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** A tiny data set: the four files by name, 3 training and 2 test images of 2 x 2. */
export function tinySet(): Map<string, Uint8Array> {
  return new Map([
    ["train-images-idx3-ubyte", idxBytes([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255])],
    ["train-labels-idx1-ubyte", idxBytes([3], [7, 0, 9])],
    ["t10k-images-idx3-ubyte", idxBytes([2, 2, 2], [1, 1, 1, 1, 2, 2, 2, 2])],
    ["t10k-labels-idx1-ubyte", idxBytes([2], [3, 4])],
  ]);
}

/** Writes files into a folder; `change` renames, replaces or (undefined) drops one. */
export function writeSet(
  folder: string,
  change: (name: string, bytes: Uint8Array) => [string, Uint8Array] | undefined = (...file) => file,
): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of tinySet()) {
    const file = change(name, bytes);
    if (file !== undefined) writeFileSync(join(folder, file[0]), file[1]);
  }
}

export function gzipped(name: string, bytes: Uint8Array): [string, Uint8Array] {
  return [`${name}.gz`, gzipSync(bytes)];
}
