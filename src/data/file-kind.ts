/** What kind of samples a file holds, by its first bytes, whatever it is called. */
import { UnusableFileError } from "../errors.js";
import { isWav } from "./wav.js";

/** What is told apart. Text has no mark of its own: all else is taken as CSV. */
export type FileKind = "image" | "sound" | "npy" | "npz" | "parquet" | "idx" | "csv";

/** First bytes of what is often taken for a file of samples, and is none that can be read. */
const FOREIGN: readonly (readonly [what: string, mark: string])[] = [
  ["a GIF image; convert it to PNG first", "GIF8"],
  ["a WebP image, or a sound that is no WAV file; convert it first", "RIFF"],
  ["a gzip stream within another; unpack it first", "\x1f\x8b"],
  ["a PDF file", "%PDF-"],
];
const MARKS: readonly (readonly [kind: FileKind, mark: string])[] = [
  ["image", "\x89PNG"],
  ["image", "\xff\xd8\xff"],
  ["npy", "\x93NUMPY"],
  ["parquet", "PAR1"],
  ["npz", "PK\x03\x04"],
];
/** Types of the elements of idx files, of which one is read. */
const IDX_TYPES = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e];

/**
 * The kind of a file.
 *
 * @param head - its first bytes, unpacked: twelve or all of them
 * @throws UnusableFileError for bytes that begin another kind of file
 */
export function fileKind(head: Uint8Array, where: string): FileKind {
  const text = Buffer.from(head.subarray(0, 12)).toString("latin1");
  if (isWav(head)) return "sound";
  const foreign = FOREIGN.find(([, mark]) => text.startsWith(mark));
  if (foreign) {
    throw new UnusableFileError(
      `${where}: expected an idx, .npy, .npz, CSV, Parquet, PNG, JPEG or WAV file, found ${foreign[0]}`,
    );
  }
  const isIdx = text.startsWith("\0\0") && IDX_TYPES.includes(head[2]) && head[3] > 0;
  return MARKS.find(([, mark]) => text.startsWith(mark))?.[0] ?? (isIdx ? "idx" : "csv");
}
