/**
 * The tensors of a state dict as the modules that they are of.
 *
 *     layer2.0.bn1.weight, layer2.0.bn1.bias, layer2.0.bn1.running_mean, ...      the module layer2.0.bn1
 *
 * A safetensors file has its tensors sorted by their names, letter by letter, so that the order in
 * which modules were made is lost. Numbers in names are compared as numbers here: "2" comes before
 * "10", which gives back the order of an nn.Sequential.
 */
import { fromBfloat, fromHalf } from "../half.js";
import { isTypedArray } from "../../kinds.js";
import type { Tensor } from "../safetensors-format.js";

export interface Module {
  /** "layer2.0.bn1". */
  readonly name: string;
  /** "layer2.0". */
  readonly container: string;
  /** By the ends of their names: "weight", "running_mean". */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Steps that batch norm has counted: only an average without momentum asks for them. */
const LEFT_OUT = "num_batches_tracked";

/** The modules, in the order of their names. */
export function modulesOf(tensors: ReadonlyMap<string, Tensor>): Module[] {
  const modules = new Map<string, Map<string, Tensor>>();
  for (const [full, tensor] of tensors) {
    const [module, name] = splitName(full);
    if (name === LEFT_OUT) continue;
    const own = modules.get(module);
    if (own) own.set(name, tensor);
    else modules.set(module, new Map([[name, tensor]]));
  }
  return [...modules]
    .map(([name, own]) => ({ name, container: splitName(name)[0], tensors: own }))
    .sort((a, b) => byNumbers(a.name, b.name));
}

/** The name of a tensor from those of its module and its own. */
export function fullName(module: string, name: string): string {
  return module === "" ? name : `${module}.${name}`;
}

/** The numbers of a tensor as float32; undefined where it holds none of floating point. */
export function numbersOf({ data, dtype }: Tensor): Float32Array | undefined {
  if (dtype === "F16") return Float32Array.from(data as Uint16Array, fromHalf);
  if (dtype === "BF16") return Float32Array.from(data as Uint16Array, fromBfloat);
  if (isTypedArray(data, "Float32Array")) return data;
  return isTypedArray(data, "Float64Array") ? Float32Array.from(data) : undefined;
}

function splitName(full: string): [module: string, name: string] {
  const dot = full.lastIndexOf(".");
  return dot < 0 ? ["", full] : [full.slice(0, dot), full.slice(dot + 1)];
}

/** Part by part, numbers as numbers. */
function byNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.match(/\d+|[^\d.]+/g) ?? []);
  for (let k = 0; k < Math.min(left.length, right.length); k++) {
    const [x, y] = [left[k], right[k]];
    if (x === y) continue;
    const [m, n] = [Number(x), Number(y)];
    if (!Number.isNaN(m) && !Number.isNaN(n)) return m - n;
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}
