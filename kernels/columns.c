/* Columns of a batch of inputs that are the same number for every sample, such as the pixels that
 * are black in all of its images: one of them stands for all in the gradient of the weight, g = dy
 * x^T, and the others get copies of its column of g. The columns are found, the inputs' rows packed
 * in place, and the rows of g, once computed, spread out again: each element of g is summed as it
 * would have been.
 */
#include "columns.h"
#include "lanes.h"

/* Packing is worth its passes if it leaves out a share of 1 / LEAST_SHARE. */
#define LEAST_SHARE 8

/* Whether a column is one number, in all tiles. */
INLINE int is_constant(const float *x, int tiles, size_t tile) {
  const vec first = splat(*x);
  for (int t = 0; t < tiles; t++, x += tile)
    for (int i = 0; i < T; i += VL)
      if (bits(load(x + i) != first)) return 0;
  return 1;
}

KERNEL(find_columns) {
  const struct find_columns_args *a = (const void *)args;
  struct columns columns = columns_at(memory, a->columns, a->cols);
  const float *x = at(memory, a->x);
  int n = 0, resting = -1;
  (void)begin, (void)end;
  for (int c = 0; c < a->cols; c++) {
    const float *column = x + (size_t)c * T;
    const int rests = is_constant(column, a->tiles, (size_t)a->cols * T) &&
                      (resting < 0 || *column == x[(size_t)resting * T]);
    if (rests && resting < 0) resting = c;
    if (c % 16 == 0) columns.masks[c / 16] = 0;
    columns.masks[c / 16] |= !rests << c % 16;
    columns.list[n] = c;
    n += !rests;
  }
  columns.list[n] = resting;
  *columns.packed = n + 1 < a->cols - a->cols / LEAST_SHARE ? n + 1 : 0;
}

KERNEL(pack_columns) {
  const struct pack_columns_args *a = (const void *)args;
  const struct columns columns = columns_at(memory, a->columns, a->cols);
  const int n = *columns.packed - 1;
  if (n < 0) return;
  for (int b = begin; b < end; b++) {
    float *row = (float *)at(memory, a->x_rows) + (size_t)b * a->row_stride;
    const float resting = row[columns.list[n]];
#if VL == 16
    /* Rows are padded to whole vectors, and what is packed ends before what is still to be read. */
    for (int c = 0, k = 0; c < a->cols; c += 16) {
      const __mmask16 mask = (__mmask16)columns.masks[c / 16];
      _mm512_storeu_ps(row + k, _mm512_maskz_compress_ps(mask, _mm512_loadu_ps(row + c)));
      k += __builtin_popcount(mask);
    }
#else
    for (int k = 0; k < n; k++) row[k] = row[columns.list[k]];
#endif
    row[n] = resting;
  }
}
