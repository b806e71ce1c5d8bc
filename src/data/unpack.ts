/**
 * Unpacks gzip and zlib streams, and never to more than there may be: a small file can unpack to a
 * thousand times its size, and nothing of it is worth more memory than its header asks for.
 */
import { constants as bufferLimits } from "node:buffer";
import { constants, gunzipSync, inflateSync, type ZlibOptions } from "node:zlib";
import { UnusableFileError } from "../errors.js";

/**
 * Large enough that few pieces are joined, small enough for a header that claims more than there
 * is.
 */
const PIECE = 2 ** 24;
/** Packed bytes that hold a header; deflate makes them at most 1032 times as many. */
const FIRST_PIECE = 4096;

/** Whether the bytes begin as a gzip stream does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The content of a gzip stream; undefined if it is longer than `most` bytes.
 *
 * @throws UnusableFileError if the stream is damaged or truncated
 */
export function gunzip(bytes: Uint8Array, most: number, where: string): Uint8Array | undefined {
  return atMost(gunzipSync, bytes, most, (reason) => damagedGzip(bytes, where, reason));
}

/**
 * The first bytes of the content of a gzip stream: `least` or more, or all that there are.
 *
 * @throws UnusableFileError if they are damaged
 */
export function gunzipBeginning(bytes: Uint8Array, least: number, where: string): Uint8Array {
  for (let packed = FIRST_PIECE; ; packed *= 2) {
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    const piece = bytes.subarray(0, packed);
    const content = run(gunzipSync, piece, options, (reason) => damagedGzip(bytes, where, reason));
    if (content.length >= least || packed >= bytes.length) return content;
  }
}

/**
 * The content of a zlib stream; undefined if it is longer than `most` bytes.
 *
 * @throws UnusableFileError if the stream is damaged or truncated
 */
export function inflate(bytes: Uint8Array, most: number): Uint8Array | undefined {
  return atMost(inflateSync, bytes, most, (reason) => `damaged or truncated pixels (${reason})`);
}

type Unpack = (bytes: Uint8Array, options: ZlibOptions) => Uint8Array;

function atMost(
  unpack: Unpack,
  bytes: Uint8Array,
  most: number,
  damaged: (reason: string) => string,
): Uint8Array | undefined {
  const maxOutputLength = Math.min(Math.max(most, 1), bufferLimits.MAX_LENGTH);
  const chunkSize = Math.min(Math.max(most, constants.Z_MIN_CHUNK), PIECE);
  try {
    return run(unpack, bytes, { maxOutputLength, chunkSize }, damaged);
  } catch (error) {
    const { code } = (error as Error).cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}

function run(
  unpack: Unpack,
  bytes: Uint8Array,
  options: ZlibOptions,
  damaged: (reason: string) => string,
): Uint8Array {
  try {
    return unpack(bytes, options);
  } catch (cause) {
    throw new UnusableFileError(damaged((cause as Error).message), { cause });
  }
}

function damagedGzip(bytes: Uint8Array, where: string, reason: string): string {
  return `${where}: damaged or truncated gzip file of ${bytes.length} bytes (${reason})`;
}
