/**
 * The numbers of a network that another program has written, such as PyTorch's state dict, for a
 * model of ours of the same architecture. Works without a file system.
 *
 *     ours                               theirs
 *     <linear or conv2d>.weight, .bias   <module>.weight, .bias
 *     <batchNorm2d>.weight, .bias        <module>.weight, .bias
 *     <batchNorm2d>.running              <module>.running_mean and .running_var
 *
 * Names may differ: see match.ts. Every tensor of the file must have gone somewhere, except for
 * num_batches_tracked.
 */
import { InputError, UnusableFileError } from "../../errors.js";
import { knownOptions, type OptionKeys } from "../../known-options.js";
import { didYouMean } from "../../nearest.js";
import type { Model } from "../../nn/model.js";
import type { Network, Values } from "../../nn/network.js";
import { size } from "../../shape-size.js";
import { decodeSafetensors, type Tensor } from "../safetensors-format.js";
import { listed, matched, needed, slotsOf, type Need, type Slot } from "./match.js";
import { fullName, modulesOf, numbersOf, type Module } from "./modules.js";

export interface StateDictOptions {
  /**
   * What the order and the shapes don't tell: by a layer the name of its module, `{ "head": "fc"
   * }`, or by a tensor that of another, `{ "head.weight": "fc.kernel" }`. Default: nothing.
   */
  readonly map?: Readonly<Record<string, string>> | undefined;
  /**
   * Layers that need nothing of the file; what it has for them is left out. Default: none.
   */
  readonly fresh?: readonly string[] | undefined;
}

export interface DecodeStateDictOptions extends StateDictOptions {
  /** Name of the source in error messages. Default "state dict". */
  readonly where?: string | undefined;
}

/** A tensor, and where it went. */
export interface Placed {
  /** `<layer>.<parameter>`; absent where it was left out, for a layer that is fresh. */
  readonly ours?: string;
  readonly theirs: string;
  readonly shape: readonly number[];
}

/** A network out of a state dict, and where each of its tensors went. */
export interface StateDict {
  readonly network: Network;
  readonly placed: readonly Placed[];
}

const OPTIONS: OptionKeys<DecodeStateDictOptions> = { map: 1, fresh: 1, where: 1 };

/**
 * The network of a state dict in the bytes of a safetensors file.
 *
 * @throws UnusableFileError if they are damaged, or tensors and layers don't go together: it names
 *   those that are left over; InputError for a `map` that names what there is not
 * @example
 * const response = await fetch("resnet18.safetensors");
 * const bytes = new Uint8Array(await response.arrayBuffer());
 * const { network } = decodeStateDict(bytes, resNet18());
 */
export function decodeStateDict(
  bytes: Uint8Array,
  model: Model,
  options: DecodeStateDictOptions = {},
): StateDict {
  const { where = "state dict", ...rest } = knownOptions("decodeStateDict", options, OPTIONS);
  return networkOf(decodeSafetensors(bytes, where).tensors, model, { where, ...rest });
}

/** The network of tensors by their names elsewhere. */
export function networkOf(
  tensors: ReadonlyMap<string, Tensor>,
  model: Model,
  { where, map = {}, fresh = [] }: StateDictOptions & { readonly where: string },
): StateDict {
  const slots = slotsOf(model);
  const single = singleTensors(slots, tensors, map);
  const given = new Set(single.keys());
  const taken = new Set(single.values());
  const open = slots
    .map((slot) => ({ ...slot, needs: slot.needs.filter((need) => !given.has(need)) }))
    .filter(({ needs }) => needs.length > 0);
  const modules = modulesOf(new Map([...tensors].filter(([name]) => !taken.has(name))));
  const layers = Object.fromEntries(
    Object.entries(map).filter(
      ([ours]) => ![...given].some((need) => nameOf(slots, need) === ours),
    ),
  );
  const found = matched(model, open, modules, layers);
  const filled = new Map<Need, string>(single);
  for (const [{ needs }, { name }] of found)
    for (const need of needs) filled.set(need, fullName(name, need.name));
  const left = modules.filter((module) => ![...found.values()].includes(module));
  const missing = open.filter((slot) => !found.has(slot) && !fresh.includes(slot.layer));
  const idle = open.filter((slot) => !found.has(slot) && fresh.includes(slot.layer));
  const dropped = idle.flatMap((slot) => left.splice(placeOf(left, slot), 1));
  if (missing.length > 0 || left.length > 0) throw notFitting(where, missing, left);
  const isFresh = (need: Need) => fresh.some((layer) => need.ours.startsWith(`${layer}.`));
  return {
    network: filledNetwork(model, tensors, filled, where),
    placed: [
      ...Array.from(filled, ([need, theirs]) => {
        const shape = tensors.get(theirs)!.shape;
        return isFresh(need) ? { theirs, shape } : { ours: need.ours, theirs, shape };
      }),
      ...dropped.flatMap(({ name, tensors: own }) =>
        Array.from(own, ([key, { shape }]) => ({ theirs: fullName(name, key), shape })),
      ),
    ],
  };
}

