/**
 * SHA-256, by which files of published data sets, checkpoints and the data of a run are recognised.
 */
import { createHash } from "node:crypto";
import { isTypedArray } from "../kinds.js";

/** A hash takes less than 2 GiB at a time. */
const MOST_AT_ONCE = 2 ** 30;

/** SHA-256 of bytes, or of several parts one after the other, in hexadecimal. */
export function sha256(bytes: Uint8Array | Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const part of isTypedArray(bytes, "Uint8Array") ? [bytes] : bytes) {
    for (let at = 0; at < part.length; at += MOST_AT_ONCE)
      hash.update(part.subarray(at, at + MOST_AT_ONCE));
  }
  return hash.digest("hex");
}
