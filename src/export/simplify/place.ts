/** A node of a network, as the rules of layers see it. */
import type { Place } from "../../nn/layers/channels.js";
import { inputShapes, type ModelNode } from "../../nn/model.js";
import type { Network } from "../../nn/network.js";

/** Where a node stands: its shapes, and the values of its parameters and buffers. */
export function placeOf({ model, parameters, buffers }: Network, node: ModelNode): Place {
  return {
    inputs: inputShapes(model, node),
    output: node.shape,
    values: (name) =>
      (parameters.get(`${node.name}.${name}`) ?? buffers.get(`${node.name}.${name}`))!,
  };
}
