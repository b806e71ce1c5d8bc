/**
 * Fields of a recipe by their names, as messages write them: "optimizer.weights.tau",
 * "model.features[1]".
 */
import { pathName } from "../recipes/problems.js";

export type FieldPath = readonly (string | number)[];

/** The keys that a name stands for; undefined if it is none. */
export function fieldPath(name: string): FieldPath | undefined {
  if (!/^[\w$-]+(\.[\w$-]+|\[\d+\])*$/.test(name)) return undefined;
  return [...name.matchAll(/([\w$-]+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index));
}

/**
 * The value with another one at a place. Objects on the way that are not there are made.
 *
 * @returns the new value, or what is wrong with the place
 */
export function withField(
  whole: object,
  path: FieldPath,
  value: unknown,
): { readonly value: object } | { readonly fault: string } {
  const copy = structuredClone(whole);
  let at = copy as Record<string | number, unknown>;
  for (const [k, key] of path.entries()) {
    const name = pathName(path.slice(0, k));
    const isList = Array.isArray(at);
    if (isList !== (typeof key === "number"))
      return { fault: `${name} is ${isList ? "a list" : "no list"}` };
    if (isList && !((key as number) < (at as unknown as unknown[]).length))
      return { fault: `${name} has ${(at as unknown as unknown[]).length} elements` };
    if (!isList && key === "__proto__") return { fault: "no field has this name" };
    if (k === path.length - 1) at[key] = value;
    else {
      at[key] ??= {};
      const next = at[key];
      if (typeof next !== "object")
        return {
          fault: `${pathName(path.slice(0, k + 1))} is ${JSON.stringify(next)}, which has no fields`,
        };
      at = next as Record<string | number, unknown>;
    }
  }
  return { value: copy };
}
