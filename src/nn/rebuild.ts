/**
 * A model from a list of nodes: what is left of another after a change, or what a file says.
 *
 * Nodes that the output does not depend on are left out. Every node keeps its name, so that the
 * names of parameters stay.
 */
import { InputError } from "../errors.js";
import type { Shape } from "../regularizers/regularizer.js";
import type { Layer } from "./layers/rules.js";
import { graph, type Model, type Value } from "./model.js";

/** A node as it is given: its shape and parameters follow. */
export interface NodeEntry {
  readonly name: string;
  readonly layer: Layer;
  /** Indices of the entries it reads, -1 for the model's input. */
  readonly inputs: readonly number[];
}

/**
 * Builds a model from entries in topological order; `output` is the entry whose value is the
 * model's output.
 *
 * @throws InputError as graph, and if an entry reads one that does not stand before it
 */
export function modelOf(
  input: Shape,
  entries: readonly NodeEntry[],
  output = entries.length - 1,
): Model {
  entries.forEach(({ name, inputs }, k) => {
    const wrong = inputs.find((source) => !Number.isInteger(source) || source < -1 || source >= k);
    if (wrong !== undefined) {
      throw new InputError(
        `layer "${name}" must read layers before it, found number ${wrong} for layer number ${k}`,
      );
    }
  });
  const used = new Set([output]);
  for (let k = output; k >= 0; k--)
    if (used.has(k)) for (const source of entries[k].inputs) used.add(source);
  return graph(input, (builder) => {
    const values: (Value | undefined)[] = [];
    const valueOf = (k: number): Value => (k < 0 ? builder.input : values[k]!);
    entries.forEach(({ name, layer, inputs }, k) => {
      values[k] = used.has(k) ? builder.apply({ ...layer, name }, inputs.map(valueOf)) : undefined;
    });
    return valueOf(output);
  });
}

/** Every node that reads `from` reads `to` instead; both stand before it. */
export function redirect(
  inputs: readonly number[],
  aliases: ReadonlyMap<number, number>,
): number[] {
  return inputs.map((source) => {
    let place = source;
    for (let next = aliases.get(place); next !== undefined; next = aliases.get(place)) place = next;
    return place;
  });
}
