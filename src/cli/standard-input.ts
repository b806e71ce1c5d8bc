/** What comes in on standard input, to its end. */
import { constants } from "node:buffer";
import { UnusableFileError } from "../errors.js";

/** Its name in messages. */
export const STANDARD_INPUT = "standard input";

/**
 * All bytes of standard input.
 *
 * @throws UnusableFileError if it can't be read, or holds more than one array does
 */
export async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > constants.MAX_LENGTH)
        throw new UnusableFileError(`more than ${constants.MAX_LENGTH} bytes; name a file instead`);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new UnusableFileError(`could not read ${STANDARD_INPUT}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return Buffer.concat(chunks, length);
}
