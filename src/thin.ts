/** Fewer rows of a long list, for a summary or a figure. */

/** At most `most` of the rows (2 or more), evenly spread, first and last included. */
export function thin<Row>(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows;
  const last = rows.length - 1;
  return Array.from({ length: most }, (_, k) => rows[Math.round((k * last) / (most - 1))]);
}
