/* The lists of the pairs of channels that have a kernel, and the same transposed, for the input
 * gradient. Layouts: src/runtime/contract/.
 */
#include "kernels.h"
#include "pair.h"

KERNEL(compress_pairs) {
  const struct compress_pairs_args *a = (const void *)args;
  int32_t *pair_counts = at(memory, a->pair_counts), *counts = at(memory, a->counts);
  int32_t *changed = at(memory, a->changed);
  const size_t kernel = (size_t)a->taps * 4;
  for (int o = begin; o < end; o++) {
    struct pair *out = (struct pair *)at(memory, a->entries) + (size_t)o * a->inner;
    size_t weights = (uint32_t)a->theta + (size_t)o * a->inner * kernel;
    int pairs = 0, count = 0;
    uint32_t moved = 0;
    for (int c = 0; c < a->inner; c++, weights += kernel) {
      const float *w = (const float *)(memory + weights);
      int alive = 0;
      for (int t = 0; t < a->taps; t++) alive += w[t] != 0; /* a NaN is not 0 */
      count += alive;
      if (!alive) continue;
      /* Channels ascend, so pair k overwrites the old pair k after it has been compared. */
      const struct pair p = {(uint32_t)c * a->plane_bytes, (uint32_t)weights};
      moved |= out[pairs].plane ^ p.plane;
      out[pairs++] = p;
    }
    changed[o] = moved || pairs != pair_counts[o];
    pair_counts[o] = pairs;
    counts[o] = count;
  }
}

/* First of the row's pairs whose plane is at least `plane`. */
static int first_pair(const struct pair *row, int count, uint32_t plane) {
  int low = 0;
  while (low < count) {
    const int middle = (low + count) / 2;
    if (row[middle].plane < plane) low = middle + 1;
    else count = middle;
  }
  return low;
}

KERNEL(transpose_pairs) {
  const struct transpose_pairs_args *a = (const void *)args;
  const int32_t *counts = at(memory, a->pair_counts), *changed = at(memory, a->changed);
  int32_t *t_counts = at(memory, a->t_counts);
  int rebuild = *(const int32_t *)at(memory, a->force);
  for (int o = 0; o < a->rows; o++) rebuild |= changed[o];
  if (!rebuild) return; /* a pair holds the place of its weights, not their values */

  const uint32_t plane = a->plane_bytes;
  for (int c = begin; c < end; c++) t_counts[c] = 0;
  for (int o = 0; o < a->rows; o++) {
    const struct pair *row = (const struct pair *)at(memory, a->entries) + (size_t)o * a->inner;
    for (int k = first_pair(row, counts[o], begin * plane); k < counts[o]; k++) {
      const int c = row[k].plane / plane;
      if (c >= end) break;
      struct pair *out = (struct pair *)at(memory, a->t_entries) + (size_t)c * a->rows;
      out[t_counts[c]++] = (struct pair){(uint32_t)o * a->row_bytes, row[k].weights};
    }
  }
}
