/** The network that a recipe starts from, read from its file. */
import type { StartOptions } from "../engine/given-start.js";
import { InputError } from "../errors.js";
import { largest } from "../extremes.js";
import { decodeModel, isOwn } from "../export/model-format.js";
import { decodeSafetensors } from "../export/safetensors-format.js";
import { decodeOnnx } from "../export/onnx/decode-onnx.js";
import { isOnnx } from "../export/onnx/onnx-file.js";
import { networkOf, type Placed } from "../export/state-dict/state-dict.js";
import { stateDictOf } from "../export/state-dict/state-dict-of.js";
import type { Model } from "../nn/model.js";
import { readBytes } from "../read-file.js";
import { startEntry, type StartEntry } from "../recipes/start-schema.js";

/**
 * The option `start` of `fit` that an entry means. Of a state dict its notes say where each tensor
 * went.
 *
 * @param entry - with its path absolute, or from the working folder
 * @param model - that is to be trained
 * @throws UnusableFileError if the file can't be read, is damaged, or no network of this model;
 *   InputError for a `map` that does not fit
 */
export function readStart(entry: StartEntry, model: Model): StartOptions {
  const { file, map, fresh } = startEntry(entry);
  const bytes = readBytes(file);
  if (isOnnx(file)) {
    const tensors = stateDictOf(decodeOnnx(bytes, { where: file }));
    const { network, placed } = networkOf(tensors, model, { where: file, map, fresh });
    return { network, ...(fresh && { fresh }), notes: tableOf(placed) };
  }
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  if (isOwn(metadata)) {
    if (map)
      throw new InputError(`start: map: expected none for a network of bregman, which ${file} is`);
    return { network: decodeModel(bytes, { where: file }), ...(fresh && { fresh }) };
  }
  const { network, placed } = networkOf(tensors, model, { where: file, map, fresh });
  return { network, ...(fresh && { fresh }), notes: tableOf(placed) };
}

/** What went where, a line each. */
function tableOf(placed: readonly Placed[]): string[] {
  const left = placed.map(({ theirs, shape }) => `${theirs} [${shape.join(", ")}]`);
  const width = largest(left.map(({ length }) => length));
  return placed.map(({ ours }, k) => {
    return `start: ${left[k].padEnd(width)}  ${ours === undefined ? "is left out" : `is ${ours}`}`;
  });
}
