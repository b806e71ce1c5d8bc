/**
 * Where the bytes of kernels.wasm come from: a file in Node, the network in a browser, or whoever
 * has them already.
 */
import { InputError, UnusableFileError } from "../errors.js";
import { isArrayBuffer, isError, isTypedArray, kindOf } from "../kinds.js";
import { KEEP_EXTERNAL } from "../package-file.js";
import { fileOf } from "./read-address.js";

/** The address of kernels.wasm (in Node a path will do), or its bytes. */
export type WasmSource = string | URL | Uint8Array | ArrayBuffer;

const GIVE_IT = "give the option wasm: its address or its bytes";
/** What helps where a page looks for the file in vain. */
const IN_A_PAGE =
  `${GIVE_IT}, or, for Vite 5 to 7, optimizeDeps: { exclude: ["bregman"], include: ` +
  `["bregman > ml-matrix"] }`;
/** And where a program does. */
const IN_NODE = `${KEEP_EXTERNAL}, or ${GIVE_IT}`;

/**
 * The bytes of kernels.wasm; default: of the file of this package.
 *
 * @throws UnusableFileError that says what was looked for where, what was found, and what helps;
 *   InputError if `source` is no address and no bytes
 */
export async function readWasm(source: WasmSource = ownFile()): Promise<Uint8Array> {
  if (isTypedArray(source, "Uint8Array") || isArrayBuffer(source)) {
    return checked(new Uint8Array(source), "what the option wasm gave");
  }
  if (typeof source !== "string" && typeof source?.href !== "string") {
    throw new InputError(
      `wasm must be the address of kernels.wasm or its bytes, found ${kindOf(source)}`,
    );
  }
  const address = String(source);
  const place = fileOf(address);
  return place ? fromFile(place) : fromNetwork(address);
}

/** Written in one expression, which is what bundlers look for. */
function ownFile(): URL {
  // A bundle of CommonJS has no such address.
  if ((import.meta.url as string | undefined) === undefined)
    throw fault("it can't be found from here", IN_NODE);
  return new URL("../../kernels/kernels.wasm", import.meta.url);
}

async function fromFile({ fs, file }: NonNullable<ReturnType<typeof fileOf>>): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await fs.promises.readFile(file);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw fault(isMissing ? `there is no ${file}` : `${(cause as Error).message}`, IN_NODE, cause);
  }
  return checked(bytes, file);
}

async function fromNetwork(address: string): Promise<Uint8Array> {
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(address);
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw fault(
      `${address} did not come (${isError(cause) ? cause.message : String(cause)})`,
      IN_A_PAGE,
      cause,
    );
  }
  const { ok, status, headers, url } = response;
  const type = headers.get("content-type") ?? "of no type";
  if (ok) return checked(bytes, `the answer of ${url || address} (${status}, ${type})`, IN_A_PAGE);
  throw fault(`the server's answer to ${url || address} is ${status}`, IN_A_PAGE);
}

/** Bytes that begin as every file of WebAssembly does. */
function checked(bytes: Uint8Array, what: string, remedy?: string): Uint8Array {
  const begin = [...bytes.subarray(0, 4)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
  if (begin === "00 61 73 6d") return bytes;
  throw fault(
    `${what} is not WebAssembly (it begins with ${begin || "nothing"}, not with 00 61 73 6d)`,
    remedy,
  );
}

function fault(what: string, remedy?: string, cause?: unknown): Error {
  return new UnusableFileError(`cannot load kernels.wasm: ${what}${remedy ? `; ${remedy}` : ""}`, {
    cause,
  });
}
