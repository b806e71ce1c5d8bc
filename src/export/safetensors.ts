/**
 * Safetensors files: see `safetensors-format.ts` for the format, which works without a file system.
 */
import { writeFileAtomic } from "../atomic-file.js";
import { readBytes } from "../read-file.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  type Tensor,
  type TensorFile,
} from "./safetensors-format.js";

export type { Tensor, TensorData, TensorFile } from "./safetensors-format.js";

/**
 * Writes tensors to a safetensors file; an existing file is replaced in one go, never left half
 * written.
 *
 * @example
 * const weight = { shape: [2, 3], data: new Float32Array(6) };
 * writeSafetensors("model.safetensors", { "layer1.weight": weight });
 *
 * @throws UnusableFileError if the file can't be written; otherwise as `encodeSafetensors`.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a safetensors file.
 *
 * @throws UnusableFileError if the file can't be read; also if it is damaged or no safetensors
 *   file.
 */
export function readSafetensors(path: string): TensorFile {
  return decodeSafetensors(readBytes(path), path);
}
