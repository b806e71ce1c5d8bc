/**
 * A network as bytes: safetensors with parameters and buffers by name, and the graph in its
 * metadata. Works without a file system.
 *
 *     metadata   format         "bregman"
 *                model          the graph as JSON, see nn/model-json.ts
 *                normalization  { "mean": [...], "std": [...] } of the inputs, where there is one
 *                labelNames     ["cat", "dog", ...], one for each output, of a classifier
 *                preparation    how samples of files become inputs, see preparation.ts
 *                targets        { "names": [...], "std": [...] }, one for each output, of a network
 *                               for regression
 *                ...            texts of whoever writes it
 *
 *                simplified     "true" where nothing is left to simplify
 *                shapes         of a sparse file: those of the weights that are stored in parts
 *                crc32          of a sparse file: see sealed-file.ts
 *
 * A sparse one has the tensors of stored-weight.ts in place of each weight that is smaller that
 * way. docs/format.md says all that a reader needs.
 */
import { BregmanError, InputError, ofFile, UnusableFileError } from "../errors.js";
import { parseJson } from "../json.js";
import { knownOptions, type OptionKeys } from "../known-options.js";
import type { Model } from "../nn/model.js";
import { modelFromJson, modelToJson } from "../nn/model-json.js";
import { checkNetwork, type Network, type TargetFacts, type Values } from "../nn/network.js";
import type { Normalization } from "../normalization.js";
import type { Preparation } from "../preparation.js";
import type { Shape } from "../regularizers/regularizer.js";
import { isWeightRole } from "../runtime/parameter.js";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "./safetensors-format.js";
import { asSimple, isSimple } from "./simplify/simple.js";
import { checkSeal, seal, UNSEALED } from "./sealed-file.js";
import {
  readStoredWeight,
  storedWeight,
  VALUE_FORMATS,
  type ValueFormat,
} from "./stored-weight.js";

const FORMAT = "bregman";
/** Keys of the metadata that are ours. */
const RESERVED = [
  "format",
  "model",
  "normalization",
  "labelNames",
  "preparation",
  "targets",
  "simplified",
  "shapes",
  "crc32",
];

export interface EncodeModelOptions {
  /**
   * Weights as their non-zeros with their places, where that is smaller: some 5 bytes a non-zero.
   * Only bregman reads it; without it any program that knows safetensors does. Default false.
   */
  readonly sparse?: boolean | undefined;
  /**
   * How a sparse file keeps the numbers of weights. "float16" has 11 bits of each, "int8" the
   * nearest of 255 steps, a step for each row. Default "float32": as they are.
   */
  readonly values?: ValueFormat | undefined;
}

export const ENCODE_OPTIONS: OptionKeys<EncodeModelOptions> = { sparse: 1, values: 1 };

/**
 * The bytes of a network, as `saveModel` writes them to a file.
 *
 * @param metadata - texts to keep beside it
 * @throws InputError if a parameter or buffer is missing, or the normalization is not one of the
 * inputs; also for a number in it that can't be, or that `values` can't hold, for labels' names
 * that are not one for each output, and for a text whose name is ours: "format", "model",
 * "normalization", "labelNames", "preparation", "targets", "simplified", "shapes",
 * "crc32"
 * @example
 * const file = new Blob([encodeModel({ model, ...result })]); // in a browser: to download
 */
export function encodeModel(
  network: Network,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodeModelOptions = {},
): Uint8Array<ArrayBuffer> {
  const { sparse = false, values } = knownOptions("encodeModel", options, ENCODE_OPTIONS);
  checkValues(values, sparse);
  checkNetwork(network);
  const { model, parameters, buffers, normalization, labelNames, preparation, targets } = network;
  const tensors = new Map<string, Tensor>([...parameters, ...buffers]);
  const shapes: Record<string, Shape> = {};
  if (sparse) {
    for (const name of weightNames(model)) {
      const weight = parameters.get(name)!;
      const stored = storedWeight(name, weight, values ?? "float32");
      if (!stored) continue;
      tensors.delete(name);
      shapes[name] = weight.shape;
      for (const [part, tensor] of Object.entries(stored)) tensors.set(`${name}.${part}`, tensor);
    }
  }
  for (const key of RESERVED) {
    if (key in metadata)
      throw new InputError(
        `could not keep a text "${key}" beside the network: the name is reserved`,
      );
  }
  const bytes = encodeSafetensors(tensors, {
    ...metadata,
    ...(isSimple(network) && { simplified: "true" }),
    ...(sparse && { shapes: JSON.stringify(shapes), ...UNSEALED }),
    format: FORMAT,
    model: JSON.stringify(modelToJson(model)),
    ...(normalization && { normalization: JSON.stringify(plain(normalization)) }),
    ...(labelNames && { labelNames: JSON.stringify(labelNames) }),
    ...(preparation && { preparation: JSON.stringify(preparation) }),
    ...(targets && { targets: JSON.stringify(plainTargets(targets)) }),
  });
  return sparse ? seal(bytes) : bytes;
}

function checkValues(values: ValueFormat | undefined, sparse: boolean): void {
  if (values === undefined) return;
  if (!VALUE_FORMATS.includes(values)) {
    throw new InputError(
      `encodeModel: values must be ${VALUE_FORMATS.join(", ")}, found ${JSON.stringify(values)}`,
    );
  }
  if (!sparse) throw new InputError(`encodeModel: values "${values}" are for sparse: true`);
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
  checkSeal(bytes, metadata, where);
  const model = graphOf(metadata, where) ?? given;
  if (!model)
    throw new UnusableFileError(`${where}: no network of bregman: its metadata have no graph`);
  const own = (key: "parameters" | "buffers") =>
    new Map(
      model.nodes.flatMap((node) =>
        node[key].flatMap(({ name, shape }) => {
          const full = `${node.name}.${name}`;
          const values =
            (tensors.get(full) as Values | undefined) ?? storedValues(tensors, full, shape, where);
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
  const preparation = kept("preparation") as Preparation | undefined;
  const targets = kept("targets") as TargetFacts | undefined;
  const network = {
    model,
    parameters: own("parameters"),
    buffers: own("buffers"),
    ...(normalization !== undefined && { normalization }),
    ...(labelNames !== undefined && { labelNames }),
    ...(preparation !== undefined && { preparation }),
    ...(targets !== undefined && { targets }),
  };
  ofFile(
    () => checkNetwork(network),
    (message) => `${where}: ${message}`,
  );
  return metadata.simplified === "true" ? asSimple(network) : network;
}

/** A weight that is stored in parts; undefined if it is not. */
function storedValues(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  shape: Shape,
  where: string,
): Values | undefined {
  try {
    return readStoredWeight(tensors, name, shape);
  } catch (error) {
    if (!(error instanceof BregmanError)) throw error;
    throw new UnusableFileError(`${where}: "${name}" is damaged: ${error.message}`, {
      cause: error,
    });
  }
}

/** Whether the metadata of a safetensors file are those of a network of bregman. */
export function isOwn({ format, model }: Readonly<Record<string, string>>): boolean {
  return format === FORMAT && model !== undefined;
}

function graphOf(metadata: Readonly<Record<string, string>>, where: string): Model | undefined {
  if (!isOwn(metadata)) return undefined;
  return modelFromJson(parseJson(metadata.model, `${where}: damaged metadata`), where);
}

function plainTargets({ names, std }: TargetFacts): TargetFacts {
  return { ...(names && { names }), ...(std && { std: [...std] }) };
}

/** Typed arrays would be no lists in JSON. */
function plain({ mean, std }: Normalization): Normalization {
  return { mean: [...mean], std: [...std] };
}
