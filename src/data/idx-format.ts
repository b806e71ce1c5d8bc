/**
 * The idx format of MNIST and its relatives, from bytes: works without a file system.
 *
 *     byte 0, 1   0
 *     byte 2      type of the elements; 8 is unsigned byte, the only one these data sets use
 *     byte 3      number of dimensions n
 *     4 + 4 i     size of dimension i, 32 bit, big-endian; i < n
 *     4 + 4 n     the elements, row-major
 *
 * The first four bytes read as one number are the "magic": 2049 for labels [count], 2051 for images
 * [count, height, width]. Source: "The MNIST database of handwritten digits", section "File
 * formats", Y. LeCun, C. Cortes, C. Burges.
 */
import { size } from "../shape-size.js";
import { UnusableFileError } from "../errors.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import { type SaidSize, wrongSize } from "./file-size.js";

/**
 * Content of an idx file: `data` holds the elements row-major. It may be a view of a larger buffer.
 */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface IdxOptions {
  /** Number of dimensions the file must have: 1 for labels, 3 for images. Default: any. */
  readonly dimensions?: number | undefined;
  /** Name of the source in error messages. Default "idx data". */
  readonly where?: string | undefined;
}

const UNSIGNED_BYTE = 8;

/** What the first bytes of an idx file say. */
export interface IdxHeader extends SaidSize {
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly begin: number;
}

/** No header is longer: 255 dimensions. */
export const LONGEST_IDX_HEADER = 4 + 4 * 255;

const OPTIONS: OptionKeys<IdxOptions> = { dimensions: 1, where: 1 };

/**
 * Reads the header of an idx file from its first bytes.
 *
 * @throws UnusableFileError if it is not that of an idx file of unsigned bytes with the wanted
 *   number of dimensions
 */
export function idxHeader(
  bytes: Uint8Array,
  { dimensions, where = "idx data" }: IdxOptions = {},
): IdxHeader {
  if (bytes.length < 4) {
    throw new UnusableFileError(
      `${where}: truncated: expected an idx header of 4 bytes or more, found ${bytes.length} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const rank = bytes[3];
  const isUnsignedByteIdx = magic >>> 8 === UNSIGNED_BYTE && rank > 0;
  if (!isUnsignedByteIdx || (dimensions !== undefined && rank !== dimensions)) {
    throw new UnusableFileError(
      `${where}: wrong magic number: expected ${magicName(dimensions)}, found ${magicName(rank, magic)}`,
    );
  }
  const begin = 4 + 4 * rank;
  if (bytes.length < begin) {
    throw new UnusableFileError(
      `${where}: truncated: expected an idx header of ${begin} bytes, found ${bytes.length} bytes`,
    );
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  return { shape, begin, size: begin + size(shape), what: `shape [${shape.join(", ")}]` };
}

/**
 * Interprets the (decompressed) bytes of an idx file. The result shares their memory.
 *
 * @throws UnusableFileError if they are not those of an idx file of unsigned bytes with the wanted
 *   number of dimensions, or if some are missing or left over
 */
export function parseIdx(bytes: Uint8Array, options: IdxOptions = {}): IdxArray {
  const { shape, begin, ...header } = idxHeader(bytes, knownOptions("parseIdx", options, OPTIONS));
  if (bytes.length !== header.size)
    throw wrongSize(bytes.length, header, options.where ?? "idx data");
  // Not bytes.subarray(): that of a Buffer is a Buffer, whose slice() does not copy.
  return {
    shape,
    data: new Uint8Array(bytes.buffer, bytes.byteOffset + begin, bytes.length - begin),
  };
}

function magicName(rank: number | undefined, magic?: number): string {
  if (magic === undefined && rank === undefined)
    return `${UNSIGNED_BYTE * 256} + number of dimensions`;
  const value = magic ?? UNSIGNED_BYTE * 256 + rank!;
  const kinds = new Map([
    [2049, " (labels)"],
    [2051, " (images)"],
  ]);
  return `${value}${kinds.get(value) ?? ""}`;
}
