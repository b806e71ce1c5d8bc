/** Rows of an array. */

/** Copies rows of an array of [count, length], and returns `to`. */
export function pickRows<A extends ArrayLike<number | bigint>>(
  from: A,
  length: number,
  rows: Int32Array,
  to: A,
): A {
  // All kinds of typed arrays have both.
  const [source, target] = [from, to] as unknown as [Uint8Array, Uint8Array];
  rows.forEach((row, k) =>
    target.set(source.subarray(row * length, (row + 1) * length), k * length),
  );
  return to;
}

/** Places of `rows` between which one row follows the other: they are read at once. */
export function* runsOf(
  rows: Int32Array,
): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0, to = 0; from < rows.length; from = to) {
    do to++;
    while (to < rows.length && rows[to] === rows[to - 1] + 1);
    yield { from, to };
  }
}
