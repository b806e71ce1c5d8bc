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

/** What the network has given. */
export interface Fetched {
  readonly bytes: Uint8Array;
  /** The answer in words, for messages about what is in it. */
  readonly answer: string;
}

/**
 * What `fetch` gets at an address.
 *
 * @param fault - the error to throw, from what was found instead
 */
export async function fetched(
  address: string,
  fault: (found: string, cause?: unknown) => Error,
): Promise<Fetched> {
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(address);
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    const why = isError(cause) ? cause.message : String(cause);
    throw fault(`${address} did not come (${why})`, cause);
  }
  const { ok, status, headers, url } = response;
  const from = url || address;
  if (!ok) throw fault(`the server's answer to ${from} is ${status}`);
  const type = headers.get("content-type") ?? "of no type";
  return { bytes, answer: `the answer of ${from} (${status}, ${type})` };
}

/**
 * The bytes at an address: of a file in Node, else of what `fetch` gets there.
 *
 * @throws UnusableFileError that names the address and what was found there
 */
export async function readAddress(address: string): Promise<Uint8Array> {
  const place = fileOf(address);
  if (place) {
    return place.fs.promises.readFile(place.file).catch((cause: unknown) => {
      const why = isError(cause) ? cause.message : String(cause);
      throw new UnusableFileError(`could not read ${address}: ${why}`, { cause });
    });
  }
  const fault = (found: string, cause?: unknown) =>
    new UnusableFileError(`cannot read a network: ${found}`, { cause });
  return (await fetched(address, fault)).bytes;
}
