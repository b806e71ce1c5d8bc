/**
 * Where the bytes of kernels come from: a file in Node, the network in a browser, or whoever has
 * them already.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { isArrayBuffer, isTypedArray, kindOf } from "../kinds.js";
import { KEEP_EXTERNAL } from "../package-file.js";
import { fetched, fileOf } from "./read-address.js";

/** The address of kernels (in Node a path will do), or their bytes. */
export type WasmSource = string | URL | Uint8Array | ArrayBuffer;

/** A file of kernels that the package has. */
export interface OwnWasm {
  /** For messages. */
  readonly name: string;
  /** Names that it exports. */
  readonly exports: readonly string[];
  /** Where it is. A bundle of CommonJS has no such address. */
  address(): URL;
}

const GIVE_IT = "give the option wasm: its address or its bytes";
/** What helps where a page looks for the file in vain. */
const IN_A_PAGE = `${GIVE_IT}, or, for Vite 5 to 7, optimizeDeps: { exclude: ["bregman"] }`;
/** And where a program does. */
const IN_NODE = `${KEEP_EXTERNAL}, or ${GIVE_IT}`;

/**
 * The bytes of kernels; default: of the package's own file.
 *
 * @throws UnusableFileError that says what was looked for where, what was found, and what helps;
 *   InputError if `source` is no address and no bytes
 */
export async function readWasm(own: OwnWasm, source?: WasmSource): Promise<Uint8Array> {
  const { name } = own;
  const fault = (what: string, remedy?: string, cause?: unknown): Error =>
    new UnusableFileError(`cannot load ${name}: ${what}${remedy ? `; ${remedy}` : ""}`, { cause });
  const checked = (bytes: Uint8Array, what: string, remedy?: string): Uint8Array => {
    const begin = [...bytes.subarray(0, 4)]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join(" ");
    // As every file of WebAssembly does.
    if (begin === "00 61 73 6d") return bytes;
    throw fault(
      `${what} is not WebAssembly (it begins with ${begin || "nothing"}, not with 00 61 73 6d)`,
      remedy,
    );
  };
  if (isTypedArray(source, "Uint8Array") || isArrayBuffer(source))
    return checked(new Uint8Array(source), "what the option wasm gave");
  if (source === undefined && (import.meta.url as string | undefined) === undefined)
    throw fault("it can't be found from here", IN_NODE);
  const given = source === undefined ? own.address() : source;
  if (typeof given !== "string" && typeof given?.href !== "string") {
    throw new InputError(
      `wasm must be the address of ${name} or its bytes, found ${kindOf(given)}`,
    );
  }
  const address = String(given);
  const place = fileOf(address);
  if (!place) {
    const { bytes, answer } = await fetched(address, (found, cause) =>
      fault(found, IN_A_PAGE, cause),
    );
    return checked(bytes, answer, IN_A_PAGE);
  }
  const { fs, file } = place;
  const bytes = await fs.promises.readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw fault(cause.code === "ENOENT" ? `there is no ${file}` : cause.message, IN_NODE, cause);
  });
  return checked(bytes, file);
}
