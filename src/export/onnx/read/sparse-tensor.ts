/** Tensors of a file that are kept as their non-zeros. */
import { InputError, UnusableFileError } from "../../../errors.js";
import { roomFor } from "../../../room-for.js";
import { size } from "../../../shape-size.js";
import type { ReadSparseTensor } from "../proto.js";
import { type Constant, constant, readTensor } from "./constant.js";

/**
 * The array that a sparse tensor stands for.
 *
 * @throws UnusableFileError as {@link readTensor}, and for a place outside; InputError if there is
 *   no room for it
 */
export function readSparseTensor(sparse: ReadSparseTensor): { name: string; value: Constant } {
  const name = sparse.values[0]?.name[0] ?? "";
  if (sparse.values.length !== 1 || sparse.indices.length !== 1)
    throw new UnusableFileError("a sparse tensor has no values, or no indices");
  const values = readTensor(sparse.values[0]);
  const length = size(sparse.dims);
  if (!Number.isSafeInteger(length))
    throw new InputError(`tensor ${JSON.stringify(name)}: ${length} numbers are too many`);
  const data = roomFor(Float32Array, length, `${length} numbers of ${JSON.stringify(name)}`);
  eachNonZeroPlace(readTensor(sparse.indices[0]), sparse.dims, values.data.length, (place, k) => {
    data[place] = values.data[k];
  });
  return { name, value: constant(sparse.dims, data) };
}

/**
 * Calls f with the place of each number in the row-major array.
 *
 * @param indices - of shape [count], places, or [count, rank], an index for each dimension
 * @throws UnusableFileError if they are of another shape, or a place is outside
 */
function eachNonZeroPlace(
  { shape, data }: Constant,
  dims: readonly number[],
  count: number,
  f: (place: number, k: number) => void,
): void {
  const width = shape.length === 2 ? shape[1] : 1;
  if (shape[0] !== count || (shape.length === 2 && width !== dims.length) || shape.length > 2) {
    throw new UnusableFileError(
      `a sparse tensor of ${count} numbers has indices of shape [${shape.join(", ")}]`,
    );
  }
  const length = size(dims);
  for (let k = 0; k < count; k++) {
    let place = 0;
    if (shape.length === 1) place = data[k];
    else for (let d = 0; d < width; d++) place = place * dims[d] + data[k * width + d];
    if (!Number.isInteger(place) || place < 0 || place >= length) {
      throw new UnusableFileError(
        `a sparse tensor of shape [${dims.join(", ")}] has a number at place ${place}`,
      );
    }
    f(place, k);
  }
}
