/** Bytes of a file, in Node by its path, anywhere by its address. */
import { UnusableFileError } from "../errors.js";
import { isError } from "../kinds.js";
import { nodeModule } from "./node.js";

/** Where Node has a file; undefined for an address on the network, and without a file system. */
export function fileOf(
  address: string,
): { readonly fs: typeof import("node:fs"); readonly file: string } | undefined {
  const fs = /^(https?|data|blob):/.test(address) ? undefined : nodeModule("node:fs");
  if (!fs) return undefined;
  const isUrl = address.startsWith("file:");
  return { fs, file: isUrl ? nodeModule("node:url")!.fileURLToPath(address) : address };
}

/**
 * The bytes at an address: of a file in Node, else of what `fetch` gets there.
 *
 * @throws UnusableFileError that names the address and what was found there; what Node's file
 *   system throws
 */
export async function readAddress(address: string): Promise<Uint8Array> {
  const place = fileOf(address);
  if (place) return place.fs.promises.readFile(place.file);
  let response: Response;
  try {
    response = await fetch(address);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new UnusableFileError(
      `cannot read ${address}: it did not come (${isError(cause) ? cause.message : String(cause)})`,
      { cause },
    );
  }
  throw new UnusableFileError(`cannot read ${address}: the server's answer is ${response.status}`);
}
