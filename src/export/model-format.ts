/**
 * A network as bytes: safetensors with parameters and buffers by name, and the graph in its
 * metadata. Works without a file system.
 *
 *     metadata   format         "bregman"
 *                model          the graph as JSON, see nn/model-json.ts
 *                normalization  { "mean": [...], "std": [...] } of the inputs, where there is one
 *                labelNames     ["cat", "dog", ...], one for each output, of a classifier
 *                ...            texts of whoever writes it
 *
 * A sparse one has `<weight>.values` and `<weight>.gaps` (see sparse-values.ts) in place of each
 * weight that is smaller that way.
 */
import { BregmanError, InputError, ofFile, UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import { isTypedArray } from "../kinds.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { Model } from "../nn/model.js";
import { modelFromJson, modelToJson } from "../nn/model-json.js";
import { checkNetwork, type Network, type Values } from "../nn/network.js";
import { packedOf } from "../nn/packed-values.js";
import type { Normalization } from "../normalization.js";
import type { Shape } from "../regularizers/regularizer.js";
import { isWeightRole } from "../runtime/parameter.js";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "./safetensors-format.js";
import { packSparse, valuesOf } from "./sparse-values.js";

const FORMAT = "bregman";
/** Keys of the metadata that are ours. */
const RESERVED = ["format", "model", "normalization", "labelNames"];

export interface EncodeModelOptions {
  /**
   * Weights as their non-zeros with their places, where that is smaller: some 5 bytes a non-zero.
   * Only bregman reads it; without it any program that knows safetensors does. Default false.
   */
  readonly sparse?: boolean | undefined;
}

const OPTIONS: OptionKeys<EncodeModelOptions> = { sparse: 1 };

/**
 * The bytes of a network, as `saveModel` writes them to a file.
 *
 * @param metadata - texts to keep beside it
 * @throws InputError if a parameter or buffer is missing, or the normalization is not one of the
 * inputs; also for a number in it that can't be, for labels' names that are not one for each
 * output, and for a text named "format", "model", "normalization" or "labelNames"
 * @example
 * const file = new Blob([encodeModel({ model, ...result })]); // in a browser: to download
 */
export function encodeModel(
  network: Network,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodeModelOptions = {},
): Uint8Array<ArrayBuffer> {
  const { sparse = false } = knownOptions("encodeModel", options, OPTIONS);
  checkNetwork(network);
  const { model, parameters, buffers, normalization, labelNames } = network;
  const tensors = new Map<string, Tensor>([...parameters, ...buffers]);
  if (sparse) {
    for (const name of weightNames(model)) {
      const weight = parameters.get(name)!;
      const packed = packedOf(weight) ?? packSparse(weight.data);
      if (!packed) continue;
      tensors.delete(name);
      const { values, gaps } = packed;
      for (const [part, data] of Object.entries({ values, gaps })) {
        tensors.set(`${name}.${part}`, { shape: [data.length], data });
      }
    }
  }
  for (const key of RESERVED) {
    if (key in metadata)
      throw new InputError(
        `could not keep a text "${key}" beside the network: the name is reserved`,
      );
  }
  return encodeSafetensors(tensors, {
    ...metadata,
    format: FORMAT,
    model: JSON.stringify(modelToJson(model)),
    ...(normalization && { normalization: JSON.stringify(plain(normalization)) }),
    ...(labelNames && { labelNames: JSON.stringify(labelNames) }),
  });
}

function weightNames({ nodes }: Model): string[] {
  return nodes.flatMap(({ name, parameters }) =>
    parameters.filter(({ role }) => isWeightRole(role)).map((spec) => `${name}.${spec.name}`),
  );
}

export interface LoadModelOptions {
  /**
   * The model of a file that does not have its graph, such as one that another program has written.
   */
  readonly model?: Model | undefined;
}

export interface DecodeModelOptions extends LoadModelOptions {
  /** Name of the source in error messages. Default "model". */
  readonly where?: string | undefined;
}

const DECODE_OPTIONS: OptionKeys<DecodeModelOptions> = { model: 1, where: 1 };

/**
 * The network of bytes that `encodeModel` or `saveModel` has made, or a training: its
 * `model.safetensors`.
 *
 * @throws UnusableFileError if they are damaged, or no network of bregman
 * @example
 * const response = await fetch("model.safetensors");
 * const network = decodeModel(new Uint8Array(await response.arrayBuffer()));
 */
export function decodeModel(bytes: Uint8Array, options: DecodeModelOptions = {}): Network {
  const { where = "model", model: given } = knownOptions("decodeModel", options, DECODE_OPTIONS);
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const model = graphOf(metadata, where) ?? given;
  if (!model)
    throw new UnusableFileError(`${where}: no network of bregman: its metadata have no graph`);
  const own = (key: "parameters" | "buffers") =>
    new Map(
      model.nodes.flatMap((node) =>
        node[key].flatMap(({ name, shape }) => {
          const full = `${node.name}.${name}`;
          const values =
            (tensors.get(full) as Values | undefined) ?? sparseValues(tensors, full, shape, where);
          return values ? [[full, values] as const] : [];
        }),
      ),
    );
  // Whatever they are: checkNetwork looks at them.
  const kept = (key: string): unknown =>
    metadata[key] === undefined
      ? undefined
      : parseJson(metadata[key], `${where}: damaged metadata`);
  const normalization = kept("normalization") as Normalization | undefined;
  const labelNames = kept("labelNames") as string[] | undefined;
  const network = {
    model,
    parameters: own("parameters"),
    buffers: own("buffers"),
    ...(normalization !== undefined && { normalization }),
    ...(labelNames !== undefined && { labelNames }),
  };
  ofFile(
    () => checkNetwork(network),
    (message) => `${where}: ${message}`,
  );
  return network;
}

/** A weight that is stored as its non-zeros; undefined if it is not. */
function sparseValues(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  shape: Shape,
  where: string,
): Values | undefined {
  const [values, gaps] = ["values", "gaps"].map((part) => tensors.get(`${name}.${part}`)?.data);
  if (!(isTypedArray(values, "Float32Array") && isTypedArray(gaps, "Uint8Array"))) return undefined;
  try {
    return valuesOf({ values, gaps }, shape);
  } catch (error) {
    if (!(error instanceof BregmanError)) throw error;
    throw new UnusableFileError(`${where}: "${name}" is damaged: ${error.message}`, {
      cause: error,
    });
  }
}

function graphOf(
  { format, model }: Readonly<Record<string, string>>,
  where: string,
): Model | undefined {
  if (format !== FORMAT || model === undefined) return undefined;
  return modelFromJson(parseJson(model, `${where}: damaged metadata`), where);
}

/** Typed arrays would be no lists in JSON. */
function plain({ mean, std }: Normalization): Normalization {
  return { mean: [...mean], std: [...std] };
}
