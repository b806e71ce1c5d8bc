/**
 * The truth for the data kernels: what [tiles][features][T] and row-major outputs must hold, one
 * element at a time.
 */

/**
 * x[b, i] = u8[index_b, i] * scale[c] + shift[c], with c the channel of feature i; 0 for an index
 * of -1.
 */
export function gatherU8(
  data: Uint8Array, // [samples, features]
  indices: Int32Array,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
  features: number,
  channelSize: number,
): Float64Array {
  return rowsOf(indices, features, (index, i) => {
    const c = Math.floor(i / channelSize);
    return data[index * features + i]! * scale[c]! + shift[c]!;
  });
}

/** x[b, i] = data[index_b, i]; 0 for an index of -1. */
export function gatherF32(data: Float32Array, indices: Int32Array, features: number): Float64Array {
  return rowsOf(indices, features, (index, i) => data[index * features + i]!);
}

function rowsOf(
  indices: Int32Array,
  features: number,
  value: (index: number, i: number) => number,
): Float64Array {
  const rows = new Float64Array(indices.length * features);
  indices.forEach((index, b) => {
    for (let i = 0; i < features; i++) rows[b * features + i] = index < 0 ? 0 : value(index, i);
  });
  return rows;
}
