/** The network that a recipe starts from, read from its file. */
import type { StartOptions } from "../engine/given-start.js";
import { loadModel } from "../export/model-file.js";
import type { Model } from "../nn/model.js";
import { startEntry, type StartEntry } from "../recipes/start-schema.js";

/**
 * The option `start` of `fit` that an entry means.
 *
 * @param entry - with its path absolute, or from the working folder
 * @param model - that is to be trained
 * @throws UnusableFileError if the file can't be read, is damaged, or no network
 */
export function readStart(entry: StartEntry, model: Model): StartOptions {
  const { file, fresh } = startEntry(entry);
  return { network: loadModel(file, { model }), ...(fresh && { fresh }) };
}
