/**
 * Which module of a state dict each layer of a model is.
 *
 * In this order: what the caller says; layers and modules of one name; then by their tensors, those
 * with the same names and shapes being the same layer. Of several that are alike the first is the
 * first, in the order of the model's nodes and of the modules' names.
 *
 * Batch norms are alike all over a residual net, and the orders of shortcut and trunk may differ.
 * So they follow the convolutions, whose shapes say more: the batch norm behind the second
 * convolution of a block is the second of that block.
 */
import { InputError } from "../../errors.js";
import { didYouMean } from "../../nearest.js";
import type { Model, ModelNode } from "../../nn/model.js";
import { isWeightRole } from "../../runtime/parameter.js";
import { fullName, type Module } from "./modules.js";

/** A tensor that a layer takes. */
export interface Need {
  /** Name in a module: "weight", "running_mean". */
  readonly name: string;
  readonly shape: readonly number[];
  /** Parameter or buffer that it is, or is a row of. */
  readonly ours: string;
  readonly row: number;
}

/** A layer, with what it takes. */
export interface Slot {
  readonly layer: string;
  readonly needs: readonly Need[];
}

/** Layers that take something, in the order of the model's nodes. */
export function slotsOf({ nodes }: Model): Slot[] {
  return nodes.flatMap((node): Slot[] => {
    const needs = [...node.parameters, ...node.buffers].flatMap((spec): Need[] => {
      const ours = `${node.name}.${spec.name}`;
      const rows = "rows" in spec ? spec.rows : undefined;
      return (rows ?? [spec.name]).map((name, row) => {
        return { name, shape: rows ? spec.shape.slice(1) : spec.shape, ours, row };
      });
    });
    return needs.length > 0 ? [{ layer: node.name, needs }] : [];
  });
}

/** What a layer takes, by its names in a module. */
export const needed = ({ needs }: Slot) => needs.map((need) => [need.name, need] as const);

/** Names and shapes of tensors as a text that is the same for those that are alike. */
function likenessOf(tensors: Iterable<readonly [string, { readonly shape: readonly number[] }]>) {
  return Array.from(tensors, ([name, { shape }]) => `${name} [${shape.join()}]`)
    .sort()
    .join();
}

const slotLikeness = (slot: Slot) => likenessOf(needed(slot));
const moduleLikeness = ({ tensors }: Module) => likenessOf(tensors);

/**
 * The module of each layer that has one.
 *
 * @param map - by layer, the name of its module
 * @throws InputError if `map` names a layer or a module that there is not, or two that differ
 */
export function matched(
  { nodes }: Model,
  slots: readonly Slot[],
  modules: readonly Module[],
  map: Readonly<Record<string, string>>,
): Map<Slot, Module> {
  const found = new Map<Slot, Module>();
  const free = new Set(modules);
  const take = (slot: Slot, module: Module | undefined): void => {
    if (!module || found.has(slot) || !free.has(module)) return;
    if (slotLikeness(slot) !== moduleLikeness(module)) return;
    found.set(slot, module);
    free.delete(module);
  };
  const byName = new Map(modules.map((module) => [module.name, module]));
  const slotOf = new Map(slots.map((slot) => [slot.layer, slot]));
  for (const [layer, name] of Object.entries(map)) {
    const [slot, module] = [slotOf.get(layer), byName.get(name)];
    checkNamed(`the model has no layer "${layer}" with parameters`, layer, slot, slotOf);
    checkNamed(`the file has no module "${name}"`, name, module, byName);
    take(slot!, module);
    if (found.get(slot!) === module) continue;
    throw new InputError(
      `start: map: "${layer}" needs ${listed(needed(slot!))}, of "${name}" found ` +
        `${free.has(module!) ? listed(module!.tensors) : "that another layer has it"}`,
    );
  }
  for (const slot of slots) if (!(slot.layer in map)) take(slot, byName.get(slot.layer));
  const inOrder = (some: readonly Slot[]): void => {
    for (const slot of some) {
      const likeness = slotLikeness(slot);
      if (!found.has(slot))
        take(
          slot,
          [...free].find((other) => moduleLikeness(other) === likeness),
        );
    }
  };
  const nodeOf = new Map(nodes.map((node) => [node.name, node]));
  inOrder(slots.filter(({ layer }) => hasWeight(nodeOf.get(layer)!)));
  for (const slot of slots) {
    const neighbour = slotOf.get(weightBeside(nodes, slot.layer) ?? "");
    const module = neighbour && found.get(neighbour);
    if (module) take(slot, besideModule(modules, module, slot));
  }
  inOrder(slots);
  return found;
}

function checkNamed(
  what: string,
  name: string,
  found: unknown,
  known: ReadonlyMap<string, unknown>,
): void {
  if (found !== undefined) return;
  const names = [...known.keys()];
  throw new InputError(
    `start: map: ${what}${didYouMean(name, names)}; there are ${names.join(", ")}`,
  );
}

function hasWeight({ parameters }: ModelNode): boolean {
  return parameters.some(({ role }) => isWeightRole(role));
}

/** The layer with weights that a layer reads, or whose input it makes. */
function weightBeside(nodes: readonly ModelNode[], layer: string): string | undefined {
  const index = nodes.findIndex(({ name }) => name === layer);
  const before = nodes[nodes[index].inputs[0]];
  if (before && hasWeight(before)) return before.name;
  for (let k = index; ;) {
    const next = nodes.findIndex(({ inputs }) => inputs.includes(k));
    if (next < 0) return undefined;
    if (hasWeight(nodes[next])) return nodes[next].name;
    if (nodes[next].parameters.length > 0) return undefined;
    k = next;
  }
}

/** The module that has the place among its kind that a convolution has among convolutions. */
function besideModule(
  modules: readonly Module[],
  module: Module,
  { needs }: Slot,
): Module | undefined {
  const rank = ({ tensors }: Module) => tensors.get("weight")?.shape.length ?? 0;
  const beside = modules.filter(({ container }) => container === module.container);
  const weights = beside.filter((other) => rank(other) === rank(module));
  const names = needs.map(({ name }) => name);
  const others = beside.filter(
    ({ tensors }) => tensors.size === names.length && names.every((name) => tensors.has(name)),
  );
  return weights.length === others.length ? others[weights.indexOf(module)] : undefined;
}

/** Tensors for a message: "fc.weight [5, 16], fc.bias [5]". */
export function listed(
  tensors: Iterable<readonly [string, { readonly shape: readonly number[] }]>,
  module?: string,
): string {
  return Array.from(tensors, ([name, { shape }]) => {
    return `${module === undefined ? name : fullName(module, name)} [${shape.join(", ")}]`;
  }).join(", ");
}
