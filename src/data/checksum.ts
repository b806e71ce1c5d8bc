/** SHA-256, by which the files of published data sets are recognised. */
import { createHash } from "node:crypto";

/** SHA-256 of the bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
