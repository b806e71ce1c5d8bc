/** Rectified linear unit: y = max(x, 0), dx = dy where y > 0. Mostly fused into its neighbours by compile.ts. */
import { TILE, op } from "../../runtime/kernel-table.js";
import { size, type LayerBase, type LayerRule } from "./layer.js";

export interface ReluLayer extends LayerBase {
  readonly kind: "relu";
}

/**
 * A ReLU activation, elementwise.
 *
 * @example
 * const model = sequential([784], [linear(200), relu(), linear(10)]);
 */
export function relu({ name }: { name?: string } = {}): ReluLayer {
  return { kind: "relu", ...(name === undefined ? {} : { name }) };
}

export const reluRule: LayerRule<ReluLayer> = {
  outputShape: (_layer, input) => input,
  parameters: () => [],
  multiplicationsPerWeight: 0,
  scratchBytes: () => 0,
  forward: (_layer, { tiles, x, y, inputShape }) => [op("relu", tiles, { x, y, length: size(inputShape) * TILE })],
  backward: (_layer, { tiles, y, dy, dx, inputShape }) =>
    dx ? [op("reluGrad", tiles, { dy, y, dx, length: size(inputShape) * TILE })] : [],
};
