/* Convolution by its dense weight, its weight gradient, and the bias gradient. */
#include "conv.h"

struct conv_dense_args {
  int32_t w; /* weight of (o, c, tap) at w[o * row_stride + c * inner_stride + tap.index] */
  int32_t row_stride, inner_stride;
  int32_t bias; /* f32 [rows], or 0 */
  int32_t x, y;
  int32_t taps; /* struct conv_tap [tap_count] */
  int32_t tap_count, tiles, rows, inner, height, width;
  int32_t x_tile, x_plane, x_row, x_col, y_tile, y_plane, y_row, y_col;
  int32_t accumulate;
};

KERNEL(conv_dense) {
  const struct conv_dense_args *a = (const void *)args;
  const struct conv_tap *taps = at(memory, a->taps);
  const float *bias = at_or_null(memory, a->bias);
  const int blocks = blocks_of(a->rows);
  for (int unit = begin; unit < end; unit++) {
    const int first = unit % blocks * UNIT_ROWS, last = first + UNIT_ROWS < a->rows ? first + UNIT_ROWS : a->rows;
    const float *x = (const float *)at(memory, a->x) + (size_t)(unit / blocks) * a->x_tile;
    float *y = (float *)at(memory, a->y) + (size_t)(unit / blocks) * a->y_tile;
    for (int o = first; o < last; o++)
      for (int i = 0; i < a->height; i++)
        for (int j = 0; j < a->width; j++) {
          float *out = y + (size_t)o * a->y_plane + (size_t)i * a->y_row + (size_t)j * a->y_col;
          vec sum[TV];
          UNROLL for (int v = 0; v < TV; v++) {
            sum[v] = splat(bias ? bias[o] : 0);
            if (a->accumulate) sum[v] += load(out + v * VL);
          }
          for (int c = 0; c < a->inner; c++)
            for (int t = 0; t < a->tap_count; t++) {
              const float *w = (const float *)at(memory, a->w) + (size_t)o * a->row_stride + (size_t)c * a->inner_stride;
              const float *in = x + (size_t)c * a->x_plane + (size_t)i * a->x_row + (size_t)j * a->x_col + taps[t].offset;
              UNROLL for (int v = 0; v < TV; v++) sum[v] += splat(w[taps[t].index]) * load(in + v * VL);
            }
          UNROLL for (int v = 0; v < TV; v++) store(out + v * VL, sum[v]);
        }
  }
}

struct conv_dense_weight_grad_args {
  int32_t dy, x;
  int32_t g;    /* f32 [rows, inner, tap_count] */
  int32_t taps; /* struct conv_tap [tap_count] */
  int32_t tap_count, tiles, rows, inner, height, width;
  int32_t dy_tile, dy_plane, dy_row, x_tile, x_plane, x_row, x_col;
};

KERNEL(conv_dense_weight_grad) {
  const struct conv_dense_weight_grad_args *a = (const void *)args;
  const struct conv_tap *taps = at(memory, a->taps);
  for (int o = begin; o < end; o++)
    for (int c = 0; c < a->inner; c++)
      for (int t = 0; t < a->tap_count; t++) {
        vec sum = splat(0);
        for (int tile = 0; tile < a->tiles; tile++)
          for (int i = 0; i < a->height; i++) {
            const float *dy = (const float *)at(memory, a->dy) + (size_t)tile * a->dy_tile + (size_t)o * a->dy_plane +
                              (size_t)i * a->dy_row;
            const float *x = (const float *)at(memory, a->x) + (size_t)tile * a->x_tile + (size_t)c * a->x_plane +
                             (size_t)i * a->x_row + taps[t].offset;
            for (int j = 0; j < a->width; j++)
              UNROLL for (int v = 0; v < TV; v++) sum += load(dy + j * T + v * VL) * load(x + (size_t)j * a->x_col + v * VL);
          }
        ((float *)at(memory, a->g))[((size_t)o * a->inner + c) * a->tap_count + taps[t].index] = total(sum);
      }
}

struct conv_bias_grad_args {
  int32_t dy; /* lanes of absent samples hold 0 */
  int32_t g;  /* f32 [rows] */
  int32_t tiles, rows, height, width, dy_tile, dy_plane, dy_row;
};

KERNEL(conv_bias_grad) {
  const struct conv_bias_grad_args *a = (const void *)args;
  float *g = at(memory, a->g);
  for (int o = begin; o < end; o++) {
    vec sum[4];
    UNROLL for (int v = 0; v < 4; v++) sum[v] = splat(0);
    for (int tile = 0; tile < a->tiles; tile++)
      for (int i = 0; i < a->height; i++) {
        const float *dy = (const float *)at(memory, a->dy) + (size_t)tile * a->dy_tile + (size_t)o * a->dy_plane +
                          (size_t)i * a->dy_row;
        const int vecs = a->width * TV;
        int v = 0;
        for (; v + 4 <= vecs; v += 4) UNROLL for (int q = 0; q < 4; q++) sum[q] += load(dy + (v + q) * VL);
        for (; v < vecs; v++) sum[0] += load(dy + v * VL);
      }
    g[o] = total((sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
}
