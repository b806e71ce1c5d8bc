/**
 * A checkpoint as the bytes of one safetensors file, which other programs can read as well.
 *
 *     tensors      theta, v, moments, buffers (trainer-state.ts), average/<name> (average.ts),
 *                  kept/<name> (kept-epoch.ts), and born/<weight>: when each weight was born, as
 *                  of the last line of metrics (births.ts)
 *     metadata     checksum   SHA-256 of the whole file, taken while the checksum itself is 64 zeros
 *                  format     "bregman checkpoint"
 *                  version    of this layout
 *                  identity   what the run is: see identity.ts (JSON)
 *                  progress   how far it has come (JSON)
 *                  about      texts of whoever runs it (JSON)
 *
 * The checksum comes first, so its place is known before anything of the file is believed.
 */
import { sha256 } from "../data/checksum.js";
import { UnusableFileError } from "../errors.js";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../export/safetensors-format.js";
import type { Progress } from "../train/progress.js";
import { parseProgress, parseTexts } from "./checkpoint-schema.js";

export interface Checkpoint {
  /** Of the layout of its file; that of the newest is written. */
  readonly version?: string;
  readonly identity: Readonly<Record<string, string>>;
  readonly about: Readonly<Record<string, string>>;
  readonly progress: Progress;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const FORMAT = "bregman checkpoint";
const VERSION = "4";
/**
 * An identity of version 3 holds a hash of the first MiB of the data, and one of recipe.json as it
 * was.
 */
const READ: readonly (string | undefined)[] = [VERSION, "3"];
const EMPTY = "0".repeat(64);
/** What every checkpoint has behind the length of its header. */
const HEAD = '{"__metadata__":{"checksum":"';
const PLACE = 8 + HEAD.length;

/** The bytes of a checkpoint. */
export function encodeCheckpoint({ identity, about, progress, tensors }: Checkpoint): Uint8Array {
  const bytes = encodeSafetensors(tensors, {
    checksum: EMPTY,
    format: FORMAT,
    version: VERSION,
    identity: JSON.stringify(identity),
    progress: JSON.stringify(progress),
    about: JSON.stringify(about),
  });
  bytes.set(new TextEncoder().encode(sha256(bytes)), PLACE);
  return bytes;
}

/**
 * Reads a checkpoint; the tensors are views of `bytes`.
 *
 * @throws UnusableFileError that ends the sentence "<file> ...": it is no checkpoint, is damaged,
 *   or has another version
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  if (
    bytes.length < PLACE + EMPTY.length ||
    new TextDecoder().decode(bytes.subarray(8, PLACE)) !== HEAD
  ) {
    throw new UnusableFileError("is damaged: it does not begin as a checkpoint does");
  }
  const said = new TextDecoder().decode(bytes.subarray(PLACE, PLACE + EMPTY.length));
  const found = sha256([
    bytes.subarray(0, PLACE),
    new TextEncoder().encode(EMPTY),
    bytes.subarray(PLACE + EMPTY.length),
  ]);
  if (said !== found)
    throw new UnusableFileError("is damaged: its content does not have its checksum");
  const { tensors, metadata } = decodeSafetensors(bytes, "is damaged");
  const { format, version } = metadata;
  if (format !== FORMAT || !READ.includes(version)) {
    const plain = /^\w{1,20}$/.test(version ?? "")
      ? version
      : JSON.stringify(version?.slice(0, 20));
    throw new UnusableFileError(
      `has format version ${plain}, and this version of bregman reads ${VERSION}`,
    );
  }
  return {
    version,
    identity: parseTexts(metadata.identity, "is damaged: its identity"),
    about: parseTexts(metadata.about, "is damaged: its about"),
    progress: parseProgress(metadata.progress, "is damaged: its progress"),
    tensors,
  };
}
