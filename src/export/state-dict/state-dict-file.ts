/** A state dict in a file: see `state-dict.ts`. */
import { knownOptions } from "../../known-options.js";
import type { Model } from "../../nn/model.js";
import { readBytes } from "../../read-file.js";
import { decodeStateDict, type StateDict, type StateDictOptions } from "./state-dict.js";

/**
 * Reads the state dict of a network that PyTorch has written: `save_file(net.state_dict(), path)`
 * of the Python package safetensors. Numbers may be float32, float64, float16 or bfloat16.
 *
 * @param model - of the same architecture
 * @returns the network with its model, and where each tensor went
 * @throws as decodeStateDict; UnusableFileError if the file can't be read
 * @example
 * const { network, placed } = loadStateDict("mlp.safetensors", mlp([784, 200, 80, 10]));
 * console.table(placed); // what went where
 * await fit(network.model, data, { start: network, ...options });
 */
export function loadStateDict(
  path: string,
  model: Model,
  options: StateDictOptions = {},
): StateDict {
  const { map, fresh } = knownOptions("loadStateDict", options, { map: 1, fresh: 1 });
  return decodeStateDict(readBytes(path), model, { map, fresh, where: path });
}
