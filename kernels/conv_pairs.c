/* Convolution by kernel groups: a weight is a list of pairs of channels (output, inner) that have a kernel of dense taps;
 * all other pairs are zero and cost nothing. Forward, input gradient (the same sum over the transposed pairs, the taps
 * mirrored), the gradient of the taps, and the lists. Layouts: src/runtime/image-kernels.ts.
 */
#include "kernels.h"

/* Output channels in a unit of work. */
#define PAIR_ROWS 8

/* One pair: where the inner channel's plane lies, in bytes from x, and where the pair's weights lie in memory. */
struct pair {
  int32_t plane;
  int32_t weights;
};

/* One tap: its index within a kernel, and its shift in x in floats. */
struct tap {
  int32_t index;
  int32_t offset;
};

struct conv_pairs_args {
  int32_t entries; /* struct pair [rows][entry_stride] */
  int32_t counts;  /* i32 [rows] */
  int32_t entry_stride;
  int32_t bias; /* f32 [rows], or 0 */
  int32_t x, y;
  int32_t taps; /* struct tap [tap_count] */
  int32_t tap_count, tiles, rows, height, width;
  int32_t x_tile, x_row, x_col, y_tile, y_plane, y_row, y_col, accumulate;
};

/* One output channel in one tile. */
INLINE void pairs_plane(char *memory, const struct conv_pairs_args *a, const struct pair *pairs, int count, float bias,
                        const char *x, float *y) {
  const struct tap *taps = at(memory, a->taps);
  for (int i = 0; i < a->height; i++)
    for (int j = 0; j < a->width; j++) {
      const size_t start = (size_t)i * a->x_row + (size_t)j * a->x_col;
      vec sum[TV];
      UNROLL for (int v = 0; v < TV; v++) sum[v] = splat(bias);
      for (int k = 0; k < count; k++) {
        const float *w = at(memory, pairs[k].weights), *plane = (const float *)(x + (uint32_t)pairs[k].plane) + start;
        for (int t = 0; t < a->tap_count; t++)
          UNROLL for (int v = 0; v < TV; v++) sum[v] += w[taps[t].index] * load(plane + taps[t].offset + v * VL);
      }
      float *out = y + (size_t)i * a->y_row + (size_t)j * a->y_col;
      UNROLL for (int v = 0; v < TV; v++) {
        if (a->accumulate) sum[v] += load(out + v * VL);
        store(out + v * VL, sum[v]);
      }
    }
}

KERNEL(conv_pairs) {
  const struct conv_pairs_args *a = (const void *)args;
  const struct pair *entries = at(memory, a->entries);
  const int32_t *counts = at(memory, a->counts);
  const float *bias = at_or_null(memory, a->bias);
  const int blocks = (a->rows + PAIR_ROWS - 1) / PAIR_ROWS;
  for (int unit = begin; unit < end; unit++) {
    const int tile = unit / blocks, first = unit % blocks * PAIR_ROWS;
    const char *x = (const char *)((const float *)at(memory, a->x) + (size_t)tile * a->x_tile);
    float *y = (float *)at(memory, a->y) + (size_t)tile * a->y_tile;
    for (int o = first; o < first + PAIR_ROWS && o < a->rows; o++)
      pairs_plane(memory, a, entries + (size_t)o * a->entry_stride, counts[o], bias ? bias[o] : 0, x,
                  y + (size_t)o * a->y_plane);
  }
}

struct conv_pairs_weight_grad_args {
  int32_t entries; /* struct pair [rows][entry_stride] */
  int32_t counts;  /* i32 [rows] */
  int32_t entry_stride;
  int32_t dy, x;
  int32_t g;    /* f32 [rows, inner, tap_count] */
  int32_t taps; /* struct tap [tap_count] */
  int32_t tap_count, tiles, rows, inner, height, width;
  int32_t dy_tile, dy_plane, dy_row, x_tile, x_plane, x_row, x_col;
};

