/* Convolution by the pattern of its weight, its weight gradient at the pattern's places, and the transposed pattern that
 * the input gradient gathers over.
 */
#include "conv.h"

struct conv_sparse_args {
  int32_t entries; /* struct entry [rows][entry_stride], offsets in bytes from x at position (0, 0) */
  int32_t counts;  /* i32 [rows] */
  int32_t entry_stride;
  int32_t bias; /* f32 [rows], or 0 */
  int32_t x, y;
  int32_t tiles, rows, height, width;
  int32_t x_tile, x_row, x_col, y_tile, y_plane, y_row, y_col;
  int32_t accumulate;
};

KERNEL(conv_sparse) {
  const struct conv_sparse_args *a = (const void *)args;
  const int32_t *counts = at(memory, a->counts);
  const float *bias = at_or_null(memory, a->bias);
  const int blocks = blocks_of(a->rows);
  for (int unit = begin; unit < end; unit++) {
    const int first = unit % blocks * UNIT_ROWS, last = first + UNIT_ROWS < a->rows ? first + UNIT_ROWS : a->rows;
    const float *x = (const float *)at(memory, a->x) + (size_t)(unit / blocks) * a->x_tile;
    float *y = (float *)at(memory, a->y) + (size_t)(unit / blocks) * a->y_tile;
    for (int o = first; o < last; o++) {
      const struct entry *row = (const struct entry *)at(memory, a->entries) + (size_t)o * a->entry_stride;
      for (int i = 0; i < a->height; i++)
        for (int j = 0; j < a->width; j++) {
          float *out = y + (size_t)o * a->y_plane + (size_t)i * a->y_row + (size_t)j * a->y_col;
          const char *in = (const char *)(x + (size_t)i * a->x_row + (size_t)j * a->x_col);
          vec sum[TV];
          UNROLL for (int v = 0; v < TV; v++) {
            sum[v] = splat(bias ? bias[o] : 0);
            if (a->accumulate) sum[v] += load(out + v * VL);
          }
          for (int k = 0; k < counts[o]; k++)
            UNROLL for (int v = 0; v < TV; v++)
              sum[v] += splat(row[k].value) * load((const float *)(in + row[k].offset) + v * VL);
          UNROLL for (int v = 0; v < TV; v++) store(out + v * VL, sum[v]);
        }
    }
  }
}

struct conv_sparse_weight_grad_args {
  int32_t entries; /* struct entry [rows][entry_stride] */
  int32_t counts;  /* i32 [rows] */
  int32_t entry_stride, dy, x;
  int32_t g; /* f32 [rows, cols] */
  int32_t tiles, rows, cols, height, width, dy_tile, dy_plane, dy_row, x_tile, x_row, x_col;
  struct kernel_shape kernel;
};

KERNEL(conv_sparse_weight_grad) {
  const struct conv_sparse_weight_grad_args *a = (const void *)args;
  const int32_t *counts = at(memory, a->counts);
  for (int o = begin; o < end; o++) {
    const struct entry *row = (const struct entry *)at(memory, a->entries) + (size_t)o * a->entry_stride;
    for (int k = 0; k < counts[o]; k++) {
      vec sum = splat(0);
      for (int tile = 0; tile < a->tiles; tile++)
        for (int i = 0; i < a->height; i++) {
          const float *dy = (const float *)at(memory, a->dy) + (size_t)tile * a->dy_tile + (size_t)o * a->dy_plane +
                            (size_t)i * a->dy_row;
          const float *x = (const float *)((const char *)at(memory, a->x) + row[k].offset) + (size_t)tile * a->x_tile +
                           (size_t)i * a->x_row;
          for (int j = 0; j < a->width; j++)
            UNROLL for (int v = 0; v < TV; v++) sum += load(dy + j * T + v * VL) * load(x + (size_t)j * a->x_col + v * VL);
        }
      ((float *)at(memory, a->g))[(size_t)o * a->cols + column_of(row[k].offset, a->kernel)] = total(sum);
    }
  }
}

struct transpose_conv_args {
  int32_t entries;   /* struct entry [rows][cols] */
  int32_t counts;    /* i32 [rows] */
  int32_t changed;   /* i32 [rows] */
  int32_t t_entries; /* struct entry [phases * inner][entry_stride] */
  int32_t t_counts;  /* i32 [phases * inner] */
  int32_t source;    /* i32 [phases * inner][entry_stride]: index in entries */
  int32_t rows, cols, inner, phases, entry_stride;
  int32_t tap_table; /* struct mirrored [taps] */
  int32_t row_bytes; /* from one output channel to the next in dy */
  struct kernel_shape kernel;
  int32_t force; /* i32 [1]: non-zero = rebuild */
};

/* First of the row's entries of channel c or a later one. */
static int first_of_channel(const struct entry *row, int count, int c, int plane_bytes) {
  int low = 0;
  while (low < count) {
    const int middle = (low + count) / 2;
    if (row[middle].offset / plane_bytes < c) low = middle + 1;
    else count = middle;
  }
  return low;
}

/* Where a tap's weights go in the transpose. */
struct mirrored {
  int32_t phase, add;
};

KERNEL(transpose_conv) {
  const struct transpose_conv_args *a = (const void *)args;
  const struct entry *entries = at(memory, a->entries);
  const struct mirrored *table = at(memory, a->tap_table);
  const int32_t *counts = at(memory, a->counts), *changed = at(memory, a->changed);
  struct entry *t_entries = at(memory, a->t_entries);
  int32_t *t_counts = at(memory, a->t_counts), *source = at(memory, a->source);
  const int taps = a->kernel.height * a->kernel.width, plane_bytes = a->kernel.plane_size * T * 4;
  int rebuild = *(const int32_t *)at(memory, a->force);
  for (int r = 0; r < a->rows; r++) rebuild |= changed[r];

  if (!rebuild) {
    for (int phase = 0; phase < a->phases; phase++)
      for (int r = phase * a->inner + begin; r < phase * a->inner + end; r++)
        for (size_t k = (size_t)r * a->entry_stride, last = k + t_counts[r]; k < last; k++)
          t_entries[k].value = entries[source[k]].value;
    return;
  }
  for (int phase = 0; phase < a->phases; phase++)
    for (int c = begin; c < end; c++) t_counts[phase * a->inner + c] = 0;
  for (int o = 0; o < a->rows; o++) {
    const struct entry *row = entries + (size_t)o * a->cols;
    for (int k = first_of_channel(row, counts[o], begin, plane_bytes); k < counts[o]; k++) {
      const int column = column_of(row[k].offset, a->kernel), c = column / taps, tap = column % taps;
      if (c >= end) break;
      const int r = table[tap].phase * a->inner + c;
      const size_t place = (size_t)r * a->entry_stride + t_counts[r]++;
      t_entries[place] = (struct entry){o * a->row_bytes + table[tap].add, row[k].value};
      source[place] = o * a->cols + k;
    }
  }
}
