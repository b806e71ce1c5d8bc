/** ONNX files: see `onnx.ts` for what is in one. */
import { knownOptions } from "../../known-options.js";
import { writeFileAtomic } from "../../atomic-file.js";
import type { Network } from "../../nn/network.js";
import { readBytes } from "../../read-file.js";
import { decodeOnnx } from "./decode-onnx.js";
import { encodeOnnx, type OnnxOptions } from "./onnx.js";

/**
 * Writes a network to an ONNX file; an existing file is replaced in one go.
 *
 * @throws InputError if a parameter or buffer is missing; UnusableFileError if the file can't be
 *   written
 * @example
 * saveOnnx("small.onnx", simplify(loadModel("runs/first/model.safetensors")));
 */
export function saveOnnx(path: string, network: Network, options: OnnxOptions = {}): void {
  writeFileAtomic(
    path,
    encodeOnnx(network, knownOptions("saveOnnx", options, { sparse: 1, metadata: 1 })),
  );
}

/**
 * Reads a network from an ONNX file: see {@link decodeOnnx}.
 *
 * @throws UnusableFileError if the file can't be read, is no ONNX file, or has an operator that we
 *   lack
 * @example
 * const network = loadOnnx("mlp.onnx");
 * await fit(network.model, data, { start: network, ...options });
 */
export function loadOnnx(path: string): Network {
  return decodeOnnx(readBytes(path), { where: path });
}

/** Whether a file is one of ONNX, by its name. */
export function isOnnx(path: string): boolean {
  return path.endsWith(".onnx");
}
