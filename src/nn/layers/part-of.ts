/** The parts of a layer's kind (parts.ts). */
import type { TiledRule } from "../tiled/rule.js";
import type { WriteC } from "./c.js";
import type { ReadOnnx, WriteOnnx } from "./onnx.js";
import * as parts from "./parts.js";
import type { Layer } from "./rules.js";

type LayerOf<Kind> = Extract<Layer, { readonly kind: Kind }>;

const PARTS = parts satisfies {
  readonly [Kind in Layer["kind"] as `${Kind}Tiled`]: TiledRule<LayerOf<Kind>>;
} & {
  readonly [Kind in Layer["kind"] as `${Kind}Onnx`]: WriteOnnx<LayerOf<Kind>>;
} & {
  readonly [Kind in Layer["kind"] as `${Kind}C`]: WriteC<LayerOf<Kind>>;
};

type OfAKind = Pick<Layer, "kind">;

/** How it computes a batch. */
export function tiledRuleOf({ kind }: OfAKind): TiledRule<Layer> {
  return PARTS[`${kind}Tiled`] as unknown as TiledRule<Layer>;
}

/** How it is written as operators of ONNX. */
export function writeOnnxOf({ kind }: OfAKind): WriteOnnx<Layer> {
  return PARTS[`${kind}Onnx`] as WriteOnnx<Layer>;
}

/** How it is written in C. */
export function writeCOf({ kind }: OfAKind): WriteC<Layer> {
  return PARTS[`${kind}C`] as WriteC<Layer>;
}

type Part = (typeof parts)[keyof typeof parts];

/** What recipes may say of layers. */
export const layerEntries = Object.entries(parts).flatMap(([name, part]) =>
  name.endsWith("Entry") ? [part as Extract<Part, { readonly make: unknown }>] : [],
);

/** Every operator of ONNX that is a layer, whatever shape it reads. */
export const onnxOperators: ReadonlyMap<string, ReadOnnx<Layer>[string]> = new Map(
  Object.entries(parts).flatMap(([name, part]) =>
    name.endsWith("FromOnnx") ? Object.entries(part as ReadOnnx<Layer>) : [],
  ),
);
