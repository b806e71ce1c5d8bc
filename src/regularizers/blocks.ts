/**
 * The blocks of a matrix: its rows and columns, cut where no non-zero ties them together.
 *
 *     1 0 2 0                    1 2           4
 *     0 0 0 0      blocks:       0 3    and        rows 0, 3 with columns 0, 2; row 2 with column 3
 *     0 0 0 4
 *     0 0 3 0
 *
 * A row or column of zeros is in none. What the singular vectors of a matrix span follows its
 * blocks, so what is made of them is exactly zero everywhere else.
 */
import { disjointSets } from "../disjoint-sets.js";
import type { Floats } from "./regularizer.js";

export interface Block {
  /** Ascending. */
  readonly rows: readonly number[];
  readonly cols: readonly number[];
}

/** The blocks of x, row-major [rows, cols], in the order of their first rows. A NaN is not zero. */
export function blocksOf(x: Floats, rows: number, cols: number): Block[] {
  // Rows, then columns.
  const { root, join } = disjointSets(rows + cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) if (x[i * cols + j] !== 0) join(i, rows + j);
  }
  const blocks = new Map<number, { rows: number[]; cols: number[] }>();
  for (let i = 0; i < rows; i++) {
    const own = blocks.get(root(i));
    if (own) own.rows.push(i);
    else blocks.set(root(i), { rows: [i], cols: [] });
  }
  // A row of zeros has no columns; a column of zeros is in no set of a row.
  for (let j = 0; j < cols; j++) blocks.get(root(rows + j))?.cols.push(j);
  return [...blocks.values()].filter((block) => block.cols.length > 0);
}

/** The numbers of a block, row-major. */
export function gathered(x: Floats, { rows, cols }: Block, width: number): Float64Array {
  return Float64Array.from({ length: rows.length * cols.length }, (_, k) => {
    return x[rows[Math.floor(k / cols.length)] * width + cols[k % cols.length]];
  });
}

/** The reverse of {@link gathered}. */
export function scatter(
  values: ArrayLike<number>,
  { rows, cols }: Block,
  width: number,
  out: Floats,
): void {
  let k = 0;
  for (const i of rows) for (const j of cols) out[i * width + j] = values[k++];
}