/** The name of a need in `map`: "head.weight", "norm1.running_mean". */
function nameOf(slots: readonly Slot[], need: Need): string {
  return `${slots.find(({ needs }) => needs.includes(need))!.layer}.${need.name}`;
}

/** The entries of `map` that are of single tensors. */
function singleTensors(
  slots: readonly Slot[],
  tensors: ReadonlyMap<string, Tensor>,
  map: Readonly<Record<string, string>>,
): Map<Need, string> {
  const needs = new Map<string, Need>(
    slots.flatMap(({ layer, needs: own }) => own.map((need) => [`${layer}.${need.name}`, need])),
  );
  return new Map(
    Object.entries(map).flatMap(([ours, theirs]) => {
      const need = needs.get(ours);
      if (!need) return [];
      const tensor = tensors.get(theirs);
      if (tensor?.shape.join() === need.shape.join()) return [[need, theirs] as const];
      const known = [...tensors.keys()];
      const found = tensor ? `[${tensor.shape.join(", ")}]` : `none${didYouMean(theirs, known)}`;
      throw new InputError(
        `start: map: "${ours}" needs a tensor of the shape [${need.shape.join(", ")}], of ` +
          `"${theirs}" found ${found}`,
      );
    }),
  );
}

/** Where what a fresh layer has no use for is among what is left; at the end if it is not there. */
function placeOf(left: readonly Module[], { layer, needs }: Slot): number {
  const own = left.findIndex(({ name }) => name === layer);
  if (own >= 0) return own;
  const alike = left.findIndex(
    ({ tensors }) =>
      tensors.size === needs.length &&
      needs.every(({ name, shape }) => tensors.get(name)?.shape.length === shape.length),
  );
  return alike >= 0 ? alike : left.length;
}

/** Layers and modules that a message names. */
const MOST_NAMED = 3;

function notFitting(where: string, missing: readonly Slot[], left: readonly Module[]) {
  const some = <T>(all: readonly T[], text: (one: T) => string) => {
    const more = all.length - MOST_NAMED;
    const named = all.slice(0, MOST_NAMED).map(text).join("; ");
    return more > 0 ? `${named}; and ${more} more` : named;
  };
  const layers = some(missing, (slot) => `"${slot.layer}" needs ${listed(needed(slot))}`);
  const modules = some(left, ({ name, tensors }) => listed(tensors, name));
  const [first] = missing;
  const isOther = missing.length === 1 && left.length === 1 && placeOf(left, first) === 0;
  const hint = isOther ? ` (fresh: ["${first.layer}"] draws this layer anew)` : "";
  return new UnusableFileError(
    `${where}: its tensors are not those of the model: ` +
      `${layers ? `no such for ${layers}` : "every layer has its own"}; left over: ` +
      `${modules || "none"}${hint}`,
  );
}

function filledNetwork(
  model: Model,
  tensors: ReadonlyMap<string, Tensor>,
  filled: ReadonlyMap<Need, string>,
  where: string,
): Network {
  const rows = new Map<string, Float32Array[]>();
  for (const [{ ours, row }, theirs] of filled) {
    const numbers = numbersOf(tensors.get(theirs)!);
    if (!numbers)
      throw new UnusableFileError(`${where}: "${theirs}" holds integers, expected numbers`);
    const own = rows.get(ours) ?? [];
    own[row] = numbers;
    rows.set(ours, own);
  }
  const values = (key: "parameters" | "buffers") =>
    new Map(
      model.nodes.flatMap((node) =>
        node[key].flatMap(({ name, shape }): [string, Values][] => {
          const full = `${node.name}.${name}`;
          const own = rows.get(full);
          return own ? [[full, { shape, data: joinedRows(own, size(shape)) }]] : [];
        }),
      ),
    );
  return { model, parameters: values("parameters"), buffers: values("buffers") };
}

function joinedRows(rows: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  let place = 0;
  for (const row of rows) {
    all.set(row, place);
    place += row.length;
  }
  return all;
}
