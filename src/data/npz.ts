/**
 * Reads .npz files, the archives that NumPy keeps arrays in: a zip file with a .npy file for each
 * array, packed (savez_compressed) or not (savez).
 */
import { constants } from "node:buffer";
import { unzipper } from "#libraries";
import { BregmanError, UnusableFileError } from "../errors.js";
import { isError } from "../kinds.js";
import { didYouMean } from "../nearest.js";
import { type NpyArray, parseNpy } from "./npy.js";

/** deflate makes a byte at most so many. */
const MOST_TIMES = 1032;

/** Whether bytes begin as a zip file does, also an empty one. */
export function isZip(bytes: Uint8Array): boolean {
  const beginning = Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  return beginning === "PK\x03\x04" || beginning === "PK\x05\x06";
}

/**
 * The names of the arrays of a .npz file, from its bytes.
 *
 * @throws UnusableFileError if it is damaged, or no such file
 */
export function npzNames(bytes: Uint8Array, where: string): string[] {
  const names: string[] = [];
  unzipped(bytes, where, (name) => (names.push(name), false));
  return names;
}

/**
 * Arrays of a .npz file, by their names.
 *
 * @throws UnusableFileError if it is damaged, or no such file; if it lacks one of them; otherwise
 *   as `parseNpy`
 */
export function parseNpz(
  bytes: Uint8Array,
  wanted: readonly string[],
  where: string,
): Map<string, NpyArray> {
  const names: string[] = [];
  const files = unzipped(bytes, where, (name) => (names.push(name), wanted.includes(name)));
  const absent = wanted.find((name) => !names.includes(name));
  if (absent !== undefined) {
    const hint = didYouMean(absent, names);
    throw new UnusableFileError(
      `${where}: there is no array "${absent}"${hint}; arrays: ${names.join(", ") || "none"}`,
    );
  }
  return new Map(
    wanted.map((name) => [name, parseNpy(files[`${name}.npy`], nameIn(where, name))] as const),
  );
}

/** How an array of a file is called in messages. */
export function nameIn(where: string, name: string): string {
  return `${where}: ${name}`;
}

/** The files whose arrays' names `isWanted`. */
function unzipped(
  bytes: Uint8Array,
  where: string,
  isWanted: (name: string) => boolean,
): Record<string, Uint8Array> {
  if (!isZip(bytes)) throw new UnusableFileError(`${where}: expected a .npz file`);
  try {
    return unzipper()(bytes, {
      filter({ name, size, originalSize, compression }) {
        if (!name.endsWith(".npy") || !isWanted(name.slice(0, -".npy".length))) return false;
        const most = compression === 0 ? size : MOST_TIMES * size;
        if (size > bytes.length || originalSize > Math.min(most, constants.MAX_LENGTH)) {
          throw new UnusableFileError(
            `${where}: damaged .npz file: ${name} has ${originalSize} bytes in ${size}`,
          );
        }
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof BregmanError) throw cause;
    const isEngines = !isError(cause) || ["TypeError", "RangeError"].includes(cause.name);
    const said = isEngines ? "" : ` (${cause.message})`;
    throw new UnusableFileError(`${where}: damaged .npz file${said}`, { cause });
  }
}
