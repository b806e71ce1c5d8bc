/** The rules of all layer kinds: members of the functions that index.ts exports. */
import * as layers from "./index.js";
import type { LayerRule } from "./layer.js";

/** A layer of any kind. */
export type Layer = ReturnType<
  Extract<(typeof layers)[keyof typeof layers], { readonly rule: unknown }>
>;

/** Kinds go by the names of their functions: what is left out of index.ts does not compile here. */
const RULES = layers satisfies Readonly<Record<Layer["kind"], { readonly rule: unknown }>>;

/** The kinds there are. */
export const layerKinds = Object.entries(RULES).flatMap(([name, made]) =>
  "rule" in made ? [name as Layer["kind"]] : [],
);

/** The rule of a layer's kind. */
export function ruleOf<K extends Layer["kind"]>({ kind }: { readonly kind: K }): LayerRule<Layer> {
  return RULES[kind].rule as unknown as LayerRule<Layer>;
}
