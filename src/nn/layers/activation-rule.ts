/** The rule of a layer that applies a function to each number. */
import { op } from "../../runtime/kernel-table.js";
import { elementwise } from "./channels.js";
import type { FusesAs, LayerBase, LayerRule } from "./layer.js";
import { imageArgs, spanOf } from "./single.js";

/** What the rule of an elementwise function needs. */
export interface Activation<L extends LayerBase> {
  /** Value of the kernels' `kind` argument; contract.h names it by the layer. */
  readonly code: number;
  /** Parameter of the function, if it has one. */
  slope?(layer: L): number;
  /** The function itself. */
  functionOf(layer: L): (x: number) => number;
  /** Whether its derivative is 0 at x; left out: nowhere. */
  isFlat?(x: number): boolean;
  readonly fusesAs?: FusesAs;
  fromJson: LayerRule<L>["fromJson"];
}

/** The rule of a layer that applies a function to each number. */
export function activationRule<L extends LayerBase>(
  activation: Activation<L>,
): LayerRule<L> & Activation<L> {
  return {
    ...activation,
    inputs: 1,
    channels: {
      ...elementwise(activation.functionOf),
      ...(activation.isFlat && { isFlat: activation.isFlat }),
    },
    outputShape: (_layer, [input]) => input,
    single: {
      takes: {},
      inStep: true,
      lower: (layer, { xs: [x], y, mask, put }) => [
        op("singleActivation", y.channels, {
          x: imageArgs(x),
          y: imageArgs(y),
          mask: mask(),
          span: spanOf(y),
          ...functionArgs(activation, layer, (_key, data) => put(data())),
        }),
      ],
    },
  };
}

/** The function, as kernels get it. */
export function functionArgs<L extends LayerBase>(
  { code, slope }: Activation<L>,
  layer: L,
  constant: (key: string, data: () => Float32Array) => number,
): { kind: number; slope: number } {
  return { kind: code, slope: slope ? constant("slope", () => Float32Array.of(slope(layer))) : 0 };
}
