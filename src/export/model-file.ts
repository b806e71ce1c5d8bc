/** A network in one file: see `model-format.ts` for its bytes. */
import { knownOptions } from "../known-options.js";
import { writeFileAtomic } from "../atomic-file.js";
import type { Network } from "../nn/network.js";
import { readBytes } from "../read-file.js";
import {
  decodeModel,
  ENCODE_OPTIONS,
  encodeModel,
  type EncodeModelOptions,
  type LoadModelOptions,
} from "./model-format.js";

/** The network of a run, in its folder. */
export const MODEL_FILE = "model.safetensors";

/**
 * Writes a network to a file; an existing file is replaced in one go.
 *
 * @param metadata - texts to keep beside it
 * @param options - `sparse: true` keeps the non-zeros only, `values: "int8"` a byte of each
 * @throws InputError if a parameter or buffer is missing; also for a text whose name is taken;
 *   Error if the file can't be written
 * @example
 * saveModel("small.safetensors", simplify({ model, ...result }), {}, { sparse: true });
 */
export function saveModel(
  path: string,
  network: Network,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodeModelOptions = {},
): void {
  writeFileAtomic(
    path,
    encodeModel(network, metadata, knownOptions("saveModel", options, ENCODE_OPTIONS)),
  );
}

/**
 * Reads a network that saveModel has written, or a training: its `model.safetensors`.
 *
 * @throws UnusableFileError if the file can't be read; also if it is damaged, or no network of
 *   bregman
 * @example
 * const network = loadModel("runs/first/model.safetensors");
 * const logits = await predict(network, images);
 */
export function loadModel(path: string, options: LoadModelOptions = {}): Network {
  const { model } = knownOptions("loadModel", options, { model: 1 });
  return decodeModel(readBytes(path), { model, where: path });
}
