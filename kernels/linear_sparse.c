/* Products of a linear layer by the pattern of its weight: y = W x + b (and dx = W^T dy, by the transposed pattern), and
 * the weight gradient at the pattern's places only. One non-zero weight costs one multiply-add a sample: its place within
 * a tile is a byte offset made when the pattern was, so that the inner loop has no index arithmetic.
 */
#include "kernels.h"

struct sparse_forward_args {
  int32_t entries; /* struct entry [rows][entry_stride] */
  int32_t counts;  /* i32 [rows] */
  int32_t bias;    /* f32 [rows], or 0 */
  int32_t x;       /* f32 [tiles][cols][T] */
  int32_t y;       /* f32 [tiles][rows][T] */
  int32_t mask;    /* f32 [tiles][rows][T], or 0 */
  int32_t tiles, rows, cols, entry_stride, epilogue;
};

KERNEL(sparse_forward) {
  const struct sparse_forward_args *a = (const void *)args;
  const struct entry *entries = at(memory, a->entries);
  const int32_t *counts = at(memory, a->counts);
  const float *bias = at_or_null(memory, a->bias), *mask = at_or_null(memory, a->mask);
  const char *x = at(memory, a->x);
  float *y = at(memory, a->y);
  for (int r = begin; r < end; r++) {
    const struct entry *row = entries + (size_t)r * a->entry_stride;
    for (int t = 0; t < a->tiles; t++) {
      const char *xt = x + (size_t)t * a->cols * T * 4;
      for (int j = 0; j < T; j += VL) {
        vec sum = splat(bias ? bias[r] : 0);
        for (int k = 0; k < counts[r]; k++) sum += row[k].value * load((const float *)(xt + row[k].offset) + j);
        size_t place = ((size_t)t * a->rows + r) * T + j;
        if (a->epilogue) sum = rectify(sum);
        store(y + place, mask ? masked(sum, load(mask + place)) : sum);
      }
    }
  }
}

struct sparse_weight_grad_args {
  int32_t entries; /* struct entry [rows][cols] */
  int32_t counts;  /* i32 [rows] */
  int32_t dy;      /* f32 [tiles][rows][T] */
  int32_t x;       /* f32 [tiles][cols][T] */
  int32_t g;       /* f32 [rows, cols] */
  int32_t tiles, rows, cols;
};

KERNEL(sparse_weight_grad) {
  const struct sparse_weight_grad_args *a = (const void *)args;
  const struct entry *entries = at(memory, a->entries);
  const int32_t *counts = at(memory, a->counts);
  const float *dy = at(memory, a->dy);
  const char *x = at(memory, a->x);
  float *g = at(memory, a->g);
  for (int r = begin; r < end; r++)
    for (int k = 0; k < counts[r]; k++) {
      int32_t offset = entries[(size_t)r * a->cols + k].offset;
      vec sum = splat(0);
      for (int t = 0; t < a->tiles; t++)
        for (int j = 0; j < T; j += VL)
          sum += load(dy + ((size_t)t * a->rows + r) * T + j) *
                 load((const float *)(x + (size_t)t * a->cols * T * 4 + offset) + j);
      g[(size_t)r * a->cols + offset / (T * 4)] = total(sum);
    }
}
