/**
 * Reads the binary files of CIFAR-10: records of 3073 bytes, one after the other, without a header.
 *
 *     byte 0          label, 0 to 9
 *     byte 1 ..       1024 red, 1024 green, 1024 blue: each a plane of 32 x 32, row-major
 *
 * Source: https://www.cs.toronto.edu/~kriz/cifar.html, section "Binary version", A. Krizhevsky.
 */
import { ofFile, UnusableFileError } from "../errors.js";
import { readBytes } from "../read-file.js";
import type { Samples } from "./dataset.js";
import { checkLabels } from "./labels.js";

/** Label and three planes. */
export const RECORD_BYTES = 3073;
const CLASSES = 10;

export interface RecordsOptions {
  /** Records each file must have. Default: any whole number from 1. */
  readonly records?: number | undefined;
}

/**
 * Reads files of records as one run of samples, in the given order.
 *
 * @throws UnusableFileError if a file can't be read; also if it has not the wanted number of whole
 * records; also if a label is above 9.
 */
export function readCifarRecords(
  paths: readonly string[],
  { records }: RecordsOptions = {},
): Samples {
  const files = paths.map((path) => {
    const bytes = readBytes(path);
    return { path, bytes, count: countRecords(path, bytes.length, records) };
  });
  const count = files.reduce((sum, file) => sum + file.count, 0);
  const features = RECORD_BYTES - 1;
  const inputs = new Uint8Array(count * features);
  const labels = new Uint8Array(count);
  let first = 0;
  for (const { path, bytes, count: some } of files) {
    for (let r = 0; r < some; r++) {
      const at = r * RECORD_BYTES;
      labels[first + r] = bytes[at];
      inputs.set(bytes.subarray(at + 1, at + RECORD_BYTES), (first + r) * features);
    }
    const own = labels.subarray(first, first + some);
    ofFile(() => checkLabels(own, CLASSES, path));
    first += some;
  }
  return { inputs, labels, count };
}

function countRecords(path: string, bytes: number, wanted: number | undefined): number {
  const count = Math.floor(bytes / RECORD_BYTES);
  if (wanted !== undefined && bytes !== wanted * RECORD_BYTES) {
    const fault = bytes < wanted * RECORD_BYTES ? "truncated" : "extra bytes";
    throw new UnusableFileError(
      `${path}: ${fault}: expected ${wanted * RECORD_BYTES} bytes (${wanted} records ` +
        `of ${RECORD_BYTES}), found ${bytes}`,
    );
  }
  if (count === 0 || bytes % RECORD_BYTES !== 0) {
    throw new UnusableFileError(
      `${path}: truncated: expected one or more whole records of ${RECORD_BYTES} bytes, found ${bytes} bytes`,
    );
  }
  return count;
}
