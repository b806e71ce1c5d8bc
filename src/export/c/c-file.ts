/** C files: see `encode-c.ts` for what is in one. */
import { writeFileAtomic } from "../../atomic-file.js";
import { knownOptions } from "../../known-options.js";
import type { Network } from "../../nn/network.js";
import { C_OPTIONS, type COptions, encodeC } from "./encode-c.js";

/**
 * Writes a network to a file of C99; an existing file is replaced in one go.
 *
 * @throws InputError as `encodeC`; UnusableFileError if the file can't be written
 * @example
 * saveC("digit.c", loadModel("runs/first/model.safetensors"), { name: "digit", values: "int8" });
 */
export function saveC(path: string, network: Network, options: COptions = {}): void {
  writeFileAtomic(path, encodeC(network, knownOptions("saveC", options, C_OPTIONS)));
}
