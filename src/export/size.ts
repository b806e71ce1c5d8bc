/**
 * What a network costs: weights, multiplications, bytes.
 *
 * Weights are those of linear layers and convolutions; biases, batch norm and skips never count. Bytes are those of all
 * parameters: dense in float32; sparse with the weights as their non-zeros where that is smaller (see sparse-values.ts), the
 * rest dense. Those are the sizes of the file that `encodeModel` makes, without its header.
 */
import { joined } from "../joined.js";
import { ruleOf } from "../nn/layers/rules.js";
import type { Network } from "../nn/network.js";
import { isWeightRole, type ParameterRole } from "../runtime/parameter.js";
import { packSparse } from "./sparse-values.js";

export interface NetworkSize {
  readonly weights: number;
  readonly nonZeros: number;
  /** Rows of the weights: units and output channels. */
  readonly units: number;
  /** 2 x multiplications of one sample's forward pass, with all weights and with the non-zeros only. */
  readonly flops: { readonly dense: number; readonly sparse: number };
  readonly bytes: { readonly dense: number; readonly sparse: number };
}

/**
 * Counts what a network costs.
 *
 * @example
 * const { weights, nonZeros, bytes } = networkSize({ model, ...result });
 */
export function networkSize({ model, parameters }: Network): NetworkSize {
  const sums = { weights: 0, nonZeros: 0, units: 0 };
  const flops = { dense: 0, sparse: 0 };
  const all: StoredParameter[] = [];
  for (const { name, layer, parameters: specs, shape } of model.nodes) {
    for (const spec of specs) {
      const { data } = parameters.get(`${name}.${spec.name}`)!;
      all.push({ role: spec.role, data });
      if (!isWeightRole(spec.role)) continue;
      const nonZeros = data.reduce((sum, w) => sum + (w === 0 ? 0 : 1), 0);
      const each = 2 * (ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0);
      sums.weights += data.length;
      sums.nonZeros += nonZeros;
      sums.units += spec.shape[0];
      flops.dense += data.length * each;
      flops.sparse += nonZeros * each;
    }
  }
  const dense = all.reduce((sum, { data }) => sum + data.byteLength, 0);
  return { ...sums, flops, bytes: { dense, sparse: sparseBytes(all).length } };
}

export interface StoredParameter {
  readonly role: ParameterRole;
  readonly data: Float32Array;
}

/** Parameters as they are stored sparse, see the head of this file. */
export function sparseBytes(parameters: readonly StoredParameter[]): Uint8Array {
  const chunks = parameters.flatMap(({ role, data }): Uint8Array[] => {
    const packed = isWeightRole(role) ? packSparse(data) : undefined;
    return packed ? [bytesOf(packed.values), packed.gaps] : [bytesOf(data)];
  });
  return joined(chunks, Uint8Array);
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
