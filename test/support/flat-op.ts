/**
 * For tests of kernels that lay out their own tensors: an op from words by their own names, `x`,
 * `xTile`, `xPlane`, `xRow` for a tensor, in place of an object for each composite argument.
 */
import { InputError } from "#bregman/errors.js";
import type { Argument } from "#bregman/runtime/contract/composites.js";
import { KERNELS } from "#bregman/runtime/all-kernels.js";
import type { Kernel, Op, OpArgs } from "#bregman/runtime/kernel-table.js";

const capital = (name: string) => name[0].toUpperCase() + name.slice(1);

/**
 * Name of a composite's field: x and xTile of a tensor, kernelHeight of a shape, entries of a
 * pattern.
 */
function flatName(struct: string, name: string, field: string): string {
  if (struct === "places" || field === "planeSize" || field === "rowSize") return field;
  return field === "at" ? name : name + capital(field);
}

/**
 * Strides that are left out are 0, for kernels that don't use them; words it does not take are let
 * be.
 *
 * @throws InputError if another word is missing
 */
export function flatOp(
  kernel: Kernel,
  rows: number,
  words: Readonly<Record<string, number>>,
  grain = 1,
): Op {
  const word = (name: string): number => {
    if (name in words) return words[name];
    if (/(Tile|Plane|Row|Col)$/.test(name)) return 0;
    throw new InputError(`${kernel}: expected the word ${name}`);
  };
  const nested = (fields: readonly Argument[], nameOf: (field: string) => string): OpArgs =>
    Object.fromEntries(
      fields.map((field) => {
        if (typeof field === "string") return [field, word(nameOf(field))];
        const [name, composite] = field;
        return [name, nested(composite.fields, (inner) => flatName(composite.struct, name, inner))];
      }),
    );
  const args = nested(KERNELS[kernel], (name) => name);
  return { kernel, rows, grain, args };
}
