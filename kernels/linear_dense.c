/* Products of a linear layer by its dense weight: y = W x + b, dx = W^T dy, g = dy x^T, and the bias gradient. */
#include "kernels.h"

/* y = max(y, 0); NaN stays NaN, so that a diverged net is noticed. */
INLINE vec rectify(vec y) { return (vec)((ivec)y & ~(y <= 0)); }

/* y where mask > 0, else 0. */
INLINE vec masked(vec y, vec mask) { return (vec)((ivec)y & (mask > 0)); }

struct dense_forward_args {
  int32_t w;        /* f32 [rows, cols] */
  int32_t bias;     /* f32 [rows], or 0 */
  int32_t x;        /* f32 [tiles][cols][T] */
  int32_t y;        /* f32 [tiles][rows][T] */
  int32_t tiles, rows, cols, epilogue;
};

KERNEL(dense_forward) {
  const struct dense_forward_args *a = (const void *)args;
  const float *w = at(memory, a->w), *bias = at_or_null(memory, a->bias), *x = at(memory, a->x);
  float *y = at(memory, a->y);
  for (int r = begin; r < end; r++)
    for (int t = 0; t < a->tiles; t++)
      for (int j = 0; j < T; j += VL) {
        vec sum = splat(bias ? bias[r] : 0);
        for (int c = 0; c < a->cols; c++)
          sum += w[(size_t)r * a->cols + c] * load(x + ((size_t)t * a->cols + c) * T + j);
        store(y + ((size_t)t * a->rows + r) * T + j, a->epilogue ? rectify(sum) : sum);
      }
}

struct dense_input_grad_args {
  int32_t w;    /* f32 [rows, cols] */
  int32_t dy;   /* f32 [tiles][rows][T] */
  int32_t dx;   /* f32 [tiles][cols][T] */
  int32_t mask; /* f32 [tiles][cols][T], or 0 */
  int32_t tiles, rows, cols;
};

KERNEL(dense_input_grad) {
  const struct dense_input_grad_args *a = (const void *)args;
  const float *w = at(memory, a->w), *dy = at(memory, a->dy), *mask = at_or_null(memory, a->mask);
  float *dx = at(memory, a->dx);
  for (int c = begin; c < end; c++)
    for (int t = 0; t < a->tiles; t++)
      for (int j = 0; j < T; j += VL) {
        vec sum = splat(0);
        for (int r = 0; r < a->rows; r++)
          sum += w[(size_t)r * a->cols + c] * load(dy + ((size_t)t * a->rows + r) * T + j);
        size_t place = ((size_t)t * a->cols + c) * T + j;
        store(dx + place, mask ? masked(sum, load(mask + place)) : sum);
      }
}

struct dense_weight_grad_args {
  int32_t dy;     /* f32 [tiles][rows][T] */
  int32_t x_rows; /* f32 [tiles * T][row_stride], row-major */
  int32_t g;      /* f32 [rows, cols] */
  int32_t tiles, rows, cols, row_stride;
};

KERNEL(dense_weight_grad) {
  const struct dense_weight_grad_args *a = (const void *)args;
  const float *dy = at(memory, a->dy), *x = at(memory, a->x_rows);
  float *g = at(memory, a->g);
  for (int r = begin; r < end; r++)
    for (int c = 0; c < a->cols; c += VL) {
      vec sum = splat(0);
      for (int b = 0; b < a->tiles * T; b++)
        sum += dy[((size_t)(b / T) * a->rows + r) * T + b % T] * load(x + (size_t)b * a->row_stride + c);
      float *out = g + (size_t)r * a->cols + c;
      if (c + VL <= a->cols) store(out, sum);
      else
        for (int j = 0; j < a->cols - c; j++) out[j] = sum[j];
    }
}

struct bias_grad_args {
  int32_t dy; /* f32 [tiles][rows][T] */
  int32_t g;  /* f32 [rows] */
  int32_t tiles, rows;
};

KERNEL(bias_grad) {
  const struct bias_grad_args *a = (const void *)args;
  const float *dy = at(memory, a->dy);
  float *g = at(memory, a->g);
  for (int r = begin; r < end; r++) {
    vec sum = splat(0);
    for (int t = 0; t < a->tiles; t++)
      for (int j = 0; j < T; j += VL) sum += load(dy + ((size_t)t * a->rows + r) * T + j);
    float total = 0;
    for (int j = 0; j < VL; j++) total += sum[j];
    g[r] = total;
  }
}
