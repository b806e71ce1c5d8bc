/** Large arrays, of which the machine may have no room for one. */
import { InputError } from "./errors.js";

/**
 * An array of `length` zeros.
 *
 * @param what - names it in the message
 * @throws InputError if there is no room for it
 */
export function roomFor<A>(
  Kind: { new (length: number): A; readonly BYTES_PER_ELEMENT: number },
  length: number,
  what: string,
): A {
  try {
    return new Kind(length);
  } catch (cause) {
    const bytes = length * Kind.BYTES_PER_ELEMENT;
    throw new InputError(`there is no room in memory for ${what} (${bytes} bytes)`, { cause });
  }
}
