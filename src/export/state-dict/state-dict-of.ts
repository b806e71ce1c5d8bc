/** A network of ours as a state dict, whose tensors may then go to layers of other names. */
import type { Network } from "../../nn/network.js";
import type { Tensor } from "../safetensors-format.js";
import { fullName } from "./modules.js";

/** The tensors by their names; what we keep in one buffer and others do not, apart. */
export function stateDictOf({ model, parameters, buffers }: Network): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const node of model.nodes) {
    for (const { name } of node.parameters) {
      const { shape, data } = parameters.get(fullName(node.name, name))!;
      tensors.set(fullName(node.name, name), { shape, data });
    }
    for (const { name, rows } of node.buffers) {
      const { shape, data } = buffers.get(fullName(node.name, name))!;
      const length = data.length / (rows?.length ?? 1);
      for (const [k, row] of (rows ?? [name]).entries()) {
        const part = data.slice(k * length, (k + 1) * length);
        tensors.set(fullName(node.name, row), {
          shape: rows ? shape.slice(1) : shape,
          data: part,
        });
      }
    }
  }
  return tensors;
}
