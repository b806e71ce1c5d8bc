/**
 * What a network costs: weights, multiplications, bytes.
 *
 * Weights are those of linear layers and convolutions; biases, batch norm and skips never count.
 * Bytes are those of all parameters: dense in float32; sparse with the weights as their non-zeros
 * where that is smaller (see sparse-values.ts), the rest dense. Those are the sizes of the file
 * that `encodeModel` makes, without its header.
 */
import { joined } from "../joined.js";
import { size } from "../shape-size.js";
import { ruleOf } from "../nn/layers/rules.js";
import type { Network } from "../nn/network.js";
import { nonZerosOf, packedOf } from "../nn/packed-values.js";
import { isWeightRole, type ParameterRole } from "../runtime/parameter.js";
import { packedBytes, packedIfSparse, packSparse } from "./sparse-values.js";

export interface NetworkSize {
  readonly weights: number;
  readonly nonZeros: number;
  /** Rows of the weights: units and output channels. */
  readonly units: number;
  /**
   * 2 x multiplications of one sample's forward pass, with all weights and with the non-zeros only.
   */
  readonly flops: { readonly dense: number; readonly sparse: number };
  readonly bytes: { readonly dense: number; readonly sparse: number };
}

/**
 * Counts what a network costs. One that was read from a sparse file is counted by its non-zeros.
 *
 * @example
 * const { weights, nonZeros, bytes } = networkSize({ model, ...result });
 */
export function networkSize({ model, parameters }: Network): NetworkSize {
  const sums = { weights: 0, nonZeros: 0, units: 0 };
  const flops = { dense: 0, sparse: 0 };
  const bytes = { dense: 0, sparse: 0 };
  for (const { name, layer, parameters: specs, shape } of model.nodes) {
    for (const spec of specs) {
      const values = parameters.get(`${name}.${spec.name}`)!;
      const count = size(spec.shape);
      bytes.dense += 4 * count;
      if (!isWeightRole(spec.role)) {
        bytes.sparse += 4 * count;
        continue;
      }
      const packed = packedOf(packedIfSparse(values));
      bytes.sparse += packed ? packedBytes(packed) : 4 * count;
      const nonZeros = packed?.values.length ?? nonZerosOf(values);
      const each = 2 * (ruleOf(layer).multiplicationsPerWeight?.(shape) ?? 0);
      sums.weights += count;
      sums.nonZeros += nonZeros;
      sums.units += spec.shape[0];
      flops.dense += count * each;
      flops.sparse += nonZeros * each;
    }
  }
  return { ...sums, flops, bytes };
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
