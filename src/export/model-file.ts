/**
 * A network in one file: safetensors with parameters and buffers by name, and the graph in its metadata.
 *
 *     metadata   format         "bregman"
 *                model          the graph as JSON, see nn/model-json.ts
 *                normalization  { "mean": [...], "std": [...] } of the inputs, where there is one
 *                ...            texts of whoever writes it
 */
import type { Model } from "../nn/model.js";
import { modelFromJson, modelToJson } from "../nn/model-json.js";
import { checkNetwork, type Network, type Normalization, type Values } from "../nn/network.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";

/** The network of a run, in its folder. */
export const MODEL_FILE = "model.safetensors";

const FORMAT = "bregman";

/**
 * Writes a network to a file; an existing file is replaced in one go.
 *
 * @param metadata - texts to keep beside it
 * @throws TypeError if a parameter or buffer is missing; Error if the file can't be written
 * @example
 * saveModel("small.safetensors", simplify({ model, ...result }));
 */
export function saveModel(path: string, network: Network, metadata: Readonly<Record<string, string>> = {}): void {
  checkNetwork(network);
  const { model, parameters, buffers, normalization } = network;
  writeSafetensors(path, new Map([...parameters, ...buffers]), {
    format: FORMAT,
    ...metadata,
    model: JSON.stringify(modelToJson(model)),
    ...(normalization && { normalization: JSON.stringify(normalization) }),
  });
}

export interface LoadModelOptions {
  /** The model of a file that does not have its graph, such as one that another program has written. */
  readonly model?: Model;
}

/**
 * Reads a network that saveModel has written, or a training: its `model.safetensors`.
 *
 * @throws Error if the file can't be read; SyntaxError if it is damaged, or no network of bregman
 * @example
 * const network = loadModel("runs/first/model.safetensors");
 * const logits = await predict(network, images);
 */
export function loadModel(path: string, { model: given }: LoadModelOptions = {}): Network {
  const { tensors, metadata } = readSafetensors(path);
  const model = graphOf(metadata, path) ?? given;
  if (!model) throw new SyntaxError(`${path}: no network of bregman: its metadata have no graph`);
  const own = (key: "parameters" | "buffers") =>
    new Map(
      model.nodes.flatMap((node) =>
        node[key].flatMap(({ name }) => {
          const tensor = tensors.get(`${node.name}.${name}`);
          return tensor ? [[`${node.name}.${name}`, tensor as Values] as const] : [];
        }),
      ),
    );
  const normalization = metadata.normalization && normalizationOf(parse(metadata.normalization, path), path);
  const network = {
    model,
    parameters: own("parameters"),
    buffers: own("buffers"),
    ...(normalization ? { normalization } : {}),
  };
  try {
    checkNetwork(network);
  } catch (error) {
    throw new SyntaxError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return network;
}

function graphOf({ format, model }: Readonly<Record<string, string>>, path: string): Model | undefined {
  return format === FORMAT && model !== undefined ? modelFromJson(parse(model, path), path) : undefined;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${path}: damaged metadata: ${(error as Error).message}`, { cause: error });
  }
}

function normalizationOf(value: unknown, path: string): Normalization {
  const { mean, std } = (value ?? {}) as Partial<Normalization>;
  const isNumbers = (list: unknown) => Array.isArray(list) && list.every((x) => Number.isFinite(x));
  if (!isNumbers(mean) || !isNumbers(std) || mean!.length !== std!.length) {
    throw new SyntaxError(`${path}: normalization must be lists of numbers "mean" and "std" of one length`);
  }
  return { mean: mean!, std: std! };
}