/* The gradient of one weight: the sum of dy x over tiles, positions and lanes. */
INLINE float tap_grad(const struct conv_pairs_weight_grad_args *a, const float *dy, const float *x) {
  vec sum = splat(0);
  for (int tile = 0; tile < a->tiles; tile++)
    for (int i = 0; i < a->height; i++) {
      const float *d = dy + (size_t)tile * a->dy_tile + (size_t)i * a->dy_row;
      const float *u = x + (size_t)tile * a->x_tile + (size_t)i * a->x_row;
      for (int j = 0; j < a->width; j++, d += T, u += a->x_col)
        UNROLL for (int v = 0; v < TV; v++) sum += load(d + v * VL) * load(u + v * VL);
    }
  return total(sum);
}

KERNEL(conv_pairs_weight_grad) {
  const struct conv_pairs_weight_grad_args *a = (const void *)args;
  const int32_t *counts = at(memory, a->counts);
  const struct tap *taps = at(memory, a->taps);
  for (int o = begin; o < end; o++) {
    const struct pair *pairs = (const struct pair *)at(memory, a->entries) + (size_t)o * a->entry_stride;
    const float *dy = (const float *)at(memory, a->dy) + (size_t)o * a->dy_plane;
    for (int k = 0; k < counts[o]; k++) {
      const uint32_t c = (uint32_t)pairs[k].plane / ((uint32_t)a->x_plane * 4);
      float *g = (float *)at(memory, a->g) + ((size_t)o * a->inner + c) * a->tap_count;
      const float *x = (const float *)at(memory, a->x) + (size_t)c * a->x_plane;
      for (int t = 0; t < a->tap_count; t++) g[taps[t].index] = tap_grad(a, dy, x + taps[t].offset);
    }
  }
}

struct compress_pairs_args {
  int32_t theta;       /* f32 [rows, inner, taps] */
  int32_t entries;     /* struct pair [rows][inner] */
  int32_t pair_counts; /* i32 [rows], before: of the old pairs */
  int32_t counts;      /* i32 [rows] */
  int32_t changed;     /* i32 [rows] */
  int32_t rows, inner, taps, plane_bytes;
};

KERNEL(compress_pairs) {
  const struct compress_pairs_args *a = (const void *)args;
  int32_t *pair_counts = at(memory, a->pair_counts), *counts = at(memory, a->counts);
  int32_t *changed = at(memory, a->changed);
  const size_t kernel = (size_t)a->taps * 4;
  for (int o = begin; o < end; o++) {
    struct pair *out = (struct pair *)at(memory, a->entries) + (size_t)o * a->inner;
    size_t weights = (uint32_t)a->theta + (size_t)o * a->inner * kernel;
    int pairs = 0, count = 0, moved = 0;
    for (int c = 0; c < a->inner; c++, weights += kernel) {
      const float *w = (const float *)(memory + weights);
      int alive = 0;
      for (int t = 0; t < a->taps; t++) alive += w[t] != 0; /* a NaN is not 0 */
      count += alive;
      if (!alive) continue;
      /* Channels ascend, so pair k overwrites the old pair k after it has been compared. */
      const struct pair p = {c * a->plane_bytes, (int32_t)weights};
      moved |= out[pairs].plane ^ p.plane;
      out[pairs++] = p;
    }
    changed[o] = moved || pairs != pair_counts[o];
    pair_counts[o] = pairs;
    counts[o] = count;
  }
}

struct transpose_pairs_args {
  int32_t entries;     /* struct pair [rows][inner] */
  int32_t pair_counts; /* i32 [rows] */
  int32_t changed;     /* i32 [rows] */
  int32_t t_entries;   /* struct pair [inner][rows] */
  int32_t t_counts;    /* i32 [inner] */
  int32_t rows, inner, plane_bytes, row_bytes;
  int32_t force; /* i32 [1]: non-zero = rebuild */
};

/* First of the row's pairs whose plane is at least `plane`. */
static int first_pair(const struct pair *row, int count, uint32_t plane) {
  int low = 0;
  while (low < count) {
    const int middle = (low + count) / 2;
    if ((uint32_t)row[middle].plane < plane) low = middle + 1;
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
      const int c = (uint32_t)row[k].plane / plane;
      if (c >= end) break;
      struct pair *out = (struct pair *)at(memory, a->t_entries) + (size_t)c * a->rows;
      out[t_counts[c]++] = (struct pair){o * a->row_bytes, row[k].weights};
    }
  }
}
